import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mergeSession } from '../../../src/workflows/landing/merge.ts';
import { rebaseSession } from '../../../src/workflows/landing/rebase.ts';
import { git } from '../../support/repo.ts';
import { makeWorld } from './world.ts';

/** Upstream's work came into the session with a merge in which somebody changed more, then upstream took it back. */
const makeReverted = async () => {
  const w = await makeWorld();
  await w.iterate();
  await w.upstream('bad.txt', 'bad\n');
  await git(w.worktree, 'merge', '-q', '--no-ff', '--no-commit', 'main');
  writeFileSync(join(w.worktree, 'own.txt'), 'own\n');
  await git(w.worktree, 'add', 'own.txt');
  await git(w.worktree, 'commit', '-q', '-m', 'Merge with more');
  await git(w.dir, 'revert', '--no-edit', 'HEAD');
  return w;
};

describe('what upstream took back stays so, though a merge had brought it into the session', () => {
  it('after a merge', async () => {
    const w = await makeReverted();
    await mergeSession(w.ctx, w.which, { squash: false, noFf: false, skipTests: false, dryRun: false });
    expect((await git(w.dir, 'ls-tree', '--name-only', 'main')).split('\n')).not.toContain('bad.txt');
    expect(await git(w.dir, 'show', 'main:own.txt')).toBe('own');
    expect(await git(w.dir, 'show', 'main:agent.txt')).toBe('line 1');
  });

  it('after a rebase', async () => {
    const w = await makeReverted();
    await rebaseSession(w.ctx, w.which, { onto: 'main', fetch: false });
    expect((await git(w.dir, 'ls-tree', '--name-only', w.branch)).split('\n')).not.toContain('bad.txt');
    expect(await git(w.dir, 'show', `${w.branch}:own.txt`)).toBe('own');
  });
});
