import { describe, expect, it } from 'vitest';
import { doctor } from '../../../src/workflows/doctor.ts';
import { mergeSession } from '../../../src/workflows/landing/merge.ts';
import { squashSession } from '../../../src/workflows/landing/squash.ts';
import { git } from '../../support/repo.ts';
import { makeWorld } from './world.ts';

const WISH = { squash: true, noFf: false, skipTests: false, dryRun: false };

describe('a branch that somebody deleted', () => {
  it('of the session: every verb names it, doctor puts it back, and all goes on', async () => {
    const w = await makeWorld();
    await w.iterate(2);
    await git(w.dir, 'update-ref', '-d', `refs/heads/${w.branch}`);
    const gone = {
      code: 'ref.missing',
      message: expect.stringContaining('is gone'),
      hint: expect.stringContaining('doctor --fix'),
    };
    await expect(mergeSession(w.ctx, w.which, WISH)).rejects.toMatchObject(gone);
    await expect(squashSession(w.ctx, w.which, { dryRun: false })).rejects.toMatchObject(gone);
    await expect(w.iterate()).rejects.toMatchObject(gone);
    await doctor({ dir: w.dir, fix: true, env: process.env });
    expect(await mergeSession(w.ctx, w.which, WISH)).toMatchObject({ squashed: 2 });
  });

  it('that the session began from: the work goes nowhere that nobody named', async () => {
    const w = await makeWorld();
    await w.iterate();
    await git(w.dir, 'switch', '-q', '-c', 'release');
    await git(w.dir, 'branch', '-D', 'main');
    const before = await w.rev('release');
    const refused = { code: 'ref.missing', hint: expect.stringContaining('--into') };
    await expect(mergeSession(w.ctx, w.which, WISH)).rejects.toMatchObject(refused);
    expect(await w.rev('release')).toBe(before);
    expect(await mergeSession(w.ctx, w.which, { ...WISH, into: 'release' })).toMatchObject({ target: 'release' });
  });
});
