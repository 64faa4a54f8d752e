import type { FunctionModel } from '../api/function.ts';
import { podEvicted, repairPaused } from '../rules/reconcile/notices.ts';
import { missedPods, type ObservedPod } from '../rules/reconcile/observed-pod.ts';
import type { ClusterView } from './cluster-view.ts';
import type { EventRecorder } from './event-recorder.ts';
import { TokenBucket } from './token-bucket.ts';
import { WorkQueue } from './work-queue.ts';

/**
 * Evicts a Pod, through the API that honours disruption budgets. Resolves with
 * whether it was still there; rejects when it is refused.
 */
export type PodEvictor = (pod: ObservedPod, signal: AbortSignal) => Promise<boolean>;

export interface PodRepairOptions {
  readonly view: ClusterView;
  readonly events: EventRecorder;
  readonly evict: PodEvictor;
  readonly perMinute: number;
  /** Told of evictions that were refused; they are tried again. */
  readonly onError: (error: Error) => void;
  /** How long whoever refused an eviction asks to be left alone. */
  readonly requestedPauseMs: (error: unknown) => number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

const firstPauseMs = 60_000;
const longestPauseMs = 16 * 60_000;

/** What eviction did for one Function so far. */
interface Progress {
  /** Of the Function: one that is made anew under its name is another one. */
  readonly functionUid: string | undefined;
  /** Uids of the pods that were there when one was evicted last; others came after it. */
  known: ReadonlySet<string>;
  pauses: number;
  pausedUntilMs: number;
}

/**
 * Brings function pods that were not admitted into their mode, by having them made
 * anew: one after another at a limited rate, and only those that somebody
 * replaces. Where a replacement is not admitted either, evicting more would only
 * go round in circles, so that it pauses.
 */
export class PodRepair {
  readonly #options: PodRepairOptions;
  readonly #queue: WorkQueue;
  readonly #bucket: TokenBucket;
  /** By Function. */
  readonly #progress = new Map<string, Progress>();

  constructor(options: PodRepairOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket({
      perSecond: options.perMinute / 60,
      burst: 1,
      now: options.now,
    });
    this.#queue = new WorkQueue({
      concurrency: 1,
      now: options.now,
      process: async (key, signal) => this.#repair(key, signal),
      retryDelayMs: (error, backoffMs) => Math.max(backoffMs, options.requestedPauseMs(error)),
      onResult: ({ error }) => {
        if (error instanceof Error) options.onError(error);
      },
    });
  }

  /** Looks at the pods of a Function. */
  consider(namespace: string, name: string): void {
    const { view } = this.#options;
    const fn = view.function(namespace, name);
    if (fn === undefined) {
      this.#progress.delete(`${namespace}/${name}`);
      return;
    }
    const { pods } = view.surroundings(fn);
    this.#noteAdmitted(fn, pods);
    for (const pod of replaceable(pods)) this.#queue.add(`${pod.namespace}/${pod.name}`);
  }

  async run(signal: AbortSignal): Promise<void> {
    await this.#queue.run(signal);
    this.#progress.clear();
  }

  async #repair(key: string, signal: AbortSignal): Promise<{ requeueAfterMs?: number }> {
    const { view, events, evict } = this.#options;
    const found = this.#find(key);
    if (found === undefined) return {};
    const { pod, fn } = found;
    const { pods } = view.surroundings(fn);
    const pauseMs = this.#pauseMs(fn, pods);
    if (pauseMs > 0) return { requeueAfterMs: pauseMs };
    // One look at the clock decides: by a second one there might be a token that nobody took.
    const waitMs = this.#bucket.waitMs();
    if (waitMs > 0) return { requeueAfterMs: waitMs };
    this.#bucket.reserve();
    const wasThere = await evict(pod, signal);
    // With the pods from before: the replacement may be there already.
    this.#remember(fn, pods);
    this.#noteAdmitted(fn, view.surroundings(fn).pods);
    if (wasThere) events.happened(fn, podEvicted(pod.name), pod.uid);
    return {};
  }

  /** The Pod, if it still is one to be evicted. */
  #find(key: string): { pod: ObservedPod; fn: FunctionModel } | undefined {
    const [namespace = '', name = ''] = key.split('/', 2);
    const found = this.#options.view.pod(namespace, name);
    // Pods of a Function that is being deleted go with it.
    if (found === undefined || found.fn.isDeleting) return undefined;
    return replaceable([found.pod]).length === 0 ? undefined : found;
  }

  /** How long to leave a Function's pods alone; 0 when one may be evicted now. */
  #pauseMs(fn: FunctionModel, pods: readonly ObservedPod[]): number {
    this.#noteAdmitted(fn, pods);
    const { now, events } = this.#options;
    const progress = this.#progressOf(fn);
    if (progress === undefined) return 0;
    const stillMs = progress.pausedUntilMs - now();
    if (stillMs > 0) return stillMs;
    const [replacement] = replaceable(newcomers(pods, progress));
    if (replacement === undefined) return 0;
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(progress.pauses, 10));
    progress.pauses += 1;
    progress.pausedUntilMs = now() + pauseMs;
    // After the pause one is tried again, and its replacement is the newcomer then.
    progress.known = uidsOf(pods);
    events.happened(fn, repairPaused(replacement.name), '');
    return pauseMs;
  }

  /**
   * Ends a pause as soon as pods are admitted again. That none is missed is no sign
   * of it: the only one may have just been evicted.
   */
  #noteAdmitted(fn: FunctionModel, pods: readonly ObservedPod[]): void {
    const progress = this.#progressOf(fn);
    if (progress === undefined) return;
    const since = newcomers(pods, progress);
    const lastMissed = replaceable(since).reduce<string | undefined>(later, undefined);
    const isAdmittedAgain = since.some(
      ({ mode, createdAt }) =>
        mode !== undefined && (lastMissed === undefined || createdAt > lastMissed),
    );
    if (isAdmittedAgain) this.#progress.delete(keyOf(fn));
  }

  #progressOf(fn: FunctionModel): Progress | undefined {
    const progress = this.#progress.get(keyOf(fn));
    return progress?.functionUid === fn.uid ? progress : undefined;
  }

  /** One was evicted while these pods were there. */
  #remember(fn: FunctionModel, pods: readonly ObservedPod[]): void {
    const before = this.#progressOf(fn);
    this.#progress.set(keyOf(fn), {
      functionUid: fn.uid,
      known: uidsOf(pods),
      pauses: before?.pauses ?? 0,
      pausedUntilMs: before?.pausedUntilMs ?? 0,
    });
  }
}

/** Pods that were not admitted and that somebody replaces when they go. */
function replaceable(pods: readonly ObservedPod[]): ObservedPod[] {
  return missedPods(pods).filter(({ hasController }) => hasController);
}

/** Pods that came after the last one was evicted. */
function newcomers(pods: readonly ObservedPod[], { known }: Progress): ObservedPod[] {
  return pods.filter(({ uid }) => !known.has(uid));
}

function later(time: string | undefined, { createdAt }: ObservedPod): string {
  return time !== undefined && time > createdAt ? time : createdAt;
}

function uidsOf(pods: readonly ObservedPod[]): ReadonlySet<string> {
  return new Set(pods.map(({ uid }) => uid));
}

function keyOf({ namespace, name }: FunctionModel): string {
  return `${namespace}/${name}`;
}
