import { mkdir, rm, writeFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openApiAccess } from '../../../src/adapters/kubernetes/open-api-access.ts';
import { ServiceAccount } from '../../../src/adapters/kubernetes/service-account.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const variables = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };

async function accountFolder(): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'token'), 'first\n');
  await writeFile(join(folder, 'ca.crt'), 'the authority');
  await writeFile(join(folder, 'namespace'), 'openfunction\n');
  return folder;
}

async function appliedTo(account: ServiceAccount): Promise<RequestOptions> {
  const options: RequestOptions = { headers: { accept: 'x' } };
  await account.applyToHTTPSOptions(options);
  return options;
}

describe('the account of a pod', () => {
  it('has the address, the authority and the token that Kubernetes gives', async () => {
    const account = new ServiceAccount(await accountFolder(), variables);
    expect(account.getCurrentCluster()).toEqual({ server: 'https://10.0.0.1:443' });
    expect(await appliedTo(account)).toEqual({
      ca: 'the authority',
      headers: { accept: 'x', authorization: 'Bearer first' },
    });
  });

  it('writes an IPv6 address as a URL has it', async () => {
    const environment = { ...variables, KUBERNETES_SERVICE_HOST: 'fd00::1' };
    const account = new ServiceAccount(await accountFolder(), environment);
    expect(account.getCurrentCluster().server).toBe('https://[fd00::1]:443');
  });

  it('takes the token that the kubelet has written meanwhile, a minute later at most', async () => {
    const folder = await accountFolder();
    let nowMs = 0;
    const account = new ServiceAccount(folder, variables, () => nowMs);
    await writeFile(join(folder, 'token'), 'second');
    nowMs = 59_000;
    expect((await appliedTo(account)).headers).toMatchObject({ authorization: 'Bearer first' });
    nowMs = 61_000;
    expect((await appliedTo(account)).headers).toMatchObject({ authorization: 'Bearer second' });
  });

  it('keeps the token that it has while the file cannot be read', async () => {
    const folder = await accountFolder();
    let nowMs = 0;
    const account = new ServiceAccount(folder, variables, () => nowMs);
    await rm(join(folder, 'token'));
    nowMs = 61_000;
    expect((await appliedTo(account)).headers).toMatchObject({ authorization: 'Bearer first' });
  });

  it('says what is missing', async () => {
    const folder = await accountFolder();
    expect(() => new ServiceAccount(folder, {})).toThrow('KUBERNETES_SERVICE_HOST');
    expect(() => new ServiceAccount(join(folder, 'none'), variables)).toThrow('ca.crt');
  });
});

describe('the way to the cluster', () => {
  afterEach(() => vi.unstubAllEnvs());

  it("is the pod's account where there is no kubeconfig", async () => {
    const folder = await accountFolder();
    const home = await temporaryFolder();
    vi.stubEnv('HOME', home);
    vi.stubEnv('KUBECONFIG', undefined);
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    const { load, namespace } = await openApiAccess(undefined, folder);
    expect(load()).toBeInstanceOf(ServiceAccount);
    expect(namespace).toBe('openfunction');

    await mkdir(join(home, '.kube'));
    await writeFile(join(home, '.kube', 'config'), kubeconfig('https://mine.example'));
    const own = await openApiAccess(undefined, folder);
    expect(own.load().getCurrentCluster()?.server).toBe('https://mine.example');
  });

  it('is the kubeconfig that is named, whatever else there is', async () => {
    const folder = await accountFolder();
    const path = join(folder, 'kubeconfig');
    await writeFile(path, kubeconfig('https://named.example'));
    const { load, namespace } = await openApiAccess(path, folder);
    expect(load().getCurrentCluster()?.server).toBe('https://named.example');
    expect(namespace).toBe('shop');
  });
});

function kubeconfig(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace: 'shop' } }],
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: { token: 't' } }],
  });
}
