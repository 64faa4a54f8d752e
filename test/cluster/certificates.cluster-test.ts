import { afterAll, beforeAll, describe } from 'vitest';
import { functionVersions } from '../../src/api/keys.ts';
import { Cluster } from './harness/cluster.ts';
import { prepareCluster } from './harness/prepare-cluster.ts';
import { certificatesSuite } from './suites/certificates.ts';

/** Certificates have nothing to do with the version of a Function. */
const [newest] = functionVersions;

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
  await prepareCluster(cluster.kubectl, newest);
});

afterAll(async () => {
  await cluster?.stop();
});

describe('certificates', () => {
  certificatesSuite(() => cluster);
});
