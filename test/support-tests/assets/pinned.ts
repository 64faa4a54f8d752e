import { readPinnedVersions } from '../../cluster/assets/pinned-versions.ts';

/** Read once, so that a test does not change when a version does. */
export const pinned = await readPinnedVersions();

/** What a program says of itself that is so many minors away from the pinned Kubernetes. */
export function kubernetesVersionText(minorsAway: number): string {
  const [major, minor] = pinned.kubernetes.split('.');
  return `Kubernetes ${major}.${Number(minor) + minorsAway}.1`;
}
