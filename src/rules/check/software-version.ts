import { asText } from '../../api/json.ts';
import { CommonLabel } from '../../api/keys.ts';
import type { DeploymentState } from './deployment-state.ts';

/** A version as far as it decides something. */
export interface SoftwareVersion {
  readonly major: number;
  readonly minor: number;
  /** As it is written, without a `v`. */
  readonly text: string;
}

/**
 * Which version of its software a Deployment runs: by the tag of its image, else
 * by its label. Undefined where neither is a version (`latest`, a digest).
 */
export function versionOf(
  deployment: DeploymentState,
  container: string,
): SoftwareVersion | undefined {
  const image = deployment.images.get(container) ?? [...deployment.images.values()][0];
  return (
    readVersion(tagOf(image ?? '')) ?? readVersion(asText(deployment.labels[CommonLabel.version]))
  );
}

/** Whether a version comes before another one. */
export function isBefore(version: SoftwareVersion, major: number, minor: number): boolean {
  return version.major < major || (version.major === major && version.minor < minor);
}

/** A colon before the last slash belongs to the port of a registry. */
function tagOf(image: string): string | undefined {
  const [named = ''] = image.split('@', 1);
  const name = named.slice(named.lastIndexOf('/') + 1);
  const colon = name.indexOf(':');
  return colon === -1 ? undefined : name.slice(colon + 1);
}

function readVersion(text: string | undefined): SoftwareVersion | undefined {
  const [, major, minor] = /^v?(\d{1,4})\.(\d{1,4})(?:[.+-]|$)/.exec(text ?? '') ?? [];
  if (text === undefined || major === undefined) return undefined;
  return { major: Number(major), minor: Number(minor), text: text.replace(/^v/, '') };
}
