import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/cluster/*.cluster-test.ts'],
    // One control plane, one thing at a time: what a test waits for is then its own doing.
    fileParallelism: false,
    sequence: { concurrent: false },
    // A test ends when its condition holds; the limits only turn a hang into a failure.
    testTimeout: 180_000,
    // The first run may have to build the programs.
    hookTimeout: 3_600_000,
  },
});
