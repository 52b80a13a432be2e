import { describe, expect, it } from 'vitest';
import { ITEM_STATES, type ItemState } from '../../../src/batch/plan.ts';
import { type BatchFacts, composeBatchReport, renderBatchReport } from '../../../src/cli/report/compose-batch.ts';
import type { Block, Table } from '../../../src/cli/report/document.ts';

const AT = '2026-11-23T10:00:00.000Z';
type Item = BatchFacts['items'][number];

const item = (n: number, state: ItemState, over: Partial<Item> = {}): Item => ({
  item: String(n).padStart(3, '0'),
  session: `session${n}`,
  repo: '/repos/shop',
  name: `task ${n}`,
  state,
  cause: null,
  agent: 'amp',
  mode: null,
  attempts: 1,
  durationMs: 1000,
  costUsd: 0.25,
  tokens: 10,
  tests: 'none',
  merged: null,
  mergeRefused: null,
  prompt: `Do task ${n}.`,
  ...over,
});

const facts = (items: Item[], over: Partial<BatchFacts> = {}): BatchFacts => ({
  id: 'k3abc',
  name: 'fixes',
  kind: 'batch',
  state: 'finished',
  counts: Object.fromEntries(
    ITEM_STATES.map((state) => [state, items.filter((one) => one.state === state).length]),
  ) as BatchFacts['counts'],
  items,
  spent: { usd: 1.5, tokens: 12_000, isLowerBound: false },
  budget: null,
  dayBudget: null,
  etaMs: null,
  workers: [],
  pauses: [],
  concurrency: 4,
  file: '/x/fixes.yaml',
  createdAt: '2026-11-23T09:00:00.000Z',
  finishedAt: '2026-11-23T09:30:00.000Z',
  ...over,
});

const sections = (of: BatchFacts) =>
  Object.fromEntries(composeBatchReport(of, { at: AT }).sections.map(({ id, blocks }) => [id, blocks]));
const tableOf = (blocks: Block[]): string[][] =>
  (blocks.find(({ kind }) => kind === 'table') as Table).rows.map((row) => row.map(({ text }) => text));
const factsOf = (blocks: Block[]): Record<string, string> => {
  const [first] = blocks;
  return first?.kind === 'facts' ? Object.fromEntries(first.facts.map(([label, { text }]) => [label, text])) : {};
};

describe('the summary', () => {
  it('says what came of it and what it used', () => {
    const of = facts([item(1, 'passed'), item(2, 'passed'), item(3, 'timeout')]);
    expect(factsOf(sections(of)['summary']!)).toEqual({
      Items: '3',
      Done: '3',
      passed: '2',
      'time-out': '1',
      'Passed of all': '66.7 %',
      Cost: '$1.50',
      Tokens: '12.0k',
      'At once': '4',
      File: '/x/fixes.yaml',
      Made: '2026-11-23 09:00',
      Finished: '2026-11-23 09:30',
    });
  });

  it('a cost that is not wholly known is a lower bound; an unknown one a dash', () => {
    const spent = { usd: 0.5, tokens: 0, isLowerBound: true };
    expect(factsOf(sections(facts([item(1, 'passed')], { spent }))['summary']!)).toMatchObject({
      Cost: '≥ $0.50',
      Tokens: '–',
    });
    const unknown = { usd: null, tokens: 5, isLowerBound: true };
    expect(factsOf(sections(facts([item(1, 'passed')], { spent: unknown }))['summary']!)['Cost']).toBe('–');
  });

  it('budgets are there where they were given; one that goes on says so', () => {
    const of = facts([item(1, 'running')], {
      state: 'running',
      finishedAt: null,
      budget: { usd: 5, wallClockSec: 60 },
      dayBudget: { tokens: 1_000_000 },
    });
    expect(factsOf(sections(of)['summary']!)).toMatchObject({
      Budget: '$5.00, 1m 00s',
      'Budget of the day': '1.0M tokens',
      Finished: 'running',
      'Passed of all': '0 %',
    });
  });
});

