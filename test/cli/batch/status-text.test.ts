import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { ITEM_STATES, type ItemState } from '../../../src/batch/plan.ts';
import {
  batchEndText,
  batchListText,
  batchStatusText,
  goOnText,
  headerOf,
  type Status,
} from '../../../src/cli/batch/status-text.ts';
import { stoppedText } from '../../../src/cli/batch/stopped-text.ts';

const color = new Chalk({ level: 0 });
const NOW = '2026-11-23T10:00:00.000Z';

type Item = Status['items'][number];
const item = (n: number, state: ItemState, over: Partial<Item> = {}): Item => ({
  item: String(n).padStart(3, '0'),
  session: `session${n}`,
  repo: '/repos/shop',
  name: `task ${n}`,
  state,
  cause: null,
  attempts: 1,
  durationMs: 1500,
  costUsd: null,
  merged: null,
  mergeRefused: null,
  ...over,
});

const status = (items: Item[], over: Partial<Status> = {}): Status => ({
  id: 'k3abc',
  name: 'fixes',
  state: 'finished',
  counts: Object.fromEntries(
    ITEM_STATES.map((state) => [state, items.filter((one) => one.state === state).length]),
  ) as Status['counts'],
  items,
  spent: { usd: null, tokens: 0, isLowerBound: false },
  budget: null,
  dayBudget: null,
  etaMs: null,
  workers: [],
  pauses: [],
  ...over,
});

const text = (of: Status, over: { width?: number; all?: boolean } = {}): string[] =>
  batchStatusText(of, { color, now: NOW, ...over })
    .split('\n')
    .map((line) => line.trimEnd());

describe('an item that another clone runs', () => {
  it('says which one, and where', () => {
    const lines = text(
      status([
        item(1, 'running', { elsewhere: { writer: 'k7x2', host: 'node7' } }),
        item(2, 'running', { elsewhere: { writer: 'k7x2', host: null } }),
        item(3, 'running', { elsewhere: null }),
      ]),
    );
    expect(lines.slice(-3).map((line) => /in clone.*$/.exec(line)?.[0])).toEqual([
      'in clone k7x2 on node7',
      'in clone k7x2',
      undefined,
    ]);
  });
});

describe('batch status', () => {
  it('says what became of each item, and why', () => {
    const items = [
      item(1, 'passed', { costUsd: 0.5, merged: { commit: 'a'.repeat(40) } }),
      item(2, 'passed', { mergeRefused: { code: 'landing.conflict', message: 'a.txt conflicts.' } }),
      item(3, 'timeout', { attempts: 3, cause: { code: 'agent.timeout', message: 'It took too long.' } }),
      item(4, 'queued', { cause: { code: 'agent.failed', message: 'It failed.' } }),
      item(5, 'queued', { session: null, attempts: 0, durationMs: null }),
    ];
    expect(text(status(items, { state: 'stopped', spent: { usd: 0.5, tokens: 1200, isLowerBound: true } }))).toEqual([
      'fixes k3abc: stopped',
      '3 of 5 done · 2 queued, 2 passed, 1 time-out · ≥$0.50, 1.2k tokens',
      '',
      'ITEM  NAME    STATE     REPOSITORY  SESSION   TRIES  TOOK   COST  NOTE',
      '001   task 1  passed    shop        session1         1.5s  $0.50  merged aaaaaaaa',
      '002   task 2  passed    shop        session2         1.5s      –  not merged: a.txt conflicts.',
      '003   task 3  time-out  shop        session3      3  1.5s      –  It took too long.',
      '004   task 4  queued    shop        session4         1.5s      –  again: It failed.',
      '005   task 5  queued    shop        –                   –      –',
    ]);
    expect(goOnText(status(items, { state: 'stopped' }))).toBe('\nGo on with: amp-sessions batch resume k3abc');
    expect(goOnText(status(items, { state: 'finished' }))).toBe(undefined);
  });

  it('says who works on it, for how long still, what rests and what it may cost', () => {
    const running = status([item(1, 'running'), item(2, 'queued')], {
      name: 'k3abc',
      state: 'running',
      workers: [{ pid: 42, host: 'box' }],
      etaMs: 600_000,
      budget: { usd: 5, tokens: 2_000_000, wallClockSec: 3600 },
      pauses: [{ agent: 'amp', until: '2026-11-23T10:00:30.000Z', reason: 'agent.rejected' }],
    });
    expect(text(running).slice(0, 3)).toEqual([
      'k3abc: run by process 42 on box; budget $5.00, 2.0M tokens, 1h 00m',
      '0 of 2 done · 1 queued, 1 running · about 10m left',
      '! amp rests for 30.0s (agent.rejected)',
    ]);
  });

  it('says of what a dead process left that nobody is at it, and of a benchmark nothing about batches', () => {
    const items = [item(1, 'running'), item(2, 'running', { elsewhere: { writer: 'k7x2', host: 'box' } })];
    const left = text(status(items, { state: 'stopped' }));
    expect(goOnText(status(items, { state: 'stopped' })), 'another clone is at it').toBe(undefined);
    expect(goOnText(status(items.slice(0, 1), { state: 'stopped', kind: 'bench' }))).toBe(undefined);
    expect(left.at(-2)).toMatch(/ left by a process that is gone$/);
    expect(left.at(-1)).toMatch(/ in clone k7x2 on box$/);
    const watched = text(status(items, { state: 'running', workers: [{ pid: 42, host: 'box' }] }));
    expect(watched.join()).not.toContain('left by');
  });

  it('of many only those with something to tell', () => {
    const items = Array.from({ length: 70 }, (_, at) =>
      item(at + 1, at === 3 ? 'failed' : at < 60 ? 'passed' : 'queued'),
    );
    const shown = text(status(items));
    expect(shown.slice(3)).toEqual([
      'ITEM  NAME    STATE   REPOSITORY  SESSION   TRIES  TOOK  COST  NOTE',
      '004   task 4  failed  shop        session4         1.5s     –',
      '10 queued, 59 passed not shown; --all shows all.',
    ]);
    expect(text(status(items), { all: true }).length).toBe(74);
  });

  it('fits into any terminal', () => {
    const long = item(1, 'error', { name: 'n'.repeat(80), cause: { code: 'x', message: 'm'.repeat(200) } });
    for (const width of [40, 60, 80, 120])
      expect(
        Math.max(
          ...text(status([long]), { width })
            .slice(3)
            .map((line) => line.length),
        ),
      ).toBeLessThanOrEqual(width);
  });

  it('what others wrote does nothing to a terminal', () => {
    const evil = item(1, 'error', { name: 'a\x1b[2Jb', cause: { code: 'x', message: 'c\r\nd\x07' } });
    const shown = text(status([evil], { name: 'x\x1b]0;t\x07y', workers: [{ pid: 1, host: 'h\x1b[1m' }] })).join('\n');
    expect(shown).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
    expect(batchEndText(status([evil]), color)).toContain('error 001 ab session1: c d');
  });

  it('as one line', () => {
    expect(headerOf(status([item(1, 'passed')]), color, 0)).toBe('1 of 1 done · 1 passed');
  });
});

