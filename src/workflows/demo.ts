import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../errors.ts';
import type { LogEvent } from '../events/catalogue.ts';
import { commitWorktree } from '../git/commits.ts';
import { initRepository } from '../git/init.ts';
import { headOf } from '../git/refs.ts';
import { verdictOf } from '../session/conclusions.ts';
import { parseAgent } from './choices.ts';
import { type Context, openContext } from './context.ts';
import { demoFiles, demoPrompt, demoScript } from './demo-script.ts';
import { findSession } from './find-session.ts';
import type { Interrupts } from './interrupts.ts';
import { type IterateStep, iterate } from './iterate.ts';
import { mergeSession } from './landing/merge.ts';
import { newSession } from './new-session.ts';

export interface DemoResult {
  repository: string;
  session: string;
  name: string;
  branch: string;
  worktree: string;
  iterations: {
    iteration: number;
    commit: string | null;
    subject: string | null;
    tests: 'none' | 'passed' | 'failed';
  }[];
  /** How the work landed; null when the tests never passed. */
  merged: { target: string; commit: string; squashed: number } | null;
}

export interface DemoOptions {
  /** Where to put the repository; a new temporary folder else. */
  dir?: string;
  env: Record<string, string | undefined>;
  interrupts: Interrupts;
  onRepository?(dir: string): void;
  onSession?(session: { id: string; branch: string; worktree: string }): void;
  onStep?(step: IterateStep): void;
  onMerge?(): Promise<void>;
  onEvent?(event: LogEvent): void;
  warn?(text: string): void;
}

const place = async (dir: string | undefined): Promise<string> => {
  if (dir === undefined) return realpath(await mkdtemp(join(tmpdir(), 'amp-sessions-demo-')));
  if (existsSync(dir))
    throw new AppError('usage.invalid', `${dir} exists already.`, { hint: 'Name a folder that does not exist yet.' });
  await mkdir(dir, { recursive: true });
  return realpath(dir);
};

/**
 * A whole session in a throw-away repository, offline: the scripted agent makes a mistake, the tests fail, it is
 * given their output, the tests pass, and the work is merged onto what happened on main meanwhile. The same verbs as
 * ever, on real files and real git; the repository stays.
 */
export const demo = async (options: DemoOptions): Promise<DemoResult> => {
  const dir = await place(options.dir);
  try {
    await initRepository(dir, { files: demoFiles, message: 'A module that converts degrees', branch: 'main' });
    await writeFile(join(dir, '.git', 'demo-agent.yaml'), demoScript);
  } catch (error) {
    if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
    throw error;
  }
  options.onRepository?.(dir);
  const ctx = await openContext({ dir, env: options.env, warn: options.warn });
  try {
    return await play(ctx, dir, options);
  } finally {
    await ctx.store.close();
  }
};

const play = async (ctx: Context, dir: string, options: DemoOptions): Promise<DemoResult> => {
  const agent = parseAgent(`scripted:${join(dir, '.git', 'demo-agent.yaml')}`, null);
  const made = await newSession(ctx, {
    name: 'to-celsius',
    prompt: demoPrompt,
    base: null,
    agent,
    test: 'node --test',
    setup: null,
    interrupts: options.interrupts,
  });
  const { id, name, branch } = made.session;
  options.onSession?.({ id, branch, worktree: made.worktree });
  const result = await iterate(ctx, {
    id,
    name,
    prompt: null,
    timeoutSec: null,
    untilPass: true,
    maxIterations: 3,
    interrupts: options.interrupts,
    onEvent: options.onEvent,
    onStep: options.onStep,
  });
  if (result.interrupted)
    throw new AppError('interrupted', 'The demo was interrupted.', { hint: `What it made is in ${dir}.` });
  const iterations = result.session.iterations.map(({ iteration, commit, subject, tests }) => ({
    iteration,
    commit,
    subject,
    tests: verdictOf(tests),
  }));
  const passed = iterations.at(-1)?.tests === 'passed';
  const merged = passed ? await land(ctx, dir, { ...made.session, options }) : null;
  return { repository: dir, session: id, name, branch, worktree: made.worktree, iterations, merged };
};

/** Somebody has worked on main meanwhile, as somebody always has: the session's work lands on top of that. */
const land = async (
  ctx: Context,
  dir: string,
  { id, options }: { id: string; options: DemoOptions },
): Promise<DemoResult['merged']> => {
  await writeFile(join(dir, 'CHANGELOG.md'), '# Changes\n\n- Degrees Celsius to Fahrenheit.\n');
  const { commit: parent } = await headOf(ctx.repo);
  const checkout = { path: dir, gitDir: ctx.repo.commonDir };
  await commitWorktree(ctx.repo, checkout, {
    branch: 'main',
    parent: parent!,
    message: 'A list of changes',
    leaveOut: [],
  });
  await options.onMerge?.();
  const which = await findSession(ctx, id, dir);
  const wish = { squash: true, noFf: false, skipTests: false, dryRun: false, interrupts: options.interrupts };
  const { target, commit, squashed } = await mergeSession(ctx, which, wish);
  return { target, commit, squashed };
};
