/** Largest message that a proxy takes where nothing else is said: far above the 4 MiB of daprd. */
export const defaultMaxMessageBytes = 64 * 1024 ** 2;

/** The most that can be said. */
export const largestMessageBytes = 2 * 1024 ** 3;

const heldMaxBytes = 1024 ** 3;

/**
 * How many bytes a proxy holds at most where nothing else is said: a quarter of its memory.
 * Around what is held come Node itself, buffers that are not collected yet, and answers: a
 * proxy that is flooded takes some three times as much in all.
 *
 * @param constrainedBytes what the container may take; 0 or more than there is where nothing limits it
 * @param machineBytes what the machine has
 */
export function defaultMaxHeldBytes(constrainedBytes: number, machineBytes: number): number {
  const memory = Math.min(constrainedBytes || machineBytes, machineBytes);
  return Math.min(heldMaxBytes, Math.floor(memory / 4));
}
