import { expect, test } from 'vitest';
import { run } from '../../src/process/run.ts';

test('a limit longer than a timer can take is no limit of a millisecond', async () => {
  const options = {
    command: '/bin/sh',
    args: ['-c', 'sleep 0.2; echo done'],
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
  };
  const ran = await run({ ...options, timeoutMs: 40 * 86_400_000 });
  expect([ran.timedOut, ran.stdout.toString()]).toEqual([false, 'done\n']);
  expect((await run({ ...options, timeoutMs: 20 })).timedOut).toBe(true);
});
