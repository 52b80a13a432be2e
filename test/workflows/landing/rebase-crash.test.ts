import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { isAppError } from '../../../src/errors.ts';
import type { Context } from '../../../src/workflows/context.ts';
import { findSession } from '../../../src/workflows/find-session.ts';
import { rebaseSession } from '../../../src/workflows/landing/rebase.ts';
import { abortRebase, continueRebase } from '../../../src/workflows/landing/rebase-conflict.ts';
import { readSession } from '../../../src/workflows/summaries.ts';
import { bundle } from '../../support/bundle.ts';
import { exec, git, sh, tempDir } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { makeRebaseWorld, type RebaseWorld } from './rebase-world.ts';
import { checkoutOf } from './world.ts';

/** How many crash points are passed over; CRASH_STEP=1 tries them all. */
const STEP = Number(process.env['CRASH_STEP'] ?? 80);
/** Calls are counted in each process apart, and a git makes few of them: those come closer. */
const after = (n: number): number => n + (n < 10 ? Math.min(STEP, 3) : STEP);
const TIMEOUT = { timeout: process.env['CRASH_STEP'] ? 7_200_000 : 600_000 };
const CALLS = 'rename,renameat,renameat2,mkdir,mkdirat,unlink,unlinkat,rmdir,fsync,fdatasync,link,linkat,symlink,chmod';
const hasStrace = process.platform === 'linux' && existsSync('/usr/bin/strace');

let program = '';
beforeAll(async () => {
  if (!hasStrace) return;
  program = await bundle(`
    import { withContext } from './src/workflows/context.ts';
    import { findSession } from './src/workflows/find-session.ts';
    import { rebaseSession } from './src/workflows/landing/rebase.ts';
    import { abortRebase, continueRebase, skipCommit } from './src/workflows/landing/rebase-conflict.ts';
    const [, , verb, dir, id] = process.argv;
    const verbs = {
      start: (ctx, which) => rebaseSession(ctx, which, { onto: 'main', fetch: false }),
      continue: continueRebase, skip: skipCommit, abort: abortRebase,
    };
    await withContext({ dir }, async (ctx) => verbs[verb](ctx, await findSession(ctx, id, dir)));`);
});

