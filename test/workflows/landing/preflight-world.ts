import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findSession } from '../../../src/workflows/find-session.ts';
import type { Gate } from '../../../src/workflows/landing/gates.ts';
import { type PreflightWish, preflight } from '../../../src/workflows/landing/preflight.ts';
import type { NewSession } from '../../../src/workflows/new-session.ts';
import { git, makeRepo, type RepoOptions, sh } from '../../support/repo.ts';
import { contextIn, make } from '../../support/sessions.ts';

/** Lines that are all different, so that a change has one place. */
export const TEN = Array.from({ length: 10 }, (_, n) => `line ${n + 1}`);
export const withLine = (line: number, text: string): string =>
  `${TEN.map((old, at) => (at === line - 1 ? text : old)).join('\n')}\n`;

/** Everything that a preflight must leave as it is: refs, every checkout's HEAD, index and files. */
export const everything = async (dir: string): Promise<string> => {
  const { stdout } = await sh(
    dir,
    `git for-each-ref; git worktree list --porcelain
     for d in $(git worktree list --porcelain | sed -n 's/^worktree //p'); do
       [ -e "$d/.git" ] || continue
       (cd "$d" && git rev-parse HEAD && git symbolic-ref -q HEAD; git ls-files -s; git status --porcelain=v2 -uall --ignored=matching)
     done
     ls .worktrees .git/worktrees .git/amp/tmp .git/amp/locks 2>/dev/null; true`,
  );
  return stdout;
};

/** A repository whose `ten.txt` has ten lines, and sessions that people work in by hand. */
export const makeField = async (options: RepoOptions = {}) => {
  const dir = await makeRepo(options);
  if (!options.bare) {
    writeFileSync(join(dir, 'ten.txt'), withLine(0, ''));
    await git(dir, 'add', '-A');
    await git(dir, 'commit', '-q', '-m', 'ten lines');
  }
  const ctx = await contextIn(dir);
  const session = async (over: Partial<NewSession> = {}) => {
    const made = await make(ctx, over);
    const { id, branch, name } = made.session;
    const { worktree } = made;
    const which = await findSession(ctx, id, dir);
    const write = (path: string, text: string | Buffer) => writeFileSync(join(worktree, path), text);
    return {
      id,
      name,
      branch,
      worktree,
      which,
      write,
      /** Commits everything in the session's worktree. */
      commit: async (message = 'By hand') => {
        await git(worktree, 'add', '-A');
        await git(worktree, 'commit', '-q', '-m', message);
        return git(worktree, 'rev-parse', 'HEAD');
      },
      /** Changes one line of `ten.txt` and commits it. */
      line: async (line: number, text: string) => {
        writeFileSync(join(worktree, 'ten.txt'), withLine(line, text));
        await git(worktree, 'commit', '-q', '-a', '-m', `Line ${line}`);
      },
      preflight: (wish: Partial<PreflightWish> = {}) => preflight(ctx, which, { skipTests: true, ...wish }),
    };
  };
  return {
    dir,
    ctx,
    session,
    /** Somebody's commit on main. */
    upstream: async (path: string, text: string) => {
      writeFileSync(join(dir, path), text);
      await git(dir, 'add', '-A', '--', path);
      await git(dir, 'commit', '-q', '-m', `Upstream: ${path}`);
    },
  };
};

export const gate = (answer: { gates: Gate[] }, name: Gate['name']): Gate =>
  answer.gates.find((one) => one.name === name)!;
