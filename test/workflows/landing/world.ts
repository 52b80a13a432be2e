import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findSession } from '../../../src/workflows/find-session.ts';
import type { NewSession } from '../../../src/workflows/new-session.ts';
import { readSession } from '../../../src/workflows/summaries.ts';
import { git, makeRepo, type RepoOptions, sh } from '../../support/repo.ts';
import { contextIn, make, runOnce } from '../../support/sessions.ts';

/** The agent's work: one more line in a file of its own, at each iteration. */
export const APPENDS =
  'command:cat > /dev/null; echo "line $AMP_SESSIONS_ITERATION" >> agent.txt; echo "Added line $AMP_SESSIONS_ITERATION."';

/** Everything of a checkout that a person would notice. */
export const checkoutOf = async (dir: string): Promise<string> => {
  const files = await sh(
    dir,
    'find . -path ./.git -prune -o -path ./.worktrees -prune -o \\( -type f -o -type l \\) -printf "%p %m " -exec git hash-object --no-filters {} \\; | sort',
  );
  const index = await git(dir, 'ls-files', '--stage');
  const head = await sh(dir, 'cat .git/HEAD; git rev-parse HEAD');
  const status = await git(dir, 'status', '--porcelain=v2', '--untracked-files=all');
  return [files.stdout, index, head.stdout, status].join('\n--\n');
};

/** A repository with a session whose agent adds a line at each iteration; people work beside it. */
export const makeWorld = async (options: RepoOptions & { session?: Partial<NewSession>; line?: string } = {}) => {
  const { session: over, line, ...repo } = options;
  const dir = await makeRepo(repo);
  const ctx = await contextIn(dir);
  const made = await make(ctx, {
    name: 'task',
    prompt: 'Add lines to the file',
    agent: { name: 'command', mode: null, command: (line ?? APPENDS).replace(/^command:/, '') },
    ...over,
  });
  const { id, branch } = made.session;
  const { worktree } = made;
  const commitIn = async (cwd: string, path: string, text: string, message: string): Promise<string> => {
    writeFileSync(join(cwd, path), text);
    await git(cwd, 'add', '-A', '--', path);
    await git(cwd, 'commit', '-q', '-m', message);
    return git(cwd, 'rev-parse', 'HEAD');
  };
  return {
    dir,
    ctx,
    id,
    branch,
    worktree,
    which: await findSession(ctx, id, dir),
    iterate: async (times = 1) => {
      for (let i = 0; i < times; i++) await runOnce(ctx, id);
    },
    /** A person's commit on the session's branch. */
    byHand: (path: string, text: string, message = `By hand: ${path}`) => commitIn(worktree, path, text, message),
    /** Somebody's commit on main. */
    upstream: (path: string, text: string, message = `Upstream: ${path}`) => commitIn(dir, path, text, message),
    session: () => readSession(ctx, id),
    rev: (name: string) => git(dir, 'rev-parse', '--verify', name),
    subjects: async (range: string) => (await git(dir, 'log', '--format=%s', range)).split('\n'),
    tree: (name: string) => git(dir, 'rev-parse', `${name}^{tree}`),
  };
};

export type World = Awaited<ReturnType<typeof makeWorld>>;
