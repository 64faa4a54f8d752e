/** What a drain looks at. */
export interface DrainState {
  readonly inFlight: number;
  readonly waiting: number;
  /** By the monotonic clock. */
  readonly lastDeliveryAt: number;
  readonly connections: number;
  readonly wasCalled: boolean;
}

export interface Drained {
  state(): DrainState;
  /** From now on nothing waits, and nothing new is taken. */
  refuseNew(): void;
}

export interface DrainLimits {
  /** After so long without a delivery daprd is taken to have none left. */
  readonly quietMs: number;
  /** How long all of it may take. */
  readonly graceMs: number;
}

/** What is left to those in flight when nothing else is taken any more. */
const lastMs = 2_000;
const lookEveryMs = 25;

/**
 * Waits until nothing is left to do. SIGTERM reaches daprd at the same time, and daprd
 * goes on delivering for a while, so that nothing is refused: it ends when all that
 * came is answered, and either daprd has closed its connections or nothing has come
 * for a while. Near the end of the grace period what waits for a pod is refused, and so
 * is what comes.
 *
 * @returns what is still in flight when the grace period is over; 0 is a clean end
 */
export async function drain(drained: Drained, { quietMs, graceMs }: DrainLimits): Promise<number> {
  const startedAt = performance.now();
  const hadConnections = drained.state().connections > 0;
  const refuseNewAt = startedAt + Math.max(0, graceMs - lastMs);
  let isTaking = true;
  for (;;) {
    const now = performance.now();
    if (isTaking && now >= refuseNewAt) {
      isTaking = false;
      drained.refuseNew();
    }
    const { inFlight, waiting, lastDeliveryAt, connections, wasCalled } = drained.state();
    if (inFlight === 0 && waiting === 0) {
      const isDaprdGone = connections === 0 && (hadConnections || !wasCalled);
      const quietSince = Math.max(startedAt, lastDeliveryAt);
      if (isDaprdGone || !isTaking || now - quietSince >= quietMs) return 0;
    }
    if (now - startedAt >= graceMs) return inFlight;
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}
