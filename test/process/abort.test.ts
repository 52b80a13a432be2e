import { describe, expect, test } from 'vitest';
import { run } from '../../src/process/run.ts';
import { tempDir } from '../support/repo.ts';

describe.skipIf(process.platform === 'win32')('a run that is aborted while it is being started', () => {
  test.each([true, false])('is ended all the same (contained: %s)', async (contain) => {
    const abort = new AbortController();
    const running = run({
      command: '/bin/sh',
      args: ['-c', 'sleep 30'],
      cwd: tempDir(),
      env: { PATH: '/usr/bin:/bin' },
      contain,
      signal: abort.signal,
    });
    abort.abort();
    expect(await running).toMatchObject({
      exitCode: null,
      signal: expect.stringMatching(/SIG(TERM|KILL)/),
      timedOut: false,
    });
  });
});
