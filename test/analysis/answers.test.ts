import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type MetricsWish, metricsAnswer } from '../../src/analysis/metrics-answer.ts';
import { metricsQuestion } from '../../src/analysis/metrics-question.ts';
import { openAnalysis } from '../../src/analysis/open.ts';
import { answersFile, keepAnswer, knownAnswer } from '../../src/analysis/projection/answers.ts';
import { readState } from '../../src/analysis/projection/state.ts';
import { importHistory } from '../support/history.ts';
import { tempDir } from '../support/repo.ts';
import { forgetIn } from '../workflows/forget/world.ts';
import { makeWorld, type World, worldIn } from './world.ts';

/** As the command asks; `isRecalled`: no database was opened for it. */
const metrics = async ({ ctx }: World, wish: MetricsWish = {}) => {
  const analysis = await openAnalysis(ctx, { question: metricsQuestion(wish) });
  try {
    const answer = await metricsAnswer(analysis, wish);
    return { answer, isRecalled: analysis.folders.length === 1 };
  } finally {
    await analysis.close();
  }
};

const answersIn = (world: World): string[] =>
  readdirSync(world.cache().folder).filter((name) => name.startsWith('answers-'));

describe('a question about the same rows', () => {
  let world: World;
  beforeAll(async () => {
    process.env['XDG_DATA_HOME'] = tempDir();
    world = await makeWorld();
    importHistory(world.dir, 3, 6);
  });

  it.each<MetricsWish>([
    {},
    { groupBy: 'session' },
    { groupBy: 'model', timeZone: 'Asia/Kathmandu' },
    { session: { id: 'h000000003', name: 'task 3 -' } },
    { since: '2000-01-01T00:00:00Z', until: '2100-01-01T00:00:00Z', groupBy: 'day' },
    { timeZone: 'No/Where' },
  ])('is answered from what was found out before, just the same: %j', async (wish) => {
    const first = await metrics(world, wish);
    expect(first.isRecalled).toBe(false);
    const second = await metrics(world, wish);
    expect(second.isRecalled).toBe(true);
    expect(second.answer).toStrictEqual(first.answer);
    expect(Number(second.answer.sessions)).toBeGreaterThan(0);
  });

  it('that differs in anything is another one', async () => {
    const all = [
      {},
      { groupBy: 'agent' },
      { since: '2099-01-01T00:00:00Z' },
      { until: '2000-01-01T00:00:00Z' },
    ] as const;
    const answers = new Set<string>();
    for (const wish of all) answers.add(JSON.stringify((await metrics(world, wish)).answer));
    expect(answers.size).toBe(all.length);
    expect((await metrics(world, { session: { id: 'h000000001', name: 'x' } })).isRecalled).toBe(false);
  });

  it('is asked anew with the next event, and the answers of before are taken away', async () => {
    const { answer } = await metrics(world);
    const [before] = answersIn(world);
    await world.write('s000000001', 2);
    const next = await metrics(world);
    expect([next.isRecalled, next.answer.sessions]).toEqual([false, Number(answer.sessions) + 1]);
    expect(answersIn(world)).toHaveLength(1);
    expect(answersIn(world)).not.toContain(before);
  });

  it('is asked anew where its file is damaged or gone', async () => {
    const path = (): string => join(world.cache().folder, answersIn(world)[0]!);
    const { answer } = await metrics(world);
    const text = readFileSync(path(), 'utf8');
    writeFileSync(path(), text.replace(/\d(?=[^\d]*$)/, '7').replace('sessions', 'sessionz'));
    const again = await metrics(world);
    expect([again.isRecalled, again.answer]).toEqual([false, answer]);
    writeFileSync(path(), '');
    expect((await metrics(world)).answer).toStrictEqual(answer);
    expect((await metrics(world)).isRecalled).toBe(true);
  });

  it('of several repositories, or of one that may not be written, is always asked', async () => {
    const other = await makeWorld();
    await other.write('s000000009', 1);
    for (let round = 0; round < 2; round++) {
      const wish = { repos: [world.dir, other.dir], question: metricsQuestion({}) };
      const analysis = await openAnalysis(world.ctx, wish);
      expect(analysis.folders).toHaveLength(3);
      await analysis.close();
    }
  });

  it('tells nothing of a session that was forgotten', async () => {
    await world.write('s000000002', 2);
    const asked = await metrics(world, { groupBy: 'session' });
    expect(JSON.stringify(asked.answer)).toContain('s000000002');
    const { folder } = world.cache();
    await forgetIn(world.dir, ['s000000002']);
    expect(existsSync(folder)).toBe(false);
    const after = await metrics(await worldIn(world.dir, world.home), { groupBy: 'session' });
    expect(JSON.stringify(after.answer)).not.toContain('s000000002');
  });
});

describe('answers that are kept', () => {
  let world: World;
  beforeAll(async () => {
    world = await makeWorld();
    await world.write('s000000001', 1);
    await world.counts();
  });

  const keep = (question: string, answer: unknown) => {
    const { folder } = world.cache();
    const { segments } = readState(folder)!;
    keepAnswer(folder, segments, { question, answer, clock: world.ctx.clock });
    return { folder, segments };
  };

  it('are sixteen at most, the last ones; and a large one is none', () => {
    for (let n = 1; n <= 20; n++) keep(`q${n}`, { n });
    keep('q10', { n: 'again' });
    const { folder, segments } = keep('large', 'x'.repeat(2_000_000));
    const known = Array.from({ length: 20 }, (_, n) => knownAnswer(folder, segments, `q${n + 1}`));
    expect(knownAnswer(folder, segments, 'large')).toBeUndefined();
    expect(known.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined]);
    expect(known[9]).toEqual({ n: 'again' });
  });

  it('do not come into a cache that holds other rows by now', () => {
    const { folder } = world.cache();
    const others = [{ id: 'another', dead: [] }] as never;
    keepAnswer(folder, others, { question: 'q', answer: 1, clock: world.ctx.clock });
    expect(existsSync(join(folder, answersFile(others)))).toBe(false);
    expect(answersFile([{ id: 'a', dead: ['x'] }])).not.toBe(answersFile([{ id: 'a', dead: [] }]));
  });

  it.skipIf(process.getuid?.() === 0)('are done without where nothing can be written', () => {
    const { folder } = world.cache();
    chmodSync(folder, 0o500);
    expect(() => keep('later', 1)).not.toThrow();
    chmodSync(folder, 0o700);
  });
});
