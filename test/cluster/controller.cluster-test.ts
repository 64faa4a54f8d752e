import { afterAll, beforeAll, describe } from 'vitest';
import { type FunctionVersion, functionVersions } from '../../src/api/keys.ts';
import { Cluster } from './harness/cluster.ts';
import { apiServerRestartSuite } from './suites/controller/api-server-restart.ts';
import { besideOpenFunctionSuite } from './suites/controller/beside-openfunction.ts';
import { deletionSuite } from './suites/controller/deletion.ts';
import { driftSuite } from './suites/controller/drift.ts';
import { keptObjectsSuite } from './suites/controller/kept-objects.ts';
import { manyFunctionsSuite } from './suites/controller/many-functions.ts';
import { missedPodsSuite } from './suites/controller/missed-pods.ts';
import { missingRightsSuite } from './suites/controller/missing-rights.ts';
import { modeSwitchSuite } from './suites/controller/mode-switch.ts';
import { nameTakenSuite } from './suites/controller/name-taken.ts';
import { oddFunctionsSuite } from './suites/controller/odd-functions.ts';
import { servedVersionsSuite } from './suites/controller/served-versions.ts';
import { sidecarServiceSuite } from './suites/controller/sidecar-service.ts';
import { tokensSuite } from './suites/controller/tokens.ts';
import { twoControllersSuite } from './suites/controller/two-controllers.ts';
import { userFieldsSuite } from './suites/controller/user-fields.ts';
import { withoutDaprSuite } from './suites/controller/without-dapr.ts';

type Suite = (cluster: () => Cluster, version: FunctionVersion) => void;

/** What a Function's version has a say in. */
const suites: readonly [what: string, suite: Suite][] = [
  ['what is kept', keptObjectsSuite],
  ['drift', driftSuite],
  ["somebody else's fields", userFieldsSuite],
  ['a deleted Function', deletionSuite],
  ['a change of mode', modeSwitchSuite],
  ['a name that is taken', nameTakenSuite],
  ['beside OpenFunction', besideOpenFunctionSuite],
  ['odd Functions', oddFunctionsSuite],
  ['the Service of sidecars', sidecarServiceSuite],
  ['API tokens', tokensSuite],
];

/** The rest takes minutes, and takes them once: it is about the cluster around Functions. */
const clusterSuites: readonly [what: string, suite: Suite][] = [
  ['missed Pods', missedPodsSuite],
  ['a cluster without Dapr', withoutDaprSuite],
  ['another version of Functions', servedVersionsSuite],
  ['missing rights', missingRightsSuite],
  ['an API server that restarts', apiServerRestartSuite],
  ['two controllers', twoControllersSuite],
  ['many Functions', manyFunctionsSuite],
];

const [newest] = functionVersions;

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
});

afterAll(async () => {
  await cluster?.stop();
});

describe.each(functionVersions)('with Functions at %s', (version) => {
  beforeAll(async () => {
    await cluster.install(version, { command: 'serve' });
    await cluster.product.untilLeading();
  });

  afterAll(() => cluster.uninstall());

  describe.each([...suites, ...(version === newest ? clusterSuites : [])])('%s', (_what, suite) => {
    suite(() => cluster, version);

    // What one suite left would keep the controller busy in the next.
    afterAll(() => cluster.deleteFunctions());
  });
});
