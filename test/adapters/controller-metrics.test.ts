import { beforeEach, expect, test } from 'vitest';
import { ControllerMetrics } from '../../src/adapters/controller-metrics.ts';
import { Metrics } from '../../src/adapters/metrics.ts';

let metrics: Metrics;
let controllerMetrics: ControllerMetrics;
let leads: boolean;
let modes: Map<string, number>;

beforeEach(() => {
  metrics = new Metrics();
  leads = true;
  modes = new Map([
    ['standalone', 2],
    ['sidecar', 1],
  ]);
  controllerMetrics = new ControllerMetrics(metrics, {
    queueDepth: () => (leads ? 3 : undefined),
    isLeader: () => leads,
    missedPods: () => (leads ? 0 : undefined),
    functionsByMode: () => modes,
    proxiesByMode: () => (leads ? new Map([['standalone', 2]]) : undefined),
  });
});

/** Samples of the controller, without those of histograms' buckets. */
async function samples(): Promise<string[]> {
  const text = await metrics.registry.metrics();
  return text
    .split('\n')
    .filter((line) => /^baas_(queue|leader|missed|functions|proxies|writes|reconcile)/.test(line))
    .filter((line) => !line.includes('_bucket'));
}

test('a leader shows what it knows, as it is at the scrape', async () => {
  expect(await samples()).toEqual([
    'baas_queue_depth 3',
    'baas_leader 1',
    'baas_missed_pods 0',
    'baas_functions{mode="standalone"} 2',
    'baas_functions{mode="sidecar"} 1',
    'baas_proxies{mode="standalone"} 2',
  ]);
});

test('a process that does not lead shows no number that it does not know, not even 0', async () => {
  await samples();
  leads = false;
  expect(await samples()).toEqual([
    'baas_leader 0',
    'baas_functions{mode="standalone"} 2',
    'baas_functions{mode="sidecar"} 1',
  ]);
  leads = true;
  expect(await samples()).toContain('baas_queue_depth 3');
});

test('a mode that no Function is in any more is not shown', async () => {
  await samples();
  modes.delete('sidecar');
  expect((await samples()).filter((line) => line.startsWith('baas_functions'))).toEqual([
    'baas_functions{mode="standalone"} 2',
  ]);
});

test('reconciles are measured by how they ended, and writes counted by kind and verb', async () => {
  controllerMetrics.observeReconcile(0.2, 'success');
  controllerMetrics.observeReconcile(0.3, 'success');
  controllerMetrics.observeReconcile(1, 'error');
  controllerMetrics.countWrite('Service', 'apply');
  controllerMetrics.countWrite('Service', 'apply');
  controllerMetrics.countWrite('Event', 'create');
  expect(await samples()).toEqual(
    expect.arrayContaining([
      'baas_reconcile_duration_seconds_sum{result="success"} 0.5',
      'baas_reconcile_duration_seconds_count{result="success"} 2',
      'baas_reconcile_duration_seconds_count{result="error"} 1',
      'baas_writes_total{kind="Service",verb="apply"} 2',
      'baas_writes_total{kind="Event",verb="create"} 1',
    ]),
  );
});
