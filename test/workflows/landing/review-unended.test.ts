import { mkdirSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { doctor } from '../../../src/workflows/doctor.ts';
import { findSession } from '../../../src/workflows/find-session.ts';
import { withJournal } from '../../../src/workflows/journal.ts';
import { mergeSession } from '../../../src/workflows/landing/merge.ts';
import { preflight } from '../../../src/workflows/landing/preflight.ts';
import { rewindSession } from '../../../src/workflows/landing/rewind.ts';
import { git } from '../../support/repo.ts';
import { make, runOnce } from '../../support/sessions.ts';
import { makeWorld } from './world.ts';

const WISH = { squash: true, noFf: false, skipTests: false, dryRun: false };

/** A merge whose process died when it had moved main, and not yet the files of its checkout; and another session. */
const makeTorn = async () => {
  const w = await makeWorld();
  await w.iterate();
  const from = await w.rev('main');
  const to = await w.rev(w.branch);
  const moves = [{ ref: 'refs/heads/main', from, to, worktree: '.', shows: from }];
  const about = {
    operation: 1,
    target: 'refs/heads/main',
    targetCommit: from,
    mode: 'fast-forward',
    commit: to,
  } as const;
  const data = { ...about, moves, squash: null, rewritten: [], dropped: [], gates: [], skipped: [] };
  await withJournal(w.ctx, { id: w.id, name: 'task', command: 'merge' }, async (journal) => {
    await journal.record([{ type: 'merge.started', by: 'user', data }]);
  });
  await git(w.dir, 'update-ref', 'refs/heads/main', to);
  const command = 'cat > /dev/null; echo other > other.txt';
  const { session } = await make(w.ctx, { name: 'next', prompt: 'x', agent: { name: 'command', mode: null, command } });
  await runOnce(w.ctx, session.id);
  return { ...w, to, other: await findSession(w.ctx, session.id, w.dir) };
};

describe('a merge that died between the branch and its checkout', () => {
  it('is told to whoever would take what the checkout shows for work', async () => {
    const { ctx, dir, other, to } = await makeTorn();
    const hint = expect.stringContaining('doctor --fix');
    const merging = expect(mergeSession(ctx, other, WISH)).rejects;
    await merging.toMatchObject({
      code: 'target.dirty',
      message: expect.stringContaining('the merge of session task'),
      hint,
    });
    const { gates } = await preflight(ctx, other, { skipTests: true });
    const target = gates.find(({ name }) => name === 'target')!;
    expect(target).toMatchObject({ ok: false, detail: expect.stringContaining('the merge of session task'), hint });
    expect(await git(dir, 'rev-parse', 'main')).toBe(to);
  });

  it('is found by doctor, which puts it in order; then others can merge', async () => {
    const { ctx, dir, other } = await makeTorn();
    const look = (fix: boolean) => doctor({ dir, fix, env: process.env });
    const found = (await look(false)).checks.find(({ name }) => name === 'landing');
    expect(found).toMatchObject({ status: 'failed', detail: expect.stringContaining('task'), fixable: true });
    expect((await look(true)).fixed).toContain('put in order what a dead process had begun to do with task');
    expect(await git(dir, 'status', '--porcelain')).toBe('');
    expect((await look(false)).checks.find(({ name }) => name === 'landing')).toMatchObject({ status: 'ok' });
    await mergeSession(ctx, other, WISH);
    expect((await git(dir, 'log', '--format=%s', 'main')).split('\n')).toHaveLength(3);
  });

  it('that git refuses to finish is told as what it is, and is finished once that is mended', async () => {
    const w = await makeTorn();
    const index = join(w.dir, '.git', 'index');
    renameSync(index, `${index}.aside`);
    mkdirSync(index);
    const which = await findSession(w.ctx, w.id, w.dir);
    const again = () => rewindSession(w.ctx, which, { to: 999, dryRun: false });
    await expect(again()).rejects.toMatchObject({
      code: 'git.failed',
      message: expect.stringMatching(/^The merge of task that a dead process had begun cannot be finished: git /),
      hint: expect.stringContaining('doctor'),
    });
    expect(await w.rev('main')).toBe(w.to);
    rmdirSync(index);
    renameSync(`${index}.aside`, index);
    await expect(again()).rejects.toMatchObject({ code: 'iteration.missing' });
    expect(await git(w.dir, 'status', '--porcelain')).toBe('');
  });
});
