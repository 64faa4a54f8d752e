import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/image/*.image-test.ts'],
    fileParallelism: false,
    // A test ends when its condition holds; the limits only turn a hang into a failure.
    testTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    // The first run may have to make a base image and download every package.
    hookTimeout: 1_800_000,
  },
});
