import { expect, it } from 'vitest';
import { at, type JsonObject, objectsOf } from '../../../../src/api/json.ts';
import type { FunctionVersion } from '../../../../src/api/keys.ts';
import type { Cluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/eventually.ts';
import { modeAnnotations, podOf } from '../../harness/fixtures.ts';
import { grantRights } from '../../harness/service-accounts.ts';
import { ControllerTools } from './tools.ts';

const tokenAnnotation = 'baas.openfunction.io/api-token';
const secretName = 'orders-dapr-proxy';
const tokensRole = 'openfunction-dapr-webhook-tokens';

/** The tokens of Dapr's API, which nobody may lose and nobody may see. */
export function tokensSuite(cluster: () => Cluster, version: FunctionVersion): void {
  const tools = new ControllerTools(cluster, version);
  const fn = (annotations: Record<string, string>): JsonObject =>
    tools.functionOf({
      name: 'orders',
      annotations: { ...modeAnnotations('standalone'), ...annotations },
      isAsync: true,
    });

  async function namespaceWithToken(): Promise<string> {
    const namespace = await cluster().namespace();
    await tools.apply(namespace, fn({ [tokenAnnotation]: 'true' }));
    await tools.expectKept(namespace, [fn({ [tokenAnnotation]: 'true' })]);
    return namespace;
  }

  async function token(namespace: string): Promise<string> {
    const secret = await tools.get(namespace, 'secrets', secretName);
    return Buffer.from(String(at(secret, 'data', 'token')), 'base64').toString();
  }

  it('one is made, named by the proxy and by the Function’s Pods, and nowhere spelled out', async () => {
    const namespace = await namespaceWithToken();
    const value = await token(namespace);
    expect(value.length).toBeGreaterThanOrEqual(32);
    const proxy = await tools.get(namespace, 'deployments', 'orders-dapr-proxy');
    expect(at(proxy, 'spec', 'template', 'metadata', 'annotations')).toMatchObject({
      'dapr.io/api-token-secret': secretName,
      'dapr.io/app-token-secret': secretName,
    });
    const reference = { valueFrom: { secretKeyRef: { name: secretName, key: 'token' } } };
    const template = at(proxy, 'spec', 'template', 'spec');
    expect(envOf(template)).toContainEqual({ name: 'APP_API_TOKEN', ...reference });
    await tools.apply(namespace, podOf('orders', { name: 'pod' }));
    const pod = await tools.get(namespace, 'pods', 'pod');
    expect(envOf(pod['spec'])).toContainEqual({ name: 'DAPR_API_TOKEN', ...reference });
    expect(JSON.stringify([proxy, pod, cluster().product.log])).not.toContain(value);
  });

  it('it outlives edits of the Function and a restart of the controller', async () => {
    const namespace = await namespaceWithToken();
    const before = await tools.get(namespace, 'secrets', secretName);
    const edited = fn({ [tokenAnnotation]: 'true', 'dapr.io/log-level': 'debug' });
    await tools.apply(namespace, edited);
    await tools.expectKept(namespace, [edited]);
    await cluster().product.restart();
    await cluster().product.untilLeading();
    await tools.apply(namespace, fn({ [tokenAnnotation]: 'true' }));
    await tools.expectKept(namespace, [fn({ [tokenAnnotation]: 'true' })]);
    expect(await tools.get(namespace, 'secrets', secretName)).toEqual(before);
  });

  it('what an admin put into it stays, and a deleted one is made anew', async () => {
    const namespace = await namespaceWithToken();
    await tools.patch(namespace, 'secrets', secretName, { stringData: { token: 'chosen' } });
    const edited = fn({ [tokenAnnotation]: 'true', 'dapr.io/log-level': 'debug' });
    await tools.apply(namespace, edited);
    await tools.expectKept(namespace, [edited]);
    expect(await token(namespace)).toBe('chosen');
    await tools.kubectl(namespace, 'delete', 'secrets', secretName);
    const made = await eventually(() => token(namespace));
    expect(made).not.toBe('chosen');
  });

  it('one whose label somebody took away is used as it is, and nobody calls its name taken', async () => {
    const namespace = await namespaceWithToken();
    await tools.kubectl(namespace, 'label', 'secrets', secretName, 'baas.openfunction.io/proxy-');
    const before = await tools.get(namespace, 'secrets', secretName);
    // The Function's next reconcile is over when this is there.
    await tools.apply(namespace, fn({ [tokenAnnotation]: 'true', 'dapr.io/log-level': 'debug' }));
    await eventually(async () => {
      const proxy = await tools.get(namespace, 'deployments', 'orders-dapr-proxy');
      expect(JSON.stringify(proxy)).toContain('dapr.io/log-level');
    });
    expect(await tools.get(namespace, 'secrets', secretName)).toEqual(before);
    const reasons = (await tools.events(namespace, 'orders')).map(({ reason }) => reason);
    expect(reasons).not.toContain('NameTaken');
    await tools.kubectl(namespace, 'delete', 'functions', 'orders');
    await eventually(async () => {
      expect(await cluster().kubectl.list('secrets', namespace)).toEqual([]);
    });
  });

  it('it goes when the Function wants none any more and no Pod uses it', async () => {
    const namespace = await namespaceWithToken();
    await tools.apply(namespace, podOf('orders', { name: 'pod' }));
    await tools.apply(namespace, fn({}));
    await eventually(async () => {
      const proxy = await tools.get(namespace, 'deployments', 'orders-dapr-proxy');
      expect(JSON.stringify(proxy)).not.toContain('dapr.io/api-token-secret');
    });
    // A container of it that restarts reads the token again.
    await tools.get(namespace, 'secrets', secretName);
    await tools.kubectl(namespace, 'delete', 'pods', 'pod');
    await tools.expectKept(namespace, [fn({})]);
  });

  it('it is made for every Function where the cluster says so, but for those that say no', async () => {
    const namespace = await cluster().namespace();
    const flags = ['--api-tokens'];
    try {
      await cluster().product.restart({ flags });
      const functions = [
        fn({}),
        tools.functionOf({
          name: 'open',
          annotations: { ...modeAnnotations('standalone'), [tokenAnnotation]: 'false' },
        }),
      ];
      await tools.apply(namespace, ...functions);
      await tools.expectKept(namespace, functions, { flags });
      const secrets = await cluster().kubectl.list('secrets', namespace);
      expect(secrets.map((secret) => at(secret, 'metadata', 'name'))).toEqual([secretName]);
    } finally {
      await cluster().product.restart({ flags: [] });
    }
  });

  it('nothing else needs the right to see Secrets', async () => {
    const namespace = await cluster().namespace();
    const { kubectl, product } = cluster();
    await cluster().deleteFunctions();
    try {
      await product.stop();
      await kubectl.run(['delete', 'clusterrolebinding', tokensRole]);
      await product.restart();
      await product.untilLeading();
      await tools.apply(namespace, fn({}));
      await tools.expectKept(namespace, [fn({})]);
      await eventually(async () => expect(await product.isReady()).toBe(true));
      // The settings name the folder of the account, which is called after secrets as well.
      const lines = product.log.filter(({ msg }) => msg !== 'starting');
      const told = lines.map((line) => JSON.stringify(line));
      expect(told.filter((line) => line.includes('secrets'))).toEqual([]);
    } finally {
      await grantRights(kubectl);
      await product.restart();
    }
  });
}

/** Variables of the first container. */
function envOf(podSpec: unknown): JsonObject[] {
  const [container] = objectsOf(at(podSpec, 'containers'));
  return objectsOf(container?.item['env']).map(({ item }) => item);
}
