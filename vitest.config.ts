import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Generous, because a test ends when its condition holds and not when a
    // clock says so: the limit only turns a hang into a failure.
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
