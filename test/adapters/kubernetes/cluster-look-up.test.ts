import { describe, expect, test } from 'vitest';
import { ApiError } from '../../../src/adapters/kubernetes/api-error.ts';
import type { ApiResource } from '../../../src/adapters/kubernetes/api-resource.ts';
import { ClusterLookUp } from '../../../src/adapters/kubernetes/cluster-look-up.ts';
import { startFakeCluster } from './fake-cluster.ts';
import { status } from './mishap.ts';

const pods: ApiResource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod' };
const deployments: ApiResource = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
};

async function lookUpFake() {
  const { server, connection } = await startFakeCluster();
  return { server, lookUp: new ClusterLookUp(connection) };
}

describe('looking at a cluster', () => {
  test('finds one object, or that it is not there', async () => {
    const { server, lookUp } = await lookUpFake();
    server.put('deployments', 'shop', 'orders', { spec: { replicas: 2 } });
    expect(await lookUp.get(deployments, 'shop', 'orders')).toMatchObject({
      kind: 'found',
      value: { spec: { replicas: 2 } },
    });
    expect(await lookUp.get(deployments, 'shop', 'other')).toEqual({
      kind: 'found',
      value: undefined,
    });
  });

  test('finds every object of several pages, each saying what it is', async () => {
    const { server, lookUp } = await lookUpFake();
    for (let index = 0; index < 501; index += 1) server.put('pods', 'shop', `pod-${index}`);
    server.put('pods', 'shop', 'labelled', { metadata: { labels: { app: 'x' } } });
    const all = await lookUp.list(pods);
    expect(all).toMatchObject({ kind: 'found' });
    const value = all.kind === 'found' ? all.value : [];
    expect(value).toHaveLength(502);
    expect(value[0]).toMatchObject({ apiVersion: 'v1', kind: 'Pod' });
    const some = await lookUp.list(pods, { labels: 'app=x', isMetadataOnly: true });
    expect(some).toMatchObject({ value: [{ kind: 'Pod', metadata: { name: 'labelled' } }] });
    expect(server.seen('list', 'pods').at(-1)?.accept).toContain('PartialObjectMetadataList');
  });

  test('finds nothing of a resource that is not served', async () => {
    const { lookUp } = await lookUpFake();
    const unknown = { ...pods, group: 'x.test', plural: 'things' };
    expect(await lookUp.list(unknown)).toEqual({ kind: 'found', value: [] });
  });

  test('finds the versions in which a resource is served, in the order asked for', async () => {
    const { server, lookUp } = await lookUpFake();
    const versions = () =>
      lookUp.servedVersions('core.openfunction.io', ['v1beta2', 'v1beta1'], 'functions');
    expect(await versions()).toEqual({ kind: 'found', value: ['v1beta2'] });
    server.install('core.openfunction.io/v1beta1', 'functions', 'Function');
    expect(await versions()).toEqual({ kind: 'found', value: ['v1beta2', 'v1beta1'] });
    server.uninstall('core.openfunction.io/v1beta1', 'functions');
    server.uninstall('core.openfunction.io/v1beta2', 'functions');
    expect(await versions()).toEqual({ kind: 'found', value: [] });
  });

  test('names the right that is lacking', async () => {
    const { server, lookUp } = await lookUpFake();
    server.intercept = () => status(403, 'Forbidden', 'User "x" cannot do that');
    const right = { group: 'apps', resource: 'deployments' };
    expect(await lookUp.get(deployments, 'shop', 'orders')).toMatchObject({
      kind: 'forbidden',
      right: { ...right, verb: 'get', namespace: 'shop', name: 'orders' },
    });
    expect(await lookUp.list(deployments)).toMatchObject({
      kind: 'forbidden',
      right: { ...right, verb: 'list', namespace: undefined },
    });
  });

  test('tells trouble as the API server does', async () => {
    const { server, lookUp } = await lookUpFake();
    server.intercept = () => status(500, 'InternalError', 'etcd is away');
    const failed = { kind: 'failed', problem: '500 etcd is away' };
    expect(await lookUp.get(deployments, 'shop', 'orders')).toEqual(failed);
    expect(await lookUp.list(deployments)).toEqual(failed);
    expect(await lookUp.servedVersions('apps', ['v1'], 'deployments')).toEqual(failed);
    server.intercept = () => 'reset';
    expect(await lookUp.get(deployments, 'shop', 'orders')).toMatchObject({ kind: 'failed' });
  });

  test('does not wait for an answer for ever', async () => {
    const { server, connection } = await startFakeCluster();
    server.intercept = () => 'hang';
    const lookUp = new ClusterLookUp(connection, { answerMs: 10, listMs: 10, trialMs: 10 });
    const failed = { kind: 'failed', problem: 'no answer in time' };
    expect(await lookUp.get(pods, 'shop', 'x')).toEqual(failed);
    expect(await lookUp.list(pods)).toEqual(failed);
    expect(await lookUp.tryToCreate(pods, 'shop', {})).toEqual(failed);
    await expect(lookUp.version()).rejects.toThrow('no answer in time');
  });

  test('does not go on without an API server, but without its version', async () => {
    const { server, lookUp } = await lookUpFake();
    server.intercept = () => ({ status: 200, body: { gitVersion: 'v1.34.1' } });
    expect(await lookUp.version()).toEqual({ kind: 'found', value: 'v1.34.1' });
    server.intercept = () => status(403, 'Forbidden', 'no');
    expect(await lookUp.version()).toMatchObject({ kind: 'failed' });
    server.intercept = () => status(401, 'Unauthorized', 'who?');
    await expect(lookUp.version()).rejects.toThrow(ApiError);
    await server.stop();
    await expect(lookUp.version()).rejects.toThrow('ECONNREFUSED');
  });
});

