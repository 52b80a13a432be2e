import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { exec, sh, tempDir } from '../support/repo.ts';
import { program as executable } from './support.ts';

/** How many crash points are passed over; CRASH_STEP=1 tries them all, which takes minutes. */
export const stepOf = (usual: number): number => Number(process.env['CRASH_STEP'] ?? usual);
export const TIMEOUT = { timeout: process.env['CRASH_STEP'] ? 3_600_000 : 300_000 };

/** System calls after which the disk is another; the calls of node's own start are not among them. */
const CALLS = 'rename,renameat,renameat2,mkdir,mkdirat,unlink,unlinkat,rmdir,fsync,fdatasync,link,linkat,symlink,chmod';

export const hasStrace = process.platform === 'linux' && existsSync('/usr/bin/strace');

/** Finer, and only for git: every file opened, written and closed. */
const GIT_CALLS = `openat,write,close,ftruncate,${CALLS}`;

const strace = (calls: string, n: number): string[] => [
  ...['strace', '-f', '-qq', '-o', '/dev/null'],
  ...['-e', `trace=${calls}`, '-e', `inject=${calls}:signal=KILL:when=${n}`],
];

/** Runs the program, which is killed (it, or a git that it started) at the n-th call that changes the disk. */
export const dieAt = async (n: number, program: string, args: string[]): Promise<boolean> => {
  const [command, ...rest] = strace(CALLS, n);
  return (await exec('/', command!, [...rest, process.execPath, program, ...args])).exitCode === 0;
};

/** The same, but only gits die, each at its n-th call. */
export const gitDiesAt = async (n: number, program: string, args: string[]): Promise<boolean> => {
  const dir = tempDir('amp-dying-');
  const real = (await sh('/', 'command -v git')).stdout.trim();
  executable(join(dir, 'git'), `exec ${strace(GIT_CALLS, n).join(' ')} '${real}' "$@"`);
  const env = { ...process.env, PATH: `${dir}:${process.env['PATH']}` };
  return (await exec('/', process.execPath, [program, ...args], env)).exitCode === 0;
};

/** Calls `round` with crash point after crash point, until one lies behind the end of the work. */
export const everyPoint = async (step: number, round: (n: number) => Promise<boolean>): Promise<number> => {
  for (let n = 1; ; n += step) {
    expect(n).toBeLessThan(2000);
    if (await round(n)) return n;
  }
};

export const fsck = async (dir: string): Promise<void> => {
  const ran = await sh(dir, 'git fsck --full --strict --no-dangling');
  expect(ran.exitCode, ran.stderr).toBe(0);
};

export const leftovers = async (dir: string): Promise<string> =>
  (
    await sh(
      dir,
      'find . \\( -name "*.lock" -o -name "*.removed.*" -o -path "./.git/amp/tmp/*" \\) ! -path "./.git/amp/locks/*"',
    )
  ).stdout;
