/** How often a condition is looked at. */
const pollMs = 50;

/** Generous: the limit only turns a hang into a failure. */
const defaultTimeoutMs = 60_000;

/**
 * Waits until a condition holds.
 *
 * @param what is waited for, for the error
 * @throws when it does not hold in time
 */
export async function until(
  what: string,
  condition: () => Promise<boolean>,
  timeoutMs: number = defaultTimeoutMs,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
