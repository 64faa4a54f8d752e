import { expect } from 'vitest';
import type { JsonObject } from '../../../../src/api/json.ts';
import type { FunctionVersion } from '../../../../src/api/keys.ts';
import type { AuditedWrite, WriteFilter } from '../../harness/audit-log.ts';
import type { Cluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/eventually.ts';
import { type FunctionParts, functionObject } from '../../harness/fixtures.ts';
import { type FunctionEvent, functionEvents } from '../../harness/function-events.ts';
import { keptObjects, objectDifferences, previewed } from '../../harness/kept-objects.ts';
import { productAccount, userOf } from '../../harness/service-accounts.ts';

/** Whoever meets a trouble that lasts tries ever less often. */
const quietLimitMs = 120_000;

export interface Expectation {
  /** Servings, Components and workloads that decide what is kept. */
  readonly around?: readonly JsonObject[];
  /** Flags of the controller that `preview` has as well. */
  readonly flags?: readonly string[];
  /** The one Function to look at, where there are others. */
  readonly only?: string;
  readonly timeoutMs?: number;
}

/** What the suites of the controller do again and again. */
export class ControllerTools {
  readonly version: FunctionVersion;
  readonly #cluster: () => Cluster;

  constructor(cluster: () => Cluster, version: FunctionVersion) {
    this.#cluster = cluster;
    this.version = version;
  }

  get cluster(): Cluster {
    return this.#cluster();
  }

  functionOf(parts: FunctionParts): JsonObject {
    return functionObject(this.version, parts);
  }

  /** Runs kubectl in a namespace. */
  kubectl(namespace: string, ...args: string[]): Promise<string> {
    return this.cluster.kubectl.run([...args, '-n', namespace]);
  }

  apply(namespace: string, ...objects: JsonObject[]): Promise<string> {
    return this.cluster.kubectl.run(['apply', '-n', namespace, '-f', '-'], objects);
  }

  get(namespace: string, resource: string, name: string): Promise<JsonObject> {
    return this.cluster.kubectl.get(resource, name, namespace);
  }

  /** Merges a patch into an object, as `kubectl patch` does. */
  patch(namespace: string, resource: string, name: string, patch: JsonObject): Promise<string> {
    const merge = ['--type=merge', '-p', JSON.stringify(patch)];
    return this.kubectl(namespace, 'patch', resource, name, ...merge);
  }

  kept(namespace: string, functionName?: string): Promise<JsonObject[]> {
    return keptObjects(this.cluster.kubectl, namespace, functionName);
  }

  /**
   * Waits until all that is kept in a namespace is what `preview` shows: no object
   * more or less, and every field of it.
   *
   * @param functions all Functions of the namespace, or the only one to look at
   */
  async expectKept(
    namespace: string,
    functions: readonly JsonObject[],
    { around = [], flags = [], only, timeoutMs }: Expectation = {},
  ): Promise<void> {
    const wanted = await previewed(namespace, [...around, ...functions], flags);
    await eventually(async () => {
      expect(objectDifferences(wanted, await this.kept(namespace, only))).toEqual([]);
    }, timeoutMs);
  }

  events(namespace: string, functionName: string): Promise<FunctionEvent[]> {
    return functionEvents(this.cluster.kubectl, namespace, functionName);
  }

  /** Waits for an Event on a Function. */
  event(namespace: string, functionName: string, reason: string): Promise<FunctionEvent> {
    return eventually(async () => {
      const events = await this.events(namespace, functionName);
      const found = events.find((event) => event.reason === reason);
      expect(
        found,
        `${reason} among ${events.map((event) => event.reason).join(', ')}`,
      ).toBeDefined();
      return found as FunctionEvent;
    });
  }

  /** The product's writes to objects; neither Leases nor Events. */
  writes(filter: WriteFilter = {}): Promise<AuditedWrite[]> {
    return this.cluster.audit.objectWrites({ user: userOf(productAccount), ...filter });
  }

  /** Watches for so long that the product writes no object. */
  async expectNoWrites(seconds: number, filter: WriteFilter = {}): Promise<void> {
    const afterMs = Date.now();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    expect((await this.writes({ ...filter, afterMs })).map(describeWrite)).toEqual([]);
  }

  /** Waits until the product has written no object for so long. */
  async untilQuiet(seconds: number, filter: WriteFilter = {}): Promise<void> {
    await eventually(async () => {
      const afterMs = Date.now() - seconds * 1000;
      expect((await this.writes({ ...filter, afterMs })).map(describeWrite)).toEqual([]);
    }, quietLimitMs);
  }
}

/** A write in one line, for a failure. */
export function describeWrite({ verb, resource, namespace, name, code }: AuditedWrite): string {
  return `${verb} ${resource} ${namespace}/${name}: ${code}`;
}

/** Tells whoever reads the run what was measured; nothing depends on it. */
export function report(what: string, milliseconds?: number): void {
  const took = milliseconds === undefined ? '' : `: ${Math.round(milliseconds)} ms`;
  process.stderr.write(`measured: ${what}${took}\n`);
}
