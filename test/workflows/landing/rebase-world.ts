import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InterruptSwitch } from '../../../src/workflows/interrupts.ts';
import { rebaseSession } from '../../../src/workflows/landing/rebase.ts';
import { abortRebase, continueRebase, skipCommit } from '../../../src/workflows/landing/rebase-conflict.ts';
import { type ResolveWish, resolveByAgent } from '../../../src/workflows/landing/resolve-by-agent.ts';
import { git, sh } from '../../support/repo.ts';
import { script } from '../../support/sessions.ts';
import { makeWorld } from './world.ts';

/** A world whose session can be rebased in all ways. */
export const makeRebaseWorld = async (options: Parameters<typeof makeWorld>[0] = {}) => {
  const w = await makeWorld(options);
  return Object.assign(w, {
    rebase: (onto?: string, fetch = false) => rebaseSession(w.ctx, w.which, { onto, fetch }),
    goOn: () => continueRebase(w.ctx, w.which),
    leaveOut: () => skipCommit(w.ctx, w.which),
    abort: () => abortRebase(w.ctx, w.which),
    resolve: (over: Partial<ResolveWish> = {}) =>
      resolveByAgent(w.ctx, w.which, {
        timeoutSec: null,
        maxIterations: 5,
        interrupts: new InterruptSwitch(),
        ...over,
      }),
    write: (path: string, text: string | Buffer) => writeFileSync(join(w.worktree, path), text),
    read: (path: string) => readFileSync(join(w.worktree, path), 'utf8'),
    inTree: (command: string) => sh(w.worktree, command).then(({ stdout }) => stdout),
    status: () => git(w.worktree, 'status', '--porcelain'),
    /** Files, index, HEAD and branch of the session's worktree, byte for byte. */
    whole: async () =>
      (
        await sh(
          w.worktree,
          'git rev-parse HEAD; git symbolic-ref -q HEAD; git ls-files -s; git status --porcelain=v2 --branch --untracked-files=all; find . -name .git -prune -o -type f -printf "%p %m " -exec sha256sum {} \\; -o -type l -printf "%p %l\\n" | sort',
        )
      ).stdout,
  });
};

export type RebaseWorld = Awaited<ReturnType<typeof makeRebaseWorld>>;

/** An agent that plays these steps, at every iteration alike. */
export const plays = (steps: string, after = 'repeat') => ({
  name: 'scripted',
  mode: null,
  command: script(`after: ${after}\niterations:\n  - ${steps.replaceAll(/\n\s*/g, '\n    ')}\n`),
});

/** Session and main both changed the second line of a.txt; the session has a commit before and one after that. */
export const conflicted = async (options: Parameters<typeof makeWorld>[0] = {}) => {
  const w = await makeRebaseWorld(options);
  await w.byHand('first.txt', 'first\n', 'First');
  await w.byHand('a.txt', 'one\nTWO of the session\nthree\n', 'Change the second line');
  await w.byHand('last.txt', 'last\n', 'Last');
  const up = await w.upstream('a.txt', 'one\nTWO upstream\nthree\n', 'Upstream: the second line');
  return Object.assign(w, { up, tip: await w.rev(w.branch) });
};

export const RESOLVED = 'one\nTWO of both\nthree\n';
