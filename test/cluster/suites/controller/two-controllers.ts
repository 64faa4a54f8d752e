import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/api/json.ts';
import type { FunctionVersion } from '../../../../src/api/keys.ts';
import type { AuditedWrite } from '../../harness/audit-log.ts';
import type { Cluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/eventually.ts';
import { type Mode, modeAnnotations } from '../../harness/fixtures.ts';
import type { Product } from '../../harness/product.ts';
import { userOf } from '../../harness/service-accounts.ts';
import { ControllerTools, describeWrite, report } from './tools.ts';

/** What users are promised: a Lease is good for 15 s, is looked at every 2 s, and what follows takes a moment. */
const takeoverLimitMs = 20_000;

/** For a machine that does other work: reading the cluster, writing, and our own looking. */
const slackMs = 5_000;

/** A leader that is asked to stop gives its Lease back; the other looks at it every 2 s. */
const handoverLimitMs = 5_000;

const accounts = ['first', 'second'] as const;
type Account = (typeof accounts)[number];

/** Two controllers, of which one works. */
export function twoControllersSuite(cluster: () => Cluster, version: FunctionVersion): void {
  const tools = new ControllerTools(cluster, version);
  const controllers = new Map<Account, Product>();

  beforeAll(() => cluster().product.restart({ command: 'webhook' }));

  afterEach(async () => {
    for (const controller of controllers.values()) {
      if (controller.isRunning) await controller.stop();
    }
    controllers.clear();
  });

  afterAll(async () => {
    await cluster().product.restart({ command: 'serve' });
    await cluster().product.untilLeading();
  });

  /** Starts both; the first leads. */
  async function startBoth(): Promise<{ leader: Product; standby: Product }> {
    const leader = await start('first');
    await leader.untilLeading();
    const standby = await start('second');
    expect(await standby.metric('baas_leader')).toBe(0);
    return { leader, standby };
  }

  async function start(account: Account): Promise<Product> {
    const controller = await cluster().startAnother(account, { command: 'controller' });
    controllers.set(account, controller);
    return controller;
  }

  /** Functions in every mode, under a prefix. */
  function functions(prefix: string): JsonObject[] {
    const modes: readonly Mode[] = ['standalone', 'sidecar', 'disabled'];
    return modes.map((mode) =>
      tools.functionOf({
        name: `${prefix}-${mode}`,
        annotations: modeAnnotations(mode),
        isAsync: true,
        hasOutput: true,
      }),
    );
  }

  function writesBy(account: Account, namespace: string): Promise<AuditedWrite[]> {
    return cluster().audit.objectWrites({ user: userOf(account), namespace });
  }

  /** No object was written twice, whoever wrote it. */
  async function expectWrittenOnce(namespace: string): Promise<void> {
    const writes = (await Promise.all(accounts.map((one) => writesBy(one, namespace)))).flat();
    const objects = writes.map(({ resource, name }) => `${resource}/${name}`).sort();
    expect(objects).toEqual([...new Set(objects)]);
    expect(writes.filter(({ code }) => code >= 300).map(describeWrite)).toEqual([]);
  }

  it('one leads, is killed, and the other takes over, without a write twice', async () => {
    const namespace = await cluster().namespace();
    const { leader, standby } = await startBoth();
    const before = functions('before');
    await tools.apply(namespace, ...before);
    await tools.expectKept(namespace, before);
    expect((await writesBy('second', namespace)).map(describeWrite)).toEqual([]);
    const writesBefore = await writesBy('first', namespace);

    await leader.kill();
    const killedAtMs = Date.now();
    const after = functions('after');
    await tools.apply(namespace, ...after);
    await tools.expectKept(namespace, [...before, ...after], {
      timeoutMs: takeoverLimitMs + slackMs,
    });
    const [first] = await writesBy('second', namespace);
    const tookMs = (first?.receivedAtMs ?? Number.NaN) - killedAtMs;
    report('the leader killed, to the first write of its successor', tookMs);
    expect(tookMs).toBeLessThan(takeoverLimitMs);
    expect(await standby.metric('baas_leader')).toBe(1);
    expect(await writesBy('first', namespace)).toEqual(writesBefore);
    await expectWrittenOnce(namespace);
  });

  it('one leads, stalls, and writes nothing when it goes on: it follows the other, and may lead again', async () => {
    const namespace = await cluster().namespace();
    const { leader, standby } = await startBoth();
    const before = functions('before');
    await tools.apply(namespace, ...before);
    await tools.expectKept(namespace, before);
    const writesBefore = await writesBy('first', namespace);

    leader.freeze();
    try {
      await standby.untilLeading();
      // By its watches it learns of this before it learns that it leads no more.
      await tools.apply(namespace, ...functions('after'));
      await tools.expectKept(namespace, [...before, ...functions('after')]);
    } finally {
      leader.thaw();
    }
    await tools.kubectl(namespace, 'delete', 'services', '--all');
    await tools.expectKept(namespace, [...before, ...functions('after')]);
    await eventually(async () => expect(await leader.metric('baas_leader')).toBe(0));
    expect(await writesBy('first', namespace)).toEqual(writesBefore);

    await standby.stop();
    await leader.untilLeading();
    const more = functions('more');
    await tools.apply(namespace, ...more);
    await tools.expectKept(namespace, [...before, ...functions('after'), ...more]);
    const all = await writesBy('first', namespace);
    expect(all.length).toBeGreaterThan(writesBefore.length);
  });

  it('one leads, is asked to stop, and the other takes over at once', async () => {
    const namespace = await cluster().namespace();
    const { leader, standby } = await startBoth();
    const before = functions('before');
    await tools.apply(namespace, ...before);
    await tools.expectKept(namespace, before);

    const stopping = leader.stop();
    const stoppedAtMs = Date.now();
    const after = functions('after');
    await tools.apply(namespace, ...after);
    await stopping;
    expect(await leader.ended).toBe(0);
    await tools.expectKept(namespace, [...before, ...after]);
    await standby.untilLeading();
    const writes = await writesBy('second', namespace);
    const tookMs = (writes[0]?.receivedAtMs ?? Number.NaN) - stoppedAtMs;
    report('the leader asked to stop, to the first write of its successor', tookMs);
    expect(tookMs).toBeLessThan(handoverLimitMs + slackMs);
    await expectWrittenOnce(namespace);
  });
}
