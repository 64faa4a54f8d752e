import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { ApiError } from '../../../src/adapters/kubernetes/api-error.ts';
import {
  CaBundleKeeper,
  type CaBundleKeeperOptions,
} from '../../../src/adapters/kubernetes/ca-bundle-keeper.ts';
import { WebhookConfigurations } from '../../../src/adapters/kubernetes/webhook-configurations.ts';
import { logInMemory } from '../../support/log-in-memory.ts';
import {
  bundles,
  configurationName,
  host,
  mutating,
  putConfiguration,
  validating,
} from './certificate-replica.ts';
import type { FakeApiServer } from './fake-api-server.ts';
import { startFakeCluster } from './fake-cluster.ts';
import { status } from './mishap.ts';
import { quick } from './reflection.ts';
import { until } from './until.ts';

let server: FakeApiServer;
let keep: (options?: Partial<CaBundleKeeperOptions>) => ReturnType<typeof start>;

function start(
  connection: Awaited<ReturnType<typeof startFakeCluster>>['connection'],
  options: Partial<CaBundleKeeperOptions>,
) {
  const errors: ApiError[] = [];
  const { log, lines } = logInMemory();
  const configurations = new WebhookConfigurations({
    connection,
    onChange: () => keeper.wake(),
    onError: (error) => errors.push(error),
    timings: quick,
  });
  const keeper: CaBundleKeeper = new CaBundleKeeper({
    connection,
    configurations,
    isOwnHost: (other) => other === host,
    bundle: () => 'ours',
    readBundle: async () => 'ours',
    log,
    onError: (error) => errors.push(error),
    random: () => 0,
    ...options,
  });
  const stop = new AbortController();
  const ended = Promise.all([configurations.run(stop.signal), keeper.run(stop.signal)]);
  onTestFinished(async () => {
    stop.abort();
    await ended;
  });
  return { errors, lines, keeper };
}

beforeEach(async () => {
  const cluster = await startFakeCluster();
  server = cluster.server;
  keep = (options = {}) => start(cluster.connection, options);
});

function patches(plural: string): number {
  return server.seen('patch', plural).length;
}

describe('somebody who overwrites caBundle each time', () => {
  /** Overwrites it as often, each time when it was put back. */
  async function overwrite(times: number): Promise<void> {
    for (let done = 0; done < times; done += 1) {
      putConfiguration(server, mutating, 'dGhlaXJz');
      await until(() => expect(bundles(server, mutating)).toEqual(['ours', 'ours']));
      expect(patches(mutating)).toBe(done + 1);
    }
  }

  test('is met each time, and less and less often', async () => {
    // A clock that stands still: all of it happens within the minute that counts.
    const { lines } = keep({ now: () => 0 });
    const startedAtMs = performance.now();
    await overwrite(5);
    // At least half of 200, of 400 and of 800 ms. Timers may be early by less than one.
    expect(performance.now() - startedAtMs).toBeGreaterThan(690);
    expect(lines('wrote caBundle')).toHaveLength(1);
  });

  test('is told of, once', async () => {
    const { lines } = keep({ now: () => 0, pace: { firstMs: 1, maxMs: 1 } });
    await overwrite(10);
    expect(lines(/somebody else/)).toEqual([]);
    putConfiguration(server, validating, 'dGhlaXJz');
    await until(() => expect(bundles(server, validating)).toEqual(['ours', 'ours']));
    expect(lines('somebody else writes caBundle as well, again and again')).toHaveLength(1);
  });
});

describe('a bundle that cannot be had', () => {
  test('is nothing to write: neither an empty one nor one of before', async () => {
    let asked = 0;
    const { errors } = keep({
      readBundle: async () => {
        asked += 1;
        return undefined;
      },
    });
    putConfiguration(server, mutating, 'dGhlaXJz');
    await until(() => expect(asked).toBeGreaterThan(0));
    const before = asked;
    putConfiguration(server, validating);
    // Both of them are looked at.
    await until(() => expect(asked).toBeGreaterThan(before + 1));
    expect(server.writes).toEqual([]);
    expect(errors).toEqual([]);
  });

  test('is nothing to ask for, when there never was one', async () => {
    const { keeper } = keep({ bundle: () => undefined });
    putConfiguration(server, mutating);
    await until(() => expect(server.openWatches(mutating)).toBe(1));
    keeper.wake();
    expect([server.seen('get', mutating), server.writes]).toEqual([[], []]);
  });
});

describe('trouble', () => {
  test('of one configuration does not keep the other from being written', async () => {
    server.intercept = ({ verb, plural }) =>
      verb === 'patch' && plural === mutating
        ? status(500, 'InternalError', 'etcd is away')
        : undefined;
    const { errors } = keep();
    putConfiguration(server, mutating);
    putConfiguration(server, validating);
    await until(() => expect(bundles(server, validating)).toEqual(['ours', 'ours']));
    await until(() => expect(errors.length).toBeGreaterThan(0));
    expect(errors[0]?.message).toBe(
      `Cannot patch ${mutating}.admissionregistration.k8s.io "${configurationName}" in all namespaces: 500 etcd is away`,
    );
    server.intercept = () => undefined;
    await until(() => expect(bundles(server, mutating)).toEqual(['ours', 'ours']));
  });

  test('with reading the bundle is told, and tried again', async () => {
    let isAway = true;
    const { errors } = keep({
      readBundle: async () => {
        if (isAway) throw new ApiError('unreachable', 'the API server is away');
        return 'ours';
      },
    });
    putConfiguration(server, mutating);
    await until(() =>
      expect(errors.map(({ message }) => message)).toContain('the API server is away'),
    );
    isAway = false;
    await until(() => expect(bundles(server, mutating)).toEqual(['ours', 'ours']));
  });
});
