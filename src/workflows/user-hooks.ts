import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isHooksTrusted, trustHooks } from '../config/trust.ts';
import { AppError } from '../errors.ts';
import { fingerprint, type HookRun, runHook } from '../git/guard.ts';
import type { Worktree } from '../git/repository.ts';
import type { Context } from './context.ts';
import type { Journal } from './journal.ts';

/** Time that one hook may take. */
const HOOK_MS = 5 * 60_000;

/** Over the names, bytes and modes of the repository's hooks. */
const hooksHash = async (ctx: Context): Promise<{ hash: string; names: string[] }> => {
  const { hooks } = await fingerprint(ctx.repo);
  const entries = Object.entries(hooks).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    hash: createHash('sha256').update(JSON.stringify(entries)).digest('hex'),
    names: entries.map(([name]) => name),
  };
};

/** Lets the repository's hooks, as they are now, run on the session's commits. */
export const trustRepositoryHooks = async (ctx: Context): Promise<{ hooks: string[]; sha256: string }> => {
  const { hash, names } = await hooksHash(ctx);
  await trustHooks(ctx.repo.root, hash, ctx.home);
  return { hooks: names, sha256: hash };
};

/**
 * With `commit.hooks`, the hooks have to be trusted as they are; asked before the agent starts, so that nothing is
 * half done. @throws AppError `config.untrusted`
 */
export const requireTrustedHooks = async (ctx: Context): Promise<void> => {
  if (ctx.config.config.commit.sign) ctx.config.requireTrust(['commit.sign']);
  if (!ctx.config.config.commit.hooks) return;
  ctx.config.requireTrust(['commit.hooks']);
  const { hash, names } = await hooksHash(ctx);
  if (names.length === 0 || isHooksTrusted(ctx.repo.root, hash, ctx.home)) return;
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
  if (!ctx.config.config.commit.hooks) return work.message;
  const dir = await mkdtemp(join(tmpdir(), 'amp-sessions-'));
  try {
    const file = join(dir, 'COMMIT_EDITMSG');
    await writeFile(file, work.message);
    const before = await runHook(ctx.repo, wt, 'pre-commit', [], { timeoutMs: HOOK_MS });
    await report(journal, work.iteration, 'pre-commit', before);
    const after = await runHook(ctx.repo, wt, 'commit-msg', [file], { timeoutMs: HOOK_MS });
    await report(journal, work.iteration, 'commit-msg', after);
    return after.exitCode === 0 ? await readFile(file, 'utf8') : work.message;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};

const report = async (journal: Journal, iteration: number, hook: string, ran: HookRun): Promise<void> => {
  const { exitCode, signal, timedOut, durationMs, tail } = ran;
  const outputTail = tail.toString('utf8');
  const data = { iteration, hook, exitCode, signal, timedOut, durationMs: Math.round(durationMs), outputTail };
  await journal.record([{ type: 'hook.finished', by: 'program', data }]);
};
