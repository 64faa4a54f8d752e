import { expect, it } from 'vitest';
import { at, type JsonObject } from '../../../../src/api/json.ts';
import type { FunctionVersion } from '../../../../src/api/keys.ts';
import type { Cluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/eventually.ts';
import { type Mode, modeAnnotations } from '../../harness/fixtures.ts';
import { ControllerTools, report } from './tools.ts';

const modes: readonly Mode[] = ['standalone', 'sidecar', 'disabled'];
const functionCount = 30;

/** The API server goes and comes back, with what etcd holds. */
export function apiServerRestartSuite(cluster: () => Cluster, version: FunctionVersion): void {
  const tools = new ControllerTools(cluster, version);

  /** Functions whose modes are the turn-th of a round. */
  function functions(turn: number): JsonObject[] {
    return Array.from({ length: functionCount }, (_, index) =>
      tools.functionOf({
        name: `function-${index}`,
        annotations: modeAnnotations(modes[(index + turn) % modes.length] ?? 'standalone'),
        isAsync: index % 2 === 0,
        hasOutput: true,
      }),
    );
  }

  it('while Functions change, what is kept follows', async () => {
    const { plane, kubectl, product } = cluster();
    const namespace = await cluster().namespace();
    const first = functions(0);
    await tools.apply(namespace, ...first.slice(0, functionCount / 2));
    await tools.expectKept(namespace, first.slice(0, functionCount / 2));

    const second = functions(1);
    // It does not get far: the API server goes away under it, and under the controller.
    const interrupted = kubectl.try(['apply', '-n', namespace, '-f', '-'], second);
    await eventually(async () => {
      const changed = await kubectl.list('functions', namespace);
      expect(changed.some((fn) => Number(at(fn, 'metadata', 'generation')) > 1)).toBe(true);
    });
    await plane.stopApiServer();
    await interrupted;
    await plane.startApiServer();
    const startedAtMs = Date.now();

    await tools.apply(namespace, ...second);
    await tools.kubectl(namespace, 'delete', 'functions', 'function-0', 'function-1');
    await tools.expectKept(namespace, second.slice(2));
    report('the API server back, to everything as it should be', Date.now() - startedAtMs);
    expect(product.isRunning).toBe(true);
    await eventually(async () => expect(await product.isReady()).toBe(true));
  });

  it('and connections that are cut again and again do not keep it from following', async () => {
    const namespace = await cluster().namespace();
    for (let turn = 0; turn < modes.length; turn += 1) {
      await tools.apply(namespace, ...functions(turn));
      cluster().chaos.cut();
    }
    await tools.expectKept(namespace, functions(modes.length - 1));
  });
}
