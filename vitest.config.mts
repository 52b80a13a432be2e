import { statfsSync } from 'node:fs';
import { configDefaults, defineConfig } from 'vitest/config';

/** Bytes that the temporary folders of a whole run may need. */
const ROOM = 4 * 2 ** 30;

const isRoomy = (dir: string): boolean => {
  try {
    const { bavail, bsize } = statfsSync(dir);
    return bavail * bsize > ROOM;
  } catch {
    return false;
  }
};

// What tests write is synced to disk over and over, which costs a fifth of their time; memory takes it at once.
if (process.platform === 'linux' && process.env['TMPDIR'] === undefined && isRoomy('/dev/shm'))
  process.env['TMPDIR'] = '/dev/shm';

/** Rooms whose tests keep to themselves: they may share a process, which saves starting one for each file. */
const QUIET = ['events', 'session', 'batch', 'bench', 'cli', 'config'].map((room) => `test/${room}/**/*.test.ts`);

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // They wait for disks and processes a fifth of their time: one more than the two cores of the smallest machine.
    maxWorkers: 3,
    setupFiles: ['test/support/setup.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'apart', include: ['test/**/*.test.ts'], exclude: [...configDefaults.exclude, ...QUIET] },
      },
      { extends: true, test: { name: 'together', include: QUIET, isolate: false } },
    ],
  },
});
