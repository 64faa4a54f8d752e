import { afterAll, beforeAll, describe } from 'vitest';
import { ensureHelm } from './assets/ensure-helm.ts';
import { Cluster } from './harness/cluster.ts';
import { ChartWorld } from './suites/chart/chart-world.ts';
import { endToEndSuite } from './suites/chart/end-to-end.ts';
import { helmSuite } from './suites/chart/helm.ts';
import { installSuite } from './suites/chart/install.ts';
import { matchConditionsSuite } from './suites/chart/match-conditions.ts';
import { renderingSuite } from './suites/chart/rendering.ts';

let helm: string;

beforeAll(async () => {
  helm = await ensureHelm({
    environment: process.env,
    log: (line) => process.stderr.write(`${line}\n`),
  });
});

describe('rendered', () => {
  renderingSuite(() => helm);
});

describe('installed', () => {
  let world: ChartWorld;

  beforeAll(async () => {
    world = await ChartWorld.start(helm);
  });
  afterAll(async () => {
    await world?.stop();
  });

  installSuite(() => world);
  helmSuite(() => world);
  endToEndSuite(() => world);
});

describe('asked', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await Cluster.start();
    await cluster.install('v1beta2');
  });
  afterAll(async () => {
    await cluster?.stop();
  });

  matchConditionsSuite(() => cluster, 'v1beta2');
});