describe('a dry run', () => {
  const pod = { metadata: { name: 'x' } };

  test('tells what would have been stored, and stores nothing', async () => {
    const { server, lookUp } = await lookUpFake();
    server.intercept = ({ body }) => ({ status: 201, body: { ...(body as object), made: 'up' } });
    expect(await lookUp.tryToCreate(pods, 'shop', pod)).toEqual({
      kind: 'found',
      value: { kind: 'accepted', object: { ...pod, made: 'up' } },
    });
    expect(server.requests.at(-1)?.query.get('dryRun')).toBe('All');
  });

  test('tells a lack of rights from everything else that refuses it', async () => {
    const { server, lookUp } = await lookUpFake();
    server.intercept = () =>
      status(403, 'Forbidden', 'pods is forbidden: User "x" cannot create resource "pods" in API');
    expect(await lookUp.tryToCreate(pods, 'shop', pod)).toMatchObject({
      kind: 'forbidden',
      right: { verb: 'create', resource: 'pods', namespace: 'shop' },
    });
    for (const [code, message] of [
      [403, 'pods "x" is forbidden: exceeded quota'],
      [422, 'Pod "x" is invalid'],
      [500, 'failed calling webhook "x"'],
      [404, 'namespaces "shop" not found'],
    ] as const) {
      server.intercept = () => status(code, 'Reason', message);
      expect(await lookUp.tryToCreate(pods, 'shop', pod)).toEqual({
        kind: 'found',
        value: { kind: 'refused', message: `${code} ${message}` },
      });
    }
    server.intercept = () => 'reset';
    expect(await lookUp.tryToCreate(pods, 'shop', pod)).toMatchObject({ kind: 'failed' });
  });
});

describe('asking an API server', () => {
  const reviews: ApiResource = {
    group: 'authorization.k8s.io',
    version: 'v1',
    plural: 'subjectaccessreviews',
    kind: 'SubjectAccessReview',
  };

  test('brings its answer, or why there is none', async () => {
    const { server, lookUp } = await lookUpFake();
    expect(await lookUp.ask(reviews, {})).toEqual({
      kind: 'failed',
      problem: 'subjectaccessreviews are not served',
    });
    server.intercept = () => ({ status: 201, body: { status: { allowed: true } } });
    expect(await lookUp.ask(reviews, {})).toMatchObject({
      kind: 'found',
      value: { status: { allowed: true } },
    });
    server.intercept = () => status(403, 'Forbidden', 'User "x" cannot create resource');
    expect(await lookUp.ask(reviews, {})).toMatchObject({
      kind: 'forbidden',
      right: { verb: 'create', isClusterWide: true },
    });
  });
});
