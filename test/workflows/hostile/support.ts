import { join } from 'node:path';
import type { EventData } from '../../../src/events/catalogue.ts';
import type { Context } from '../../../src/workflows/context.ts';
import { git, makeRepo } from '../../support/repo.ts';
import { contextIn, make, runOnce, script } from '../../support/sessions.ts';

export type Found = EventData<'repository-change.found'>;

/** An agent that runs these shell lines, one set an iteration, in its worktree; `$R` is the main checkout. */
export const hostile = (root: string, sets: string[][]): string => {
  const iterations = sets.map((lines) => {
    const text = [`R='${root}'`, ...lines].map((line) => `        ${line}`).join('\n');
    return `  - - run: |\n${text}\n    - message: Done.`;
  });
  return script(`after: repeat\niterations:\n${iterations.join('\n')}\n`);
};

/** A repository with three commits on main, a branch of the user's, and a session of an agent that is not to be trusted. */
export const makeHostile = async (sets: (dir: string) => string[][]) => {
  const dir = await makeRepo();
  for (const text of ['two', 'three']) await git(dir, 'commit', '-q', '--allow-empty', '-m', text);
  await git(dir, 'branch', 'mine');
  await git(dir, 'tag', 'v1');
  const ctx = await contextIn(dir);
  const file = hostile(dir, sets(dir));
  const { session } = await make(ctx, { agent: { name: 'scripted', mode: null, command: file } });
  const worktree = join(dir, session.worktree);
  const run = async (over: Context = ctx) => {
    const ran = await runOnce(over, session.id);
    const found = ran.events.filter(({ type }) => type === 'repository-change.found').map(({ data }) => data as Found);
    return { ...ran, found: found[0], items: (found[0]?.items ?? []).map(({ item }) => item) };
  };
  return { dir, ctx, session, id: session.id, worktree, run };
};
