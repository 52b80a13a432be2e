import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startDetached } from '../../src/process/detached.ts';
import { tempDir } from '../support/repo.ts';

const until = async (file: string): Promise<string> => {
  for (let tries = 0; tries < 400 && !existsSync(file); tries++) await sleep(25);
  return readFileSync(file, 'utf8');
};

it.skipIf(process.platform !== 'linux')('runs in a session of its own, with no terminal and no input', async () => {
  const dir = tempDir('amp-detached-');
  const file = join(dir, 'said');
  const script = `{ cat; ps -o sid= -p $$; echo "$WHO"; echo $$; } > '${file}.new'; mv '${file}.new' '${file}'`;
  startDetached({ command: '/bin/sh', args: ['-c', script], cwd: dir, env: { ...process.env, WHO: 'me' } });
  const [session, who, pid] = (await until(file)).trim().split('\n');
  expect([session?.trim(), who]).toEqual([pid, 'me']);
});

it('says nothing when there is no such program', async () => {
  startDetached({ command: '/nowhere/at-all', args: [], cwd: tempDir(), env: {} });
  startDetached({ command: '/bin/sh', args: ['-c', 'true'], cwd: '/nowhere/at-all', env: {} });
  await sleep(50);
});