describe('what went wrong', () => {
  it('is told by cause, the most frequent first', () => {
    const cause = { code: 'agent.failed', message: 'It ended with exit code 3.' };
    const of = facts([
      item(1, 'failed'),
      item(2, 'error', { cause }),
      item(3, 'error', { cause }),
      item(4, 'passed'),
      item(5, 'error', { cause: { code: 'agent.login', message: 'Log in.' } }),
    ]);
    expect(tableOf(sections(of)['troubles']!)).toEqual([
      ['error: agent.failed', '2', 'It ended with exit code 3.', '002, 003'],
      ['failed', '1', '–', '001'],
      ['error: agent.login', '1', 'Log in.', '005'],
    ]);
  });

  it('many are not named one by one', () => {
    const of = facts(Array.from({ length: 12 }, (_, at) => item(at + 1, 'failed')));
    expect(tableOf(sections(of)['troubles']!)[0]![3]).toBe('001, 002, 003, 004, 005, 006, 007, 008, 009, 010, …');
  });

  it('has no section where all went well', () => {
    expect(Object.keys(sections(facts([item(1, 'passed')])))).toEqual(['summary', 'items']);
  });

  it('shows the prompts of what did not pass, cut short', () => {
    const of = facts([item(1, 'failed', { prompt: 'p'.repeat(1000) }), item(2, 'passed')]);
    const blocks = sections(of)['prompts']!;
    expect(blocks.map(({ kind }) => kind)).toEqual(['title', 'quote']);
    expect((blocks[1] as { text: string }).text.length).toBe(300);
  });
});

describe('groups', () => {
  const of = facts([
    item(1, 'passed', { agent: 'amp', mode: 'smart' }),
    item(2, 'failed', { agent: 'amp', mode: 'smart', costUsd: null }),
    item(3, 'passed', { agent: 'command', repo: '/repos/blog', durationMs: null, costUsd: null }),
    item(4, 'timeout', { agent: 'command', repo: '/repos/blog', durationMs: null, costUsd: null }),
  ]);

  it('agents, each with its mode', () => {
    expect(tableOf(sections(of)['agents']!)).toEqual([
      ['amp smart', '2', '1', '1', '0', '2.0s', '$0.25'],
      ['command', '2', '1', '0', '1', '–', '–'],
    ]);
  });

  it('repositories', () => {
    expect(tableOf(sections(of)['repositories']!).map(([name, count]) => [name, count])).toEqual([
      ['/repos/shop', '2'],
      ['/repos/blog', '2'],
    ]);
  });

  it('have a chart of what passed and what did not', () => {
    const chart = sections(of)['agents']!.find(({ kind }) => kind === 'chart');
    expect(chart).toMatchObject({
      chart: {
        labels: ['amp smart', 'command'],
        series: [
          { name: 'passed', values: [1, 1] },
          { name: 'did not', values: [1, 1] },
        ],
      },
    });
  });
});

describe('the items', () => {
  it('have a row each, with what became of the work', () => {
    const of = facts([
      item(1, 'passed', { merged: { commit: 'a'.repeat(40) } }),
      item(2, 'passed', { mergeRefused: { code: 'landing.conflict', message: 'a.txt conflicts.' }, mode: 'm' }),
      item(3, 'error', { cause: { code: 'x', message: 'because' }, attempts: 3 }),
      item(4, 'queued', { session: null, durationMs: null, costUsd: null, attempts: 0 }),
    ]);
    expect(tableOf(sections(of)['items']!)).toEqual([
      ['001', 'task 1', 'passed', 'shop', 'amp', '1', '1.0s', '$0.25', 'merged aaaaaaaa'],
      ['002', 'task 2', 'passed', 'shop', 'amp m', '1', '1.0s', '$0.25', 'not merged: a.txt conflicts.'],
      ['003', 'task 3', 'error', 'shop', 'amp', '3', '1.0s', '$0.25', 'because'],
      ['004', 'task 4', 'queued', 'shop', 'amp', '0', '–', '–', ''],
    ]);
  });
});

describe('as text', () => {
  const hostile = facts([
    item(1, 'error', {
      name: '<script>alert(1)</script> | `x`',
      cause: { code: 'x', message: '[a](javascript:b) <b>' },
      prompt: '</blockquote><img src=x onerror=y>',
    }),
    item(2, 'passed', { agent: 'command' }),
  ]);

  it('Markdown in which nothing that others wrote is markup', async () => {
    const text = await renderBatchReport('markdown', hostile, { at: AT });
    expect(text).toMatch(/^# Batch report: fixes$/m);
    expect(text).not.toContain('<script>');
    expect(text).not.toMatch(/(?<!\\)\[a\]\(javascript/);
  });

  it('one HTML file without a script', async () => {
    const text = await renderBatchReport('html', hostile, { at: AT });
    expect(text).toMatch(/^<!doctype html>/i);
    expect(text).not.toMatch(/<script|<img/i);
    expect(text).toContain('&lt;script&gt;');
    expect(text).toContain('<svg');
  });
});
