import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type Forecast, forecast } from '../../../src/workflows/landing/forecast.ts';
import { liveSessions } from '../../../src/workflows/landing/live-sessions.ts';
import { mergeSession } from '../../../src/workflows/landing/merge.ts';
import { archiveSession, removeSession } from '../../../src/workflows/put-away.ts';
import { countStarts } from '../../git/support.ts';
import { git, tempDir } from '../../support/repo.ts';
import { everything, gate, makeField, withLine } from './preflight-world.ts';

const orderOf = ({ order }: Forecast): string[] =>
  order.map(
    ({ name, clean, after }) => `${name}${clean ? '' : '!'}${after.length > 0 ? ` after ${after.length}` : ''}`,
  );
const pairsOf = ({ pairs, order }: Forecast): string[] => {
  const name = (id: string) => order.find(({ session }) => session === id)!.name;
  return pairs
    .map(({ sessions, isConflict }) => `${sessions.map(name).sort().join('-')}${isConflict ? '!' : ''}`)
    .sort();
};

const setUp = async (lines: Record<string, number>) => {
  const field = await makeField();
  const sessions: Record<string, Awaited<ReturnType<typeof field.session>>> = {};
  for (const [name, line] of Object.entries(lines)) {
    sessions[name] = await field.session({ name });
    await sessions[name].line(line, `by ${name}`);
  }
  return { ...field, sessions };
};

describe('other sessions on the same lines', () => {
  it('are told, with an order, and stop nothing', async () => {
    const { sessions, ctx } = await setUp({ mine: 5, same: 5, next: 6, far: 9 });
    const answer = await sessions['mine']!.preflight();
    const found = gate(answer, 'sessions');
    expect(answer.ok).toBe(true);
    expect(found).toMatchObject({ ok: false, severity: 'review' });
    expect(found.detail).toMatch(/^2 other sessions on the same lines: (same, next|next, same)$/);
    const at = (line: number, name: string) => ({
      path: 'ten.txt',
      line,
      text: `in conflict with ${name} (${sessions[name]!.id})`,
    });
    expect(found.findings).toHaveLength(2);
    expect(found.findings).toEqual(expect.arrayContaining([at(5, 'same'), at(6, 'next')]));
    expect(found.hint).toMatch(
      /^Land them in this order: (same, next|next, same), mine \(rebased with a conflict after \w+ and \w+\)\.$/,
    );
    expect(gate(await sessions['far']!.preflight(), 'sessions')).toMatchObject({
      ok: true,
      detail: '3 other sessions change the same files, on other lines',
    });
    expect(ctx.warnings).toEqual([]);
  });

  it('the same change is no conflict, and lines are those of the target that has moved', async () => {
    const field = await makeField();
    const [a, b] = [await field.session({ name: 'a' }), await field.session({ name: 'b' })];
    await a.line(5, 'agreed');
    await field.upstream('ten.txt', `top\n${withLine(0, '')}`);
    const late = await field.session({ name: 'late' });
    late.write('ten.txt', `top\n${withLine(9, 'late')}`);
    await late.commit();
    await b.line(5, 'agreed');
    expect(gate(await a.preflight(), 'sessions')).toMatchObject({
      ok: false,
      hint: 'Either can land first.',
      findings: [{ path: 'ten.txt', line: 6, text: `git can merge it with b (${b.id})` }],
    });
    expect(gate(await late.preflight(), 'sessions').ok).toBe(true);
  });

  it('cost nothing where they touch other files', async () => {
    const field = await makeField();
    const mine = await field.session({ name: 'mine' });
    await mine.line(5, 'mine');
    for (let n = 1; n <= 6; n++) {
      const s = await field.session({ name: `s${n}` });
      s.write(`file${n}`, 'x\n');
      await s.commit();
    }
    const count = await countStarts();
    const answer = await mine.preflight().finally(() => count.stop());
    expect(gate(answer, 'sessions').detail).toBe('no other session changes the same files');
    expect(count.starts().length).toBeLessThan(25);
  });

  it('with another target, put away, or without work do not count', async () => {
    const { sessions, ctx, session, dir } = await setUp({ mine: 5, gone: 5, kept: 5 });
    await git(dir, 'branch', 'release');
    const other = await session({ name: 'other', base: 'release' });
    await other.line(5, 'other');
    await session({ name: 'idle' });
    await removeSession(ctx, sessions['gone']!.which, { dryRun: false, unmerged: true });
    await archiveSession(ctx, sessions['kept']!.which, { dryRun: false });
    expect(gate(await sessions['mine']!.preflight(), 'sessions')).toMatchObject({
      ok: true,
      detail: 'no other session changes the same files',
    });
    expect(gate(await sessions['mine']!.preflight({ into: 'release' }), 'sessions').detail).toContain('other');
  });
});

