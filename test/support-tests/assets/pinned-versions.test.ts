import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { programsFolder, readPinnedVersions } from '../../cluster/assets/pinned-versions.ts';

describe('the pinned versions', () => {
  it('are releases', async () => {
    expect(await readPinnedVersions()).toEqual({
      kubernetes: expect.stringMatching(/^v1\.\d+\.\d+$/),
      etcd: expect.stringMatching(/^v3\.\d+\.\d+$/),
      go: expect.stringMatching(/^1\.\d+\.\d+$/),
    });
  });

  it('have every library of Kubernetes in the release of Kubernetes itself', async () => {
    const { kubernetes } = await readPinnedVersions();
    const text = await readFile(join(programsFolder, 'go.mod'), 'utf8');
    const replaced = [...text.matchAll(/^\s*(k8s\.io\/\S+) => (\S+) (\S+)$/gm)];
    expect(replaced.length).toBeGreaterThan(20);
    for (const [, name, target, version] of replaced) {
      expect(`${target} ${version}`).toBe(`${name} ${kubernetes.replace('v1.', 'v0.')}`);
    }
  });
});
