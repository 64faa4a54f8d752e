import { afterEach, describe, expect, it } from 'vitest';
import { at, type JsonObject } from '../../../src/api/json.ts';
import type { FunctionVersion } from '../../../src/api/keys.ts';
import type { Cluster } from '../harness/cluster.ts';
import { functionObject, type Mode, modeAnnotations, podOf } from '../harness/fixtures.ts';
import { until } from '../harness/until.ts';

/** How soon the store has to know again what it missed. */
const catchUpMs = 5_000;

/** How long admission waits for a Function that is not in memory. */
const storeWaitMs = 100;

/** The store behind admission, when its watches are cut, expire, or hang. */
export function functionStoreSuite(cluster: () => Cluster, version: FunctionVersion): void {
  let podCount = 0;

  const apply = (namespace: string, name: string, mode: Mode) =>
    cluster().kubectl.run(
      ['apply', '-n', namespace, '-f', '-'],
      [functionObject(version, { name, annotations: modeAnnotations(mode) })],
    );

  /** The mode in which a new Pod of a Function is admitted right now. */
  async function admittedMode(namespace: string, name: string): Promise<unknown> {
    podCount += 1;
    const pod = podOf(name, { name: `pod-${podCount}` });
    await cluster().kubectl.run(['create', '-n', namespace, '-f', '-'], [pod]);
    const stored: JsonObject = await cluster().kubectl.get('pods', `pod-${podCount}`, namespace);
    return at(stored, 'metadata', 'labels', 'baas.openfunction.io/mode');
  }

  const untilMode = (namespace: string, name: string, mode: Mode) =>
    until(
      `Pods of ${name} to be admitted as ${mode}`,
      async () => (await admittedMode(namespace, name)) === mode,
      catchUpMs,
    );

  /** Waits until a Function is in memory: an answer that had to wait for it took longer than that. */
  const untilKnown = (namespace: string, name: string) =>
    until(`Function ${name} to be in memory`, async () => {
      await admittedMode(namespace, name);
      return Number(cluster().product.log.at(-1)?.['milliseconds']) < storeWaitMs;
    });

  describe('the store', () => {
    afterEach(() => cluster().chaos.resume());

    it('follows a Function that changes', async () => {
      const namespace = await cluster().namespace();
      await apply(namespace, 'orders', 'standalone');
      expect(await admittedMode(namespace, 'orders')).toBe('standalone');
      await apply(namespace, 'orders', 'sidecar');
      await untilMode(namespace, 'orders', 'sidecar');
      await cluster().kubectl.run(['delete', 'functions', 'orders', '-n', namespace]);
      await until(
        'the Function to be forgotten',
        async () => (await admittedMode(namespace, 'orders')) === undefined,
        catchUpMs,
      );
    });

    it('catches up after its connections are reset', async () => {
      const namespace = await cluster().namespace();
      await apply(namespace, 'orders', 'standalone');
      await untilMode(namespace, 'orders', 'standalone');
      cluster().chaos.cut();
      await apply(namespace, 'orders', 'sidecar');
      await untilMode(namespace, 'orders', 'sidecar');
    });

    it('catches up after the API server was gone, its history with it', async () => {
      const { plane, product } = cluster();
      const namespace = await cluster().namespace();
      await apply(namespace, 'orders', 'standalone');
      await untilMode(namespace, 'orders', 'standalone');
      await plane.stopApiServer();
      // A restarted API server remembers no changes: what was watched before is 410 Gone.
      await plane.startApiServer();
      await apply(namespace, 'orders', 'sidecar');
      await untilMode(namespace, 'orders', 'sidecar');
      await apply(namespace, 'later', 'standalone');
      expect(await admittedMode(namespace, 'later')).toBe('standalone');
      expect(await product.isReady()).toBe(true);
    });

    it('is read past, for a Function that came while no watch could tell', async () => {
      const namespace = await cluster().namespace();
      cluster().chaos.cut();
      await apply(namespace, 'news', 'sidecar');
      expect(await admittedMode(namespace, 'news')).toBe('sidecar');
    });

    it('admits a Pod unchanged, in time, while the API server hangs, and catches up after', async () => {
      const namespace = await cluster().namespace();
      await apply(namespace, 'known', 'standalone');
      await untilKnown(namespace, 'known');
      cluster().chaos.hang();
      await apply(namespace, 'unknown', 'sidecar');
      expect(await admittedMode(namespace, 'known')).toBe('standalone');
      expect(await admittedMode(namespace, 'unknown')).toBeUndefined();
      const slow = cluster().product.log.filter(
        ({ msg, milliseconds }) => msg === 'admission' && Number(milliseconds) > 2_000,
      );
      expect(slow).toEqual([]);
      cluster().chaos.resume();
      await untilMode(namespace, 'unknown', 'sidecar');
    });
  });
}
