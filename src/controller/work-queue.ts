import { KeyBackoff } from './key-backoff.ts';
import { TokenBucket } from './token-bucket.ts';

/** Retries of all keys together: when everything fails at once, the API server is in trouble already. */
export const retriesPerSecond = 10;
export const retryBurst = 100;

/** What a timer of Node can wait; one that waits longer goes off at once. */
const longestTimerMs = 2 ** 31 - 1;

export interface WorkQueueOptions {
  /** Keys that are processed at the same time; at least 1. */
  readonly concurrency: number;
  /**
   * Does what there is to do for a key. The key comes back after `requeueAfterMs`,
   * or with a backoff when this rejects.
   *
   * @param signal aborts when the queue stops
   */
  readonly process: (
    key: string,
    signal: AbortSignal,
  ) => Promise<{ readonly requeueAfterMs?: number } | undefined>;
  /**
   * How long a key waits after this error, where that is not its backoff, in
   * milliseconds.
   */
  readonly retryDelayMs?: (error: unknown, backoffMs: number) => number;
  /** Told after each key that was processed to its end. Must not throw. */
  readonly onResult?: (result: WorkResult) => void;
  /** Milliseconds on a clock that never goes back. */
  readonly now?: () => number;
}

/** How the processing of a key ended. */
export interface WorkResult {
  readonly key: string;
  readonly seconds: number;
  readonly outcome: 'success' | 'error';
  /** In a row, this one included; 0 after a success. */
  readonly failures: number;
  /** What it was rejected with. */
  readonly error?: unknown;
  /** After an error: when the key comes back at the latest. */
  readonly retryInMs?: number;
}

interface DelayedKey {
  readonly dueAtMs: number;
  /** Undefined while the queue does not run. */
  timer: NodeJS.Timeout | undefined;
}

/**
 * Keys that wait for their turn, with the semantics of client-go's work queue: a
 * key waits once, however often it is added; it is never processed by two at the
 * same time; and when it is added while it is processed, it is processed again
 * afterwards, because what it stands for may have changed in between.
 *
 * Keys may be added whether or not the queue runs, and it may run again after it
 * stopped: nothing that was added is lost.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #now: () => number;
  readonly #backoff = new KeyBackoff();
  readonly #retries: TokenBucket;

  /** To be processed: every key that waits, and those in process that were added again. */
  readonly #wanted = new Set<string>();
  readonly #inProcess = new Set<string>();
  readonly #delayed = new Map<string, DelayedKey>();

  // Two stacks make a queue: to shift off the front of one long list would copy the rest each time.
  #entering: string[] = [];
  #leaving: string[] = [];

  /** Wake the workers that have nothing to do. */
  #idle: (() => void)[] = [];
  /** Of the run that is under way. */
  #signal: AbortSignal | undefined;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#retries = new TokenBucket({
      perSecond: retriesPerSecond,
      burst: retryBurst,
      now: this.#now,
    });
  }

  /** Keys that wait for a worker; neither those in process nor those that are delayed. */
  get depth(): number {
    return this.#entering.length + this.#leaving.length;
  }

  /** Processes a key as soon as it is its turn. */
  add(key: string): void {
    if (this.#wanted.has(key)) return;
    this.#wanted.add(key);
    if (!this.#inProcess.has(key)) this.#enqueue(key);
  }

  /** Adds a key after a while; of several delays of one key the one that ends first counts. */
  addAfter(key: string, delayMs: number): void {
    if (!(delayMs > 0)) {
      this.add(key);
      return;
    }
    const dueAtMs = this.#now() + delayMs;
    const before = this.#delayed.get(key);
    if (before !== undefined && before.dueAtMs <= dueAtMs) return;
    clearTimeout(before?.timer);
    this.#delayed.set(key, { dueAtMs, timer: undefined });
    // One that ends while the queue stops must leave no timer behind.
    if (this.#signal?.aborted === false) this.#arm(key);
  }

  /**
   * Processes now what waits for a later attempt, and forgets how often it failed:
   * what it failed of is over, and had nothing to do with it.
   */
  retryNow(): void {
    for (const [key, { timer }] of [...this.#delayed]) {
      clearTimeout(timer);
      this.#delayed.delete(key);
      this.#backoff.forget(key);
      this.add(key);
    }
  }

  /**
   * Processes keys until the signal aborts. Resolves when those in process have
   * ended; what is left waits for the next run.
   *
   * @throws Error when it runs already
   */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#signal !== undefined) throw new Error('the work queue runs already');
    if (signal.aborted) return;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#disarm(), { once: true });
    for (const key of this.#delayed.keys()) this.#arm(key);
    await Promise.all(Array.from({ length: this.#options.concurrency }, () => this.#work(signal)));
    this.#signal = undefined;
  }

  /** One worker: one key after another. */
  async #work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const key = this.#dequeue();
      if (key === undefined) {
        await new Promise<void>((resolve) => this.#idle.push(resolve));
      } else {
        await this.#processKey(key, signal);
      }
    }
  }

  async #processKey(key: string, signal: AbortSignal): Promise<void> {
    this.#wanted.delete(key);
    this.#inProcess.add(key);
    const startedAtMs = this.#now();
    const result = await this.#attempt(key, signal);
    this.#inProcess.delete(key);
    if (this.#wanted.has(key)) this.#enqueue(key);
    const seconds = (this.#now() - startedAtMs) / 1000;
    if (result !== undefined) this.#options.onResult?.({ key, seconds, ...result });
  }

  /** Undefined when it was cut short. */
  async #attempt(
    key: string,
    signal: AbortSignal,
  ): Promise<Omit<WorkResult, 'key' | 'seconds'> | undefined> {
    try {
      const result = await this.#options.process(key, signal);
      this.#backoff.forget(key);
      if (result?.requeueAfterMs !== undefined) this.addAfter(key, result.requeueAfterMs);
      return { outcome: 'success', failures: 0 };
    } catch (error) {
      if (signal.aborted) {
        // It failed because the queue stops, and has yet to be done.
        this.#wanted.add(key);
        return undefined;
      }
      const backoffMs = this.#backoff.failed(key);
      const delayMs = this.#options.retryDelayMs?.(error, backoffMs) ?? backoffMs;
      const retryInMs = Math.max(delayMs, this.#retries.reserve());
      this.addAfter(key, retryInMs);
      return { outcome: 'error', failures: this.#backoff.failuresOf(key), error, retryInMs };
    }
  }

  #enqueue(key: string): void {
    this.#entering.push(key);
    this.#idle.pop()?.();
  }

  #dequeue(): string | undefined {
    if (this.#leaving.length === 0) {
      this.#leaving = this.#entering.reverse();
      this.#entering = [];
    }
    return this.#leaving.pop();
  }

  /** Starts the timer of a delayed key. */
  #arm(key: string): void {
    const delayed = this.#delayed.get(key);
    if (delayed === undefined) return;
    const leftMs = delayed.dueAtMs - this.#now();
    if (leftMs > longestTimerMs) {
      delayed.timer = setTimeout(() => this.#arm(key), longestTimerMs);
      return;
    }
    delayed.timer = setTimeout(() => {
      this.#delayed.delete(key);
      this.add(key);
    }, leftMs);
  }

  /** The queue stops: no timer is left, and no worker waits. */
  #disarm(): void {
    for (const delayed of this.#delayed.values()) {
      clearTimeout(delayed.timer);
      delayed.timer = undefined;
    }
    for (const wake of this.#idle.splice(0)) wake();
  }
}
