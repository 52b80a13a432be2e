import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConfigKey } from '../config/load.ts';
import { isHooksTrusted, trustHooks } from '../config/trust.ts';
import { AppError } from '../errors.ts';
import { effectiveHooks } from '../git/effective-hooks.ts';
import { type HookRun, runHook } from '../git/guard.ts';
import type { Worktree } from '../git/repository.ts';
import type { Context } from './context.ts';
import type { Journal } from './journal.ts';
import { redactedTail } from './program-output.ts';

/** Time that one hook may take. */
const HOOK_MS = 5 * 60_000;

/** Over the names, bytes and modes of the hooks that git would run in a checkout. */
const hooksHash = async (ctx: Context, wt: Worktree | null): Promise<{ hash: string; names: string[] }> => {
  const entries = Object.entries(await effectiveHooks(ctx.repo, wt)).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    hash: createHash('sha256').update(JSON.stringify(entries)).digest('hex'),
    names: entries.map(([name]) => name),
  };
};

/** Lets the repository's hooks, as they are now, run on the session's commits. */
export const trustRepositoryHooks = async (ctx: Context): Promise<{ hooks: string[]; sha256: string }> => {
  const { hash, names } = await hooksHash(ctx, ctx.repo.here);
  await trustHooks(ctx.repo.root, hash, ctx.home);
  return { hooks: names, sha256: hash };
};

const judgeHooks = async (ctx: Context, wt: Worktree | null): Promise<{ names: string[]; trusted: boolean }> => {
  const { hash, names } = await hooksHash(ctx, wt);
  return { names, trusted: names.length === 0 || isHooksTrusted(ctx.repo.root, hash, ctx.home) };
};

/**
 * With `commit.hooks`, the hooks have to be trusted as they are; asked before the agent starts, so that nothing is
 * half done. @throws AppError `config.untrusted`
 */
export const requireTrustedHooks = async (ctx: Context): Promise<void> => {
  if (ctx.config.config.commit.sign) ctx.config.requireTrust(['commit.sign']);
  if (!ctx.config.config.commit.hooks) return;
  ctx.config.requireTrust(['commit.hooks']);
  const { names, trusted } = await judgeHooks(ctx, ctx.repo.here);
  if (trusted) return;
  throw new AppError(
    'config.untrusted',
    `\`commit.hooks\` is on, and you have not trusted the hooks as they are now (${names.join(', ')}).`,
    {
      hint: 'Read them, then run `amp-sessions config trust --hooks`.',
    },
  );
};

/**
 * Runs the user's `pre-commit` and `commit-msg` on an iteration's work, as `git commit` would, when the setting is on.
 * A hook may change files and the message. One that fails is on record and gates the iteration, but nothing is lost:
 * the work is committed all the same.
 */
export const runCommitHooks = async (
  ctx: Context,
  journal: Journal,
  wt: Worktree,
  work: { iteration: number; message: string },
): Promise<string> => {
  if (!ctx.config.config.commit.hooks || isUntrusted(ctx, 'commit.hooks')) return work.message;
  // Looked at again: the agent ran since they were asked for, and a commit is also made to put a crash in order.
  const { names, trusted } = await judgeHooks(ctx, wt);
  if (!trusted) {
    await reportUntrusted(journal, work.iteration, names);
    return work.message;
  }
  const dir = await mkdtemp(join(tmpdir(), 'amp-sessions-'));
  try {
    const file = join(dir, 'COMMIT_EDITMSG');
    await writeFile(file, work.message);
    const before = await runHook(ctx.repo, wt, 'pre-commit', [], { timeoutMs: HOOK_MS });
    await report(ctx, journal, work.iteration, 'pre-commit', before);
    const after = await runHook(ctx.repo, wt, 'commit-msg', [file], { timeoutMs: HOOK_MS });
    await report(ctx, journal, work.iteration, 'commit-msg', after);
    return after.exitCode === 0 ? await readFile(file, 'utf8') : work.message;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};

/**
 * Whether git may run the user's `pre-push` hook: with `commit.hooks`, when the hooks are trusted as they are. Says so
 * when there is one that does not run, because what it does (Git LFS uploads its files in it) is missing then.
 * @throws AppError `config.untrusted`
 */
export const mayRunPushHook = async (ctx: Context, wt: Worktree): Promise<boolean> => {
  const { names, trusted } = await judgeHooks(ctx, wt);
  if (!names.includes('pre-push')) return false;
  if (!ctx.config.config.commit.hooks || isUntrusted(ctx, 'commit.hooks')) {
    ctx.warn('Your pre-push hook does not run: that takes `amp-sessions config set commit.hooks true`.');
    return false;
  }
  if (trusted) return true;
  throw new AppError('config.untrusted', 'You have not trusted your pre-push hook as it is now.', {
    hint: 'Read it, then run `amp-sessions config trust --hooks`.',
  });
};

const isUntrusted = (ctx: Context, key: ConfigKey): boolean => {
  try {
    ctx.config.requireTrust([key]);
    return false;
  } catch {
    return true;
  }
};

/** Gates the iteration like a hook that refuses: an agent that changes the hooks does not get past them. */
const reportUntrusted = async (journal: Journal, iteration: number, names: string[]): Promise<void> => {
  const hook = names.find((name) => name === 'pre-commit' || name === 'commit-msg') ?? names[0]!;
  const outputTail = `not run: the hooks (${names.join(', ')}) are not as you trusted them`;
  const ended = { exitCode: null, signal: null, timedOut: false, durationMs: 0 };
  await journal.record([{ type: 'hook.finished', by: 'program', data: { iteration, hook, ...ended, outputTail } }]);
};

const report = async (ctx: Context, journal: Journal, iteration: number, hook: string, ran: HookRun): Promise<void> => {
  const { exitCode, signal, timedOut, durationMs, tail } = ran;
  const outputTail = await redactedTail(ctx.redact, tail);
  const data = { iteration, hook, exitCode, signal, timedOut, durationMs: Math.round(durationMs), outputTail };
  await journal.record([{ type: 'hook.finished', by: 'program', data }]);
};