describe('the end of a run', () => {
  it('names what did not end well, and counts the rest', () => {
    const items = [item(1, 'passed'), ...Array.from({ length: 25 }, (_, at) => item(at + 2, 'failed'))];
    const lines = batchEndText(status(items), color).split('\n');
    expect(lines[0]).toBe('fixes k3abc: 26 items, 1 passed, 25 failed');
    expect(lines[1]).toBe('  failed 002 task 2 session2');
    expect(lines.length).toBe(22);
    expect(lines.at(-1)).toBe('  … and 5 more');
  });

  it('says nothing of what passed, unless it could not be merged', () => {
    const refused = { code: 'landing.conflict', message: 'a.txt conflicts.' };
    expect(batchEndText(status([item(1, 'passed'), item(2, 'queued')]), color).split('\n')).toHaveLength(1);
    expect(batchEndText(status([item(1, 'passed', { mergeRefused: refused })]), color).split('\n')[1]).toBe(
      '  passed 001 task 1 session1: not merged: a.txt conflicts.',
    );
  });
});

describe('batch list', () => {
  it('is a line for each', () => {
    const listed = (id: string, items: Item[], state: string, costUsd: number | null) => {
      const { counts } = status(items);
      return {
        id,
        name: `batch ${id}`,
        state,
        counts,
        createdAt: NOW,
        lastActivityAt: '2026-11-23T09:00:00.000Z',
        costUsd,
      };
    };
    const items = [
      listed('one', [item(1, 'passed'), item(2, 'timeout')], 'finished', 1.25),
      listed('two', [item(1, 'queued')], 'stopped', null),
    ];
    expect(batchListText(items, { color, now: NOW }).split('\n')).toEqual([
      'ID   NAME       STATE     ITEMS  WHAT CAME OF THEM      COST  ACTIVE',
      'one  batch one  finished      2  1 passed, 1 time-out  $1.25  1h ago',
      'two  batch two  stopped       1  1 queued                  –  1h ago',
    ]);
  });
});

describe('batch stop', () => {
  const worker = { pid: 7, host: 'box' };
  it.each([
    [
      { workers: [{ ...worker, ended: true }], cancelled: [] },
      false,
      ['Process 7 on box has ended.', 'Go on with: amp-sessions batch resume b'],
    ],
    [
      { workers: [{ ...worker, ended: false }], cancelled: [] },
      false,
      ['Process 7 on box lets finish what runs, and begins nothing new.', 'Go on with: amp-sessions batch resume b'],
    ],
    [
      { workers: [{ ...worker, ended: false }], cancelled: [] },
      true,
      ['Process 7 on box is still at it.', 'Go on with: amp-sessions batch resume b'],
    ],
    [{ workers: [], cancelled: ['001', '002'] }, false, ['2 items given up.']],
    [
      { workers: [], cancelled: [] },
      false,
      ['Nobody worked on it, and nothing was queued.', 'Go on with: amp-sessions batch resume b'],
    ],
  ])('%j', (stopped, now, lines) => {
    expect(stoppedText({ id: 'b', ...stopped }, { now }).split('\n')).toEqual(lines);
  });
});