describe('forecast', () => {
  it('of nobody, and of sessions without work', async () => {
    const field = await makeField();
    expect(await forecast(field.ctx)).toEqual({ ok: true, sessions: [], pairs: [], order: [], empty: [], limits: [] });
    const s = await field.session({ name: 'idle' });
    expect(await forecast(field.ctx)).toMatchObject({ ok: true, order: [], empty: [{ session: s.id, name: 'idle' }] });
  });

  it('finds who is in whose way, and who has to wait; everything stays as it is', async () => {
    const { ctx, dir, sessions, upstream } = await setUp({ a: 1, b: 4, c: 5, d: 6, late: 9 });
    await upstream('ten.txt', withLine(10, 'moved'));
    const before = await everything(dir);
    // A folder of its own: other tests make such ones at the same time.
    const temporary = tempDir();
    vi.stubEnv('TMPDIR', temporary);
    const answer = await forecast(ctx).finally(() => vi.unstubAllEnvs());
    expect(pairsOf(answer).filter((pair) => pair.endsWith('!'))).toEqual(['b-c!', 'c-d!']);
    expect(orderOf(answer)).toEqual(['a', 'b', 'd', 'c! after 2', 'late!']);
    expect(answer.ok).toBe(false);
    expect(answer.sessions.find(({ name }) => name === 'late')!.conflicts).toEqual([{ path: 'ten.txt' }]);
    expect(answer.sessions.find(({ name }) => name === 'a')).toMatchObject({
      target: 'main',
      ahead: 1,
      behind: 1,
      files: 1,
      insertions: 1,
      deletions: 1,
      conflicts: [],
    });
    const pair = answer.pairs.find(
      ({ sessions: [x, y] }) => [x, y].includes(sessions['b']!.id) && [x, y].includes(sessions['c']!.id),
    );
    expect(pair).toMatchObject({ places: [{ path: 'ten.txt', line: 5 }], conflicts: [{ path: 'ten.txt' }] });
    expect(await everything(dir)).toBe(before);
    expect(readdirSync(temporary)).toEqual([]);
    expect(ctx.warnings).toEqual([]);
  });

  it('is right: landing in its order meets no other conflict than it said', async () => {
    const { ctx, sessions } = await setUp({ a: 2, b: 3, c: 7, d: 7 });
    const answer = await forecast(ctx);
    const results: string[] = [];
    for (const { name } of answer.order) {
      const done = await mergeSession(ctx, sessions[name]!.which, {
        squash: true,
        noFf: false,
        skipTests: true,
        dryRun: false,
      }).then(
        () => true,
        (error: { code: string }) => {
          expect(error.code).toBe('landing.conflict');
          return false;
        },
      );
      results.push(`${name}${done ? '' : '!'}`);
    }
    expect(results).toEqual(answer.order.map(({ name, clean }) => `${name}${clean ? '' : '!'}`));
    expect(results.filter((one) => one.endsWith('!'))).toHaveLength(2);
  });

  it('leaves to git what lines cannot tell: moved, binary and whole files', async () => {
    const field = await makeField();
    const s: Record<string, Awaited<ReturnType<typeof field.session>>> = Object.fromEntries(
      await Promise.all(
        ['moves', 'edits', 'removes', 'adds', 'alsoAdds', 'folder', 'bin', 'alsoBin'].map(async (name) => [
          name,
          await field.session({ name }),
        ]),
      ),
    );
    renameSync(join(s.moves!.worktree, 'ten.txt'), join(s.moves!.worktree, 'moved.txt'));
    s.edits!.write('ten.txt', withLine(3, 'edited'));
    rmSync(join(s.removes!.worktree, 'b.txt'));
    s.removes!.write('c', 'x\n');
    s.adds!.write('new', 'one\n');
    s.alsoAdds!.write('new', 'two\n');
    mkdirSync(join(s.folder!.worktree, 'new'));
    s.folder!.write('new/file', 'x\n');
    s.bin!.write('bin', Buffer.of(0, 1));
    s.alsoBin!.write('bin', Buffer.of(0, 2));
    for (const one of Object.values(s)) await one.commit();
    expect(pairsOf(await forecast(field.ctx))).toEqual([
      'adds-alsoAdds!',
      'adds-folder!',
      'alsoAdds-folder!',
      'alsoBin-bin!',
      'edits-moves',
    ]);
  });

  it('keeps targets apart, unless all are to go into one', async () => {
    const field = await makeField();
    await git(field.dir, 'branch', 'release');
    const [a, b] = [await field.session({ name: 'a' }), await field.session({ name: 'b', base: 'release' })];
    await a.line(5, 'a');
    await b.line(5, 'b');
    const apart = await forecast(field.ctx);
    expect([apart.ok, apart.pairs, apart.order.map(({ target }) => target).sort()]).toEqual([
      true,
      [],
      ['main', 'release'],
    ]);
    const together = await forecast(field.ctx, { into: 'release' });
    expect([together.ok, pairsOf(together)]).toEqual([false, ['a-b!']]);
    await expect(forecast(field.ctx, { into: 'nope' })).rejects.toMatchObject({ code: 'ref.missing' });
  });

  it('does bounded work, and says what it left out', async () => {
    const { ctx } = await setUp({ a: 5, b: 5, c: 5, d: 5 });
    const bounded = await forecast(ctx, { trials: 2 });
    expect(bounded.limits).toEqual(['4 pairs were judged by their lines alone; merging them was not tried.']);
    expect(bounded.pairs.filter(({ conflicts }) => conflicts === null)).toHaveLength(4);
    // Not tried, the lines decide.
    expect(orderOf(bounded)).toEqual(orderOf(await forecast(ctx)));
  });

  it('asks git for each session and for few pairs, not for every pair', async () => {
    const field = await makeField();
    for (let n = 1; n <= 8; n++) {
      const s = await field.session({ name: `s${n}` });
      s.write(`file${n}`, 'x\n');
      await s.commit();
    }
    const count = await countStarts();
    await forecast(field.ctx).finally(() => count.stop());
    const starts = count.starts();
    expect(starts.filter((line) => line.includes('merge-tree'))).toEqual([]);
    expect(starts.length).toBeLessThan(8 + 6);
    expect((await liveSessions(field.ctx)).passedOver).toBe(0);
  });

  it('goes on where one branch cannot be read', async () => {
    const { ctx, dir, sessions } = await setUp({ a: 1, b: 2 });
    const tip = await git(dir, 'rev-parse', sessions['a']!.branch);
    rmSync(join(dir, '.git/objects', tip.slice(0, 2), tip.slice(2)), { force: true });
    const answer = await forecast(ctx);
    expect(answer.order.map(({ name }) => name)).toEqual(['b']);
    expect(ctx.warnings.join()).toContain('a (');
  });
});
