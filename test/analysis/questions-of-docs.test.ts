import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Analysis, openAnalysis } from '../../src/analysis/open.ts';
import type { Value } from '../../src/analysis/tables/table.ts';
import { importHistory, madeHistory, plainFigures } from '../support/history.ts';
import { makeWorld } from './world.ts';

type Row = Record<string, Value>;
type Figures = Record<string, unknown>;
type Groups = Record<string, Figures>;
interface All {
  total: Figures;
  session: Groups;
  agent: Groups;
  day: Groups;
  model: Groups;
}

const SEED = 11;
const SESSIONS = 40;

const text = readFileSync(join(import.meta.dirname, '../../docs/analytics.md'), 'utf8');
const questions = [...text.matchAll(/^## (.+)\n\n```sql\n([\s\S]+?)\n```$/gm)].map(([, title, sql]) => ({
  title: title!,
  sql: sql!,
}));

const sum = (rows: Row[], column: string): number => rows.reduce((all, row) => all + Number(row[column] ?? 0), 0);
const money = (value: unknown): number | null => (value === null || value === undefined ? null : Number(value));

/** What each answer has to be, by the independent script. */
const EXPECTED: Record<string, (rows: Row[], figures: All) => void> = {
  'What did each day cost?': (rows, { day }) => {
    expect(rows.length).toBeGreaterThan(1);
    for (const row of rows) expect(money(row['cost_usd'])).toBe(money(day[String(row['day'])]!['costUsd']));
  },
  'How many tokens did each model use?': (rows, { model }) => {
    const told = rows.map((row) => [
      row['model'] ?? '',
      [row['input'], row['output'], row['cache_read'], row['cache_write']],
    ]);
    const keys = ['tokensInput', 'tokensOutput', 'tokensCacheRead', 'tokensCacheWrite'];
    expect(Object.fromEntries(told)).toEqual(
      Object.fromEntries(Object.entries(model).map(([name, own]) => [name, keys.map((key) => own[key])])),
    );
  },
  'Which sessions were the dearest?': (rows, { session }) => {
    expect(rows).toHaveLength(10);
    for (const row of rows) expect(money(row['cost_usd'])).toBe(money(session[String(row['session'])]!['costUsd']));
    const all = Object.values(session).map((own) => Number(own['costUsd'] ?? 0));
    expect(Number(rows[0]!['cost_usd'])).toBe(Math.max(...all));
  },
  'Which agent gets the tests to pass?': (rows, { agent }) => {
    for (const row of rows)
      expect([row['runs'], row['passes']]).toEqual([
        agent[String(row['agent'] ?? '')]!['testRuns'],
        agent[String(row['agent'] ?? '')]!['testPasses'],
      ]);
  },
  'Which tools fail most?': (rows, { total }) =>
    expect([sum(rows, 'calls'), sum(rows, 'failures')]).toEqual([total['calls'], total['failures']]),
  'How long do I wait for tools?': (rows, { total }) =>
    expect(rows).toEqual([{ p50_ms: total['callP50'], p95_ms: total['callP95'] }]),
  'What does a line that landed cost?': (rows, { total }) =>
    expect(rows[0]!['usd_a_line']).toBeCloseTo(total['costPerLandedLine'] as number, 9),
  'How much of the work was thrown away?': (rows, { total }) =>
    expect(rows[0]!['share']).toBeCloseTo(total['shareDiscarded'] as number, 12),
  'What goes wrong, and what puts it right?': (rows, { total }) => {
    expect(Object.fromEntries(rows.map((row) => [row['mode'], row['times']]))).toEqual(total['errors']);
    const recovered = Object.values(total['recovered'] as Record<string, number>).reduce((all, one) => all + one, 0);
    expect(sum(rows, 'recovered')).toBe(recovered);
  },
  'How often does a rebase meet a conflict?': ([row], { total }) =>
    expect(Number(row!['with_conflicts']) / Number(row!['rebases'])).toBeCloseTo(total['conflictRate'] as number, 12),
};

describe('the questions of docs/analytics.md', () => {
  let analysis: Analysis;
  let figures: All;
  beforeAll(async () => {
    const world = await makeWorld();
    importHistory(world.dir, SEED, SESSIONS);
    figures = plainFigures<All>(madeHistory(SEED, SESSIONS).lines);
    analysis = await openAnalysis(world.ctx);
  });
  afterAll(() => analysis.close());

  it('are ten, and each has its answer here', () => {
    expect(questions).toHaveLength(10);
    expect(questions.map(({ title }) => title).sort()).toEqual(Object.keys(EXPECTED).sort());
  });

  it.each(questions)('$title', async ({ title, sql }) => {
    const { columns, rows } = await analysis.query(sql);
    const named = rows.map((row) => Object.fromEntries(columns.map(({ name }, at) => [name, row[at]!])));
    expect(named.length).toBeGreaterThan(0);
    EXPECTED[title]!(named, figures);
  });
});
