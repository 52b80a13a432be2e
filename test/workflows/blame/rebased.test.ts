import { describe, expect, it } from 'vitest';
import { blame } from '../../../src/workflows/blame/blame.ts';
import { mergeSession } from '../../../src/workflows/landing/merge.ts';
import { undoLast } from '../../../src/workflows/landing/undo.ts';
import { makeRebaseWorld, type RebaseWorld } from '../landing/rebase-world.ts';
import { blamed } from './support.ts';

/** An agent that changes the second line, adds one at each iteration, and resolves conflicts when it is asked. */
const LINE = [
  'if grep -q "^<<<<<<<" a.txt',
  'then printf "one\\nTWO of the agent, resolved\\nthree\\n1\\n" > a.txt',
  'else sed -i "s/^two$/TWO of the session/" a.txt; echo "$AMP_SESSIONS_ITERATION" >> a.txt',
  'fi',
].join('; ');

const inConflict = async () => {
  const w = await makeRebaseWorld({ line: LINE });
  const first = (await w.rev('main')).slice(0, 8);
  await w.iterate(2);
  await w.byHand('mine.txt', 'mine\n');
  const up = (await w.upstream('a.txt', 'zero\none\nTWO upstream\nthree\n')).slice(0, 8);
  const { answer } = await w.rebase('main');
  expect(answer).toMatchObject({ state: 'conflicted' });
  return Object.assign(w, { up, first });
};

const ofSession = (w: RebaseWorld, file = 'a.txt') => blamed(w.ctx, file, { session: w.id });

describe('blame of a rebased branch', () => {
  it('tells iterations, people and upstream apart, before, after, and when it was taken back', async () => {
    const w = await makeRebaseWorld({ line: LINE });
    const first = (await w.rev('main')).slice(0, 8);
    await w.iterate(2);
    await w.byHand('mine.txt', 'mine\n');
    const lines = ['TWO of the session < iteration 1', `three < ${first}`, '1 < iteration 1', '2 < iteration 2'];
    const before = [`one < ${first}`, ...lines];
    expect(await ofSession(w)).toEqual(before);
    const up = (await w.upstream('b.txt', 'upstream\n')).slice(0, 8);
    await w.rebase('main');
    expect(await ofSession(w)).toEqual(before);
    expect(await ofSession(w, 'mine.txt')).toEqual(['mine < by hand: Test User']);
    expect(await ofSession(w, 'b.txt')).toEqual([`upstream < ${up}`]);
    const { iterations } = await w.session();
    const { lines: found } = await blame(w.ctx, { cwd: w.dir, file: 'a.txt', session: w.id });
    expect(found.at(-1)!.origin.commit).toBe(iterations[1]!.commit);
    await w.iterate();
    await w.upstream('b.txt', 'upstream again\n');
    await w.rebase('main');
    expect(await ofSession(w)).toEqual([...before, '3 < iteration 3']);
    await undoLast(w.ctx, w.which, { dryRun: false });
    expect(await ofSession(w)).toEqual([...before, '3 < iteration 3']);
  });

  it('says who resolved a conflict: a person', async () => {
    const w = await inConflict();
    w.write('a.txt', 'zero\none\nTWO of both\nthree\n1\n');
    const { answer } = await w.goOn();
    expect(answer).toMatchObject({ state: 'rebased' });
    const lines = [`zero < ${w.up}`, `one < ${w.first}`, 'TWO of both < by hand: Test User', `three < ${w.first}`];
    expect(await ofSession(w)).toEqual([...lines, '1 < iteration 1', '2 < iteration 2']);
    await mergeSession(w.ctx, w.which, {
      squash: true,
      manual: 'include',
      noFf: false,
      skipTests: false,
      dryRun: false,
    });
    expect(await blamed(w.ctx, 'a.txt')).toEqual([...lines, '1 < iteration 1', '2 < iteration 2']);
  });

  it('or the agent, in an iteration of its own', async () => {
    const w = await inConflict();
    await w.resolve();
    const resolved = await ofSession(w);
    expect(resolved).toContain('TWO of the agent, resolved < iteration 3');
    expect(resolved).toContain('1 < iteration 1');
    expect(resolved.at(-1)).toBe('2 < iteration 2');
  });

  it('while a conflict waits, the branch is as it was', async () => {
    const w = await inConflict();
    expect((await ofSession(w)).slice(1, 2)).toEqual(['TWO of the session < iteration 1']);
    expect(await blamed(w.ctx, 'mine.txt', { session: w.id })).toEqual(['mine < by hand: Test User']);
    await w.abort();
    expect((await ofSession(w)).at(-1)).toBe('2 < iteration 2');
  });
});
