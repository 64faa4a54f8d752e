import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { loadKubeConfigContext } from '../../../src/adapters/kubernetes/load-kube-config-context.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const content = {
  clusters: [
    { name: 'a', cluster: { server: 'https://a.test' } },
    { name: 'b', cluster: { server: 'https://b.test' } },
  ],
  users: [{ name: 'me', user: {} }],
  contexts: [
    { name: 'one', context: { cluster: 'a', user: 'me' } },
    { name: 'two', context: { cluster: 'b', user: 'me' } },
    { name: 'broken', context: { cluster: 'c', user: 'me' } },
  ],
};

let path: string;

beforeEach(async () => {
  path = join(await temporaryFolder(), 'kubeconfig');
  await writeFile(path, JSON.stringify({ ...content, 'current-context': 'one' }));
});

const serverOf = (context?: string): string | undefined =>
  loadKubeConfigContext(path, context).getCurrentCluster()?.server;

describe('a context of a kubeconfig', () => {
  test('is the current one, or the one that is named', () => {
    expect(serverOf()).toBe('https://a.test');
    expect(serverOf('two')).toBe('https://b.test');
  });

  test('can be named where none is current', async () => {
    await writeFile(path, JSON.stringify(content));
    expect(serverOf('two')).toBe('https://b.test');
  });

  test('is found in KUBECONFIG as well', () => {
    const before = process.env['KUBECONFIG'];
    onTestFinished(() => {
      if (before === undefined) delete process.env['KUBECONFIG'];
      else process.env['KUBECONFIG'] = before;
    });
    process.env['KUBECONFIG'] = path;
    expect(loadKubeConfigContext(undefined, 'two').getCurrentCluster()?.server).toBe(
      'https://b.test',
    );
  });

  test('has to be there, with its cluster', () => {
    expect(() => serverOf('three')).toThrow(
      'The kubeconfig has no context "three", but one, two, broken.',
    );
    expect(() => serverOf('broken')).toThrow('no cluster for its context "broken"');
  });
});