/** The program, or a git that it started, dies at the n-th call that changes the disk. True: it came to its end. */
const dieAt = async (n: number, args: string[]): Promise<boolean> => {
  const how = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${CALLS}`, '-e', `inject=${CALLS}:signal=KILL:when=${n}`];
  return (await exec('/', 'strace', [...how, process.execPath, program, ...args])).exitCode === 0;
};

const FIRST = 'one\nUP and A1\nthree\n';
const SECOND = 'one\nUP and A2\nthree\n';

/** Two conflicts one after the other; the first or the second one waits where a verb is to go on from it. */
const prepared = async (how: 'fresh' | 'waiting' | 'last') => {
  const w = await makeRebaseWorld();
  await w.byHand('a.txt', 'one\nA1\nthree\n', 'A1');
  await w.byHand('x.txt', 'x\n', 'X');
  await w.byHand('a.txt', 'one\nA2\nthree\n', 'A2');
  const up = await w.upstream('a.txt', 'one\nUP\nthree\n');
  const before = await w.whole();
  if (how !== 'fresh') await w.rebase('main');
  if (how === 'last') {
    w.write('a.txt', FIRST);
    await w.goOn();
  }
  await w.ctx.store.close();
  const copy = join(tempDir('amp-copy-'), 'repo');
  await sh('/', `cp -a '${w.dir}' '${copy}'`);
  const restore = async () => {
    rmSync(w.dir, { recursive: true });
    await sh('/', `cp -a '${copy}' '${w.dir}'`);
  };
  return Object.assign(w, {
    up,
    decides: how === 'last' ? SECOND : FIRST,
    tip: await w.rev(w.branch),
    before,
    restore,
    users: await checkoutOf(w.dir),
  });
};

type Prepared = Awaited<ReturnType<typeof prepared>>;

/** The next command of the session, which is to put things in order; what it says. */
const next = async (w: RebaseWorld): Promise<{ ctx: Context & { warnings: string[] }; waits: boolean }> => {
  const ctx = await contextIn(w.dir);
  const which = await findSession(ctx, w.id, w.dir);
  try {
    await rebaseSession(ctx, which, { onto: w.branch, fetch: false });
    return { ctx, waits: false };
  } catch (error) {
    if (!isAppError(error, 'landing.conflict')) throw error;
    return { ctx, waits: true };
  }
};

const fsck = async (dir: string): Promise<void> => {
  const ran = await sh(dir, 'git fsck --full --strict --no-dangling 2>&1');
  expect(ran.exitCode, ran.stdout).toBe(0);
};

/** Every crash point of a verb, with what has to hold after each. */
const everyPoint = async (
  w: Prepared,
  verb: string,
  check: (w: Prepared, now: Awaited<ReturnType<typeof next>>) => Promise<void>,
): Promise<number> => {
  for (let n = 1; ; n = after(n)) {
    expect(n).toBeLessThan(3000);
    await w.restore();
    if (verb === 'continue') w.write('a.txt', w.decides);
    const survived = await dieAt(n, [verb, w.dir, w.id]);
    const now = await next(w);
    const what = `${verb}, killed at call ${n}: ${now.ctx.warnings.join(' ')}`;
    await check(w, now).catch((error: Error) => {
      error.message = `${what}\n${error.message}`;
      throw error;
    });
    expect(await checkoutOf(w.dir), what).toBe(w.users);
    expect((await readSession(now.ctx, w.id)).openOperation, what).toBeNull();
    await fsck(w.dir);
    await now.ctx.store.close();
    if (survived) return n;
  }
};

/** Whatever waits now can be given up, and then everything is as it was. */
const canGoBack = async (w: Prepared, { ctx, waits }: Awaited<ReturnType<typeof next>>): Promise<void> => {
  if (waits) await abortRebase(ctx, await findSession(ctx, w.id, w.dir));
  expect(await w.whole()).toBe(w.before);
};

const goOn = async (w: Prepared, ctx: Context, text: string) => {
  w.write('a.txt', text);
  return (await continueRebase(ctx, await findSession(ctx, w.id, w.dir))).answer;
};

describe.skipIf(!hasStrace)('killed at any call that changes the disk', () => {
  it('a rebase that meets a conflict: it waits, or all is as before', TIMEOUT, async () => {
    const w = await prepared('fresh');
    expect(await everyPoint(w, 'start', canGoBack)).toBeGreaterThan(9);
  });

  it('--abort: it is finished, or the conflict still waits', TIMEOUT, async () => {
    const w = await prepared('waiting');
    expect(await everyPoint(w, 'abort', canGoBack)).toBeGreaterThan(9);
  });

  it('--continue: the conflict still waits with its resolution, or the next one does', TIMEOUT, async () => {
    const w = await prepared('waiting');
    const points = await everyPoint(w, 'continue', async (_, { ctx, waits }) => {
      expect(waits).toBe(true);
      const { conflict } = await readSession(ctx, w.id);
      if (conflict!.remaining.length === 2) {
        expect(w.read('a.txt')).toBe(FIRST);
        expect((await goOn(w, ctx, FIRST)).state).toBe('conflicted');
      }
      expect(await w.status()).toBe('UU a.txt');
      expect((await goOn(w, ctx, SECOND)).state).toBe('rebased');
      expect(await w.subjects(`${w.up}..${w.branch}`)).toEqual(['A2', 'X', 'A1']);
      expect(await git(w.dir, 'show', `${w.branch}~2:a.txt`)).toBe(FIRST.trimEnd());
      expect([await w.status(), await git(w.worktree, 'branch', '--show-current')]).toEqual(['', w.branch]);
    });
    expect(points).toBeGreaterThan(9);
  });

  it('--continue of the last one: it still waits with its resolution, or the rebase is finished', TIMEOUT, async () => {
    const w = await prepared('last');
    const points = await everyPoint(w, 'continue', async (_, { ctx, waits }) => {
      expect(w.read('a.txt')).toBe(SECOND);
      if (waits) expect((await goOn(w, ctx, SECOND)).state).toBe('rebased');
      expect(await w.subjects(`${w.up}..${w.branch}`)).toEqual(['A2', 'X', 'A1']);
      expect([await w.status(), await git(w.worktree, 'branch', '--show-current')]).toEqual(['', w.branch]);
      expect((await readSession(ctx, w.id)).operations).toMatchObject([{ verb: 'rebase', undone: false }]);
    });
    expect(points).toBeGreaterThan(9);
  });

  it('--skip: the conflict still waits, or the next one does', TIMEOUT, async () => {
    const w = await prepared('waiting');
    const points = await everyPoint(w, 'skip', async (_, { ctx, waits }) => {
      expect(waits).toBe(true);
      expect(await w.status()).toBe('UU a.txt');
      const { conflict } = await readSession(ctx, w.id);
      const isFirst = conflict!.remaining.length === 2;
      expect((await goOn(w, ctx, 'one\nDecided\nthree\n')).state).toBe(isFirst ? 'conflicted' : 'rebased');
      if (isFirst) expect((await goOn(w, ctx, 'one\nDecided again\nthree\n')).state).toBe('rebased');
      expect(await w.subjects(`${w.up}..${w.branch}`)).toEqual(isFirst ? ['A2', 'X', 'A1'] : ['A2', 'X']);
      expect([await w.status(), await git(w.worktree, 'branch', '--show-current')]).toEqual(['', w.branch]);
    });
    expect(points).toBeGreaterThan(9);
  });
});
