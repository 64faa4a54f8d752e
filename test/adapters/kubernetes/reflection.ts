import { expect } from 'vitest';
import type { ApiError } from '../../../src/adapters/kubernetes/api-error.ts';
import { KubernetesConnection } from '../../../src/adapters/kubernetes/kubernetes-connection.ts';
import {
  Reflector,
  type ReflectorOptions,
  type ReflectorTimings,
} from '../../../src/adapters/kubernetes/reflector.ts';
import { asText, at, type JsonObject } from '../../../src/api/json.ts';
import { FakeApiServer } from './fake-api-server.ts';
import { until } from './until.ts';

/** No deadline passes by accident, and nothing waits long before it is tried again. */
export const quick: ReflectorTimings = {
  answerTimeoutMs: 20_000,
  idleTimeoutMs: 20_000,
  watchSeconds: 300,
  backoff: { firstMs: 1, maxMs: 10 },
};

/** A reflector of Functions, the API server it follows, and what it told. */
export class Reflection {
  readonly server: FakeApiServer;
  readonly connection: KubernetesConnection;
  readonly stopping = new AbortController();
  reflector: Reflector<JsonObject>;
  running: Promise<unknown> = Promise.resolve();
  /** What there is, as far as the reflector told, by namespace and name. */
  items = new Map<string, JsonObject>();
  replacements = 0;
  readonly errors: ApiError[] = [];
  /** The time on the reflector's clock. */
  nowMs = 0;

  /** @param server listens already */
  constructor(server: FakeApiServer) {
    this.server = server;
    this.connection = new KubernetesConnection(() => server.kubeConfig());
    this.reflector = this.#create({});
  }

  /** Makes a reflector and lets it run. */
  follow(options: Partial<ReflectorOptions<JsonObject>> = {}): void {
    this.reflector = this.#create(options);
    this.running = this.reflector.run(this.stopping.signal);
  }

  names(): string[] {
    return [...this.items.keys()].sort();
  }

  async watching(): Promise<void> {
    await until(() => expect(this.server.openWatches('functions')).toBe(1));
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    this.connection.close();
    await this.server.stop();
  }

  #create(options: Partial<ReflectorOptions<JsonObject>>): Reflector<JsonObject> {
    return new Reflector<JsonObject>({
      connection: this.connection,
      resource: {
        group: 'core.openfunction.io',
        version: 'v1beta2',
        plural: 'functions',
        kind: 'Function',
      },
      read: (object) => object,
      onReplace: (all) => {
        this.replacements += 1;
        this.items = new Map(all.map((item) => [keyOf(item), item]));
      },
      onUpsert: (item) => this.items.set(keyOf(item), item),
      onDelete: (namespace, name) => this.items.delete(`${namespace}/${name}`),
      onError: (error) => this.errors.push(error),
      timings: quick,
      now: () => this.nowMs,
      ...options,
    });
  }
}

/** All of it, but the reflector; `stop` it when the test ends. */
export async function startReflection(): Promise<Reflection> {
  const server = new FakeApiServer();
  server.install('core.openfunction.io/v1beta2', 'functions', 'Function');
  await server.start();
  return new Reflection(server);
}

export function keyOf(object: JsonObject): string {
  return `${asText(at(object, 'metadata', 'namespace'))}/${asText(at(object, 'metadata', 'name'))}`;
}
