import { afterAll, beforeAll, describe } from 'vitest';
import { functionVersions } from '../../src/api/keys.ts';
import { Cluster } from './harness/cluster.ts';
import { daprInjectorSuite } from './suites/dapr-injector.ts';
import { functionDefaultsSuite } from './suites/function-defaults.ts';
import { functionStoreSuite } from './suites/function-store.ts';
import { functionValidationSuite } from './suites/function-validation.ts';
import { manyObjectsSuite } from './suites/many-objects.ts';
import { podKindsSuite } from './suites/pod-kinds.ts';
import { webhookOutageSuite } from './suites/webhook-outage.ts';
import { workloadsSuite } from './suites/workloads.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
});

afterAll(async () => {
  await cluster?.stop();
});

describe.each(functionVersions)('with Functions at %s', (version) => {
  beforeAll(() => cluster.install(version));
  afterAll(() => cluster.uninstall());

  functionDefaultsSuite(() => cluster, version);
  functionValidationSuite(() => cluster, version);
  workloadsSuite(() => cluster, version);
  podKindsSuite(() => cluster, version);
  manyObjectsSuite(() => cluster, version);
  functionStoreSuite(() => cluster, version);
  webhookOutageSuite(() => cluster, version);
  daprInjectorSuite(() => cluster, version);
});
