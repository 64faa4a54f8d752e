import { afterAll, beforeAll, describe } from 'vitest';
import { functionVersions } from '../../src/api/keys.ts';
import { Cluster } from './harness/cluster.ts';
import { checkSuite } from './suites/check.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
});

afterAll(async () => {
  await cluster?.stop();
});

describe.each(functionVersions)('check with Functions at %s', (version) => {
  beforeAll(async () => {
    await cluster.install(version, { command: 'serve' });
    await cluster.product.untilLeading();
  });
  afterAll(() => cluster.uninstall());

  checkSuite(() => cluster, version);
});
