import { vi } from 'vitest';

/** Waits until the expectation holds. The limit is for hangs alone. */
export async function until(expectation: () => unknown): Promise<void> {
  await vi.waitFor(expectation, { timeout: 20_000, interval: 5 });
}
