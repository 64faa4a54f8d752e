import { onTestFinished } from 'vitest';
import { ApiError } from '../../../src/adapters/kubernetes/api-error.ts';
import type { ChangeOptions } from '../../../src/adapters/kubernetes/kubernetes-connection.ts';
import {
  LeaderElector,
  type LeaderElectorOptions,
} from '../../../src/adapters/kubernetes/leader-elector.ts';
import { asObject, at, type JsonObject } from '../../../src/api/json.ts';

/** Short beside the real ones, long beside what a loaded machine may stall. */
export const timings = { leaseDurationMs: 3_000, renewDeadlineMs: 2_000, retryPeriodMs: 20 };

/** One Lease, with the conflicts that an API server sees to. */
export class LeaseStore {
  lease: JsonObject | undefined;
  isDown = false;
  /** Holders that were written, oldest first. */
  readonly writes: string[] = [];
  reads = 0;
  /** Called before something is written; may throw. */
  onWrite: (options: ChangeOptions) => void = () => undefined;
  /** Called when it is written, and before the answer is given. */
  onWritten: (options: ChangeOptions) => unknown = () => undefined;
  #version = 0;

  async getJson(): Promise<JsonObject> {
    this.reads += 1;
    if (this.isDown) throw new ApiError('unreachable', 'down');
    if (this.lease === undefined) throw new ApiError('not-found', 'no such Lease');
    return structuredClone(this.lease);
  }

  async changeJson(_path: string, options: ChangeOptions): Promise<JsonObject> {
    const { method, body } = options;
    if (this.isDown) throw new ApiError('unreachable', 'down');
    this.onWrite(options);
    const seen = at(body, 'metadata', 'resourceVersion');
    const current = at(this.lease, 'metadata', 'resourceVersion');
    if (method === 'POST' ? this.lease !== undefined : seen !== current) {
      throw new ApiError('refused', 'conflict', { status: 409 });
    }
    this.#version += 1;
    const metadata = { ...asObject(at(body, 'metadata')), resourceVersion: String(this.#version) };
    const lease = structuredClone({ ...asObject(body), metadata });
    this.lease = lease;
    this.writes.push(String(at(body, 'spec', 'holderIdentity')));
    await this.onWritten(options);
    return structuredClone(lease);
  }

  get holder(): unknown {
    return at(this.lease, 'spec', 'holderIdentity');
  }

  /** Keeps the next answer back for good. Resolves when what it is about is written. */
  holdAnswer(): Promise<void> {
    return new Promise((resolve) => {
      this.onWritten = async ({ signal }) => {
        this.onWritten = () => undefined;
        resolve();
        await new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        });
      };
    });
  }

  /** Somebody else takes the Lease who has no business to. */
  steal(holderIdentity: string): void {
    const spec = { ...asObject(this.lease?.['spec']), holderIdentity };
    const metadata = { ...asObject(this.lease?.['metadata']), resourceVersion: 'stolen' };
    this.lease = { ...this.lease, metadata, spec };
  }
}

/** A candidate, and when it led. It stops when the test ends. */
export function stand(
  store: LeaseStore,
  identity: string,
  options: Partial<LeaderElectorOptions> = {},
) {
  const stop = new AbortController();
  const state = { leads: false, terms: 0, errors: [] as string[] };
  const elector = new LeaderElector({
    connection: store,
    namespace: 'ours',
    name: 'controller',
    identity,
    timings,
    onError: (error) => state.errors.push(error.message),
    lead: async (signal) => {
      state.leads = true;
      state.terms += 1;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      state.leads = false;
    },
    ...options,
  });
  const run = elector.run(stop.signal);
  const end = async (): Promise<void> => {
    stop.abort();
    await run;
  };
  onTestFinished(() => end().catch(() => undefined));
  return { state, elector, stop, run, end };
}
