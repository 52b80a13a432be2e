import { describe, expect, it } from 'vitest';
import { rewindSession } from '../../../src/workflows/landing/rewind.ts';
import { git, sh } from '../../support/repo.ts';
import { makeWorld } from './world.ts';

describe('rewind', () => {
  it("keeps a person's commit that nothing was built upon, though the iteration it goes back to was kept last", async () => {
    const w = await makeWorld();
    await w.iterate();
    const mine = await w.byHand('mine.txt', 'mine\n');
    await rewindSession(w.ctx, w.which, { to: 1, dryRun: false });
    await sh(w.dir, 'git reflog expire --expire=now --all && git gc -q --prune=now');
    expect(await git(w.dir, 'show', `${mine}:mine.txt`)).toBe('mine');
  });
});
