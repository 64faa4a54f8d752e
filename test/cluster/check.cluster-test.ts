import { afterAll, beforeAll, describe } from 'vitest';
import { functionVersions } from '../../src/api/keys.ts';
import { Cluster } from './harness/cluster.ts';
import { prepareCluster } from './harness/prepare-cluster.ts';
import { checkSuite } from './suites/check.ts';
import { checkInstallationSuite } from './suites/check-installation.ts';

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

/** How an installation is looked at has nothing to do with the version of a Function. */
describe('check of an installation', () => {
  beforeAll(async () => {
    // What is wrong is to be the test's own doing.
    await cluster.stop();
    cluster = await Cluster.start();
    await prepareCluster(cluster.kubectl, 'v1beta2');
  });

  checkInstallationSuite(() => cluster);
});
