import { afterAll, beforeAll, describe } from 'vitest';
import { functionVersions } from '../../src/api/keys.ts';
import { Cluster } from './harness/cluster.ts';
import { functionDefaultsSuite } from './suites/function-defaults.ts';

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
});
