import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // They wait for disks and processes a fifth of their time: one more than the two cores of the smallest machine.
    maxWorkers: 3,
    setupFiles: ['test/support/setup.ts'],
  },
});
