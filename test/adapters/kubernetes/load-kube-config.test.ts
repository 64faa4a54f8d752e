import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import {
  contextNamespace,
  loadKubeConfig,
} from '../../../src/adapters/kubernetes/load-kube-config.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function kubeconfig(host: string): string {
  return `
apiVersion: v1
kind: Config
current-context: demo
clusters:
  - name: demo
    cluster: { server: "https://${host}:6443" }
contexts:
  - name: demo
    context: { cluster: demo, user: demo }
users:
  - name: demo
    user: { token: secret }
`;
}

async function fileWith(content: string): Promise<string> {
  const path = join(await temporaryFolder(), 'config');
  await writeFile(path, content);
  return path;
}

afterEach(() => {
  vi.unstubAllEnvs();
});

test('the named file comes before KUBECONFIG', async () => {
  vi.stubEnv('KUBECONFIG', await fileWith(kubeconfig('other.example')));
  const config = loadKubeConfig(await fileWith(kubeconfig('named.example')));
  expect(config.getCurrentCluster()?.server).toBe('https://named.example:6443');
});

test('KUBECONFIG comes next', async () => {
  vi.stubEnv('KUBECONFIG', await fileWith(kubeconfig('other.example')));
  expect(loadKubeConfig().getCurrentCluster()?.server).toBe('https://other.example:6443');
});

test('where there is none, that is what it says', async () => {
  vi.stubEnv('KUBECONFIG', '');
  vi.stubEnv('HOME', await temporaryFolder());
  expect(() => loadKubeConfig()).toThrow('No kubeconfig was found');
});

test('a file that is missing, or names no cluster, is refused', async () => {
  const folder = await temporaryFolder();
  expect(() => loadKubeConfig(join(folder, 'missing'))).toThrow('ENOENT');
  const empty = await fileWith(kubeconfig('x').replace('current-context: demo', 'kind: Config'));
  expect(() => loadKubeConfig(empty)).toThrow();
  const unknown = await fileWith(kubeconfig('x').replace('context: demo', 'context: other'));
  expect(() => loadKubeConfig(unknown)).toThrow('no cluster for its context "other"');
});

test('the namespace of the context is told, and an empty one is none', async () => {
  const namespaceOf = async (namespace: string): Promise<string | undefined> => {
    const content = kubeconfig('x').replace('user: demo }', `user: demo, ${namespace} }`);
    return contextNamespace(loadKubeConfig(await fileWith(content)));
  };
  expect(await namespaceOf('namespace: home')).toBe('home');
  expect(await namespaceOf('namespace: "home\\n"')).toBe('home');
  expect(await namespaceOf('namespace: ""')).toBeUndefined();
  expect(contextNamespace(loadKubeConfig(await fileWith(kubeconfig('x'))))).toBeUndefined();
});
