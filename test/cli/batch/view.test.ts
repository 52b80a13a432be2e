import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import type { ItemState } from '../../../src/batch/plan.ts';
import { plainView } from '../../../src/cli/batch/batch-view.ts';
import { type BatchHeader, countsText, headerText, spentText } from '../../../src/cli/batch/header-text.ts';
import { createLiveView } from '../../../src/cli/batch/live-view.ts';

const color = new Chalk({ level: 0 });
const none: Record<ItemState, number> = {
  queued: 0,
  running: 0,
  passed: 0,
  failed: 0,
  error: 0,
  timeout: 0,
  budget: 0,
  cancelled: 0,
};
const header = (over: Partial<BatchHeader> = {}, counts: Partial<typeof none> = {}): BatchHeader => ({
  counts: { ...none, ...counts },
  running: counts.running ?? 0,
  spentUsd: 0,
  spentTokens: 0,
  costIsLowerBound: false,
  etaMs: null,
  ...over,
});
const text = (over: Partial<BatchHeader>, counts: Partial<typeof none>) => headerText(header(over, counts), color, 0);

describe('the header', () => {
  it.each<[string, Partial<BatchHeader>, Partial<typeof none>]>([
    ['0 of 3 done · 3 queued', {}, { queued: 3 }],
    [
      '2 of 5 done · 1 queued, 2 running, 1 passed, 1 time-out · $1.50, 12.0k tokens · about 5m left',
      { spentUsd: 1.5, spentTokens: 12_000, etaMs: 290_000 },
      { queued: 1, running: 2, passed: 1, timeout: 1 },
    ],
    [
      '1 of 2 done · 1 running, 1 passed · ≥$0.20 · less than a minute left',
      { spentUsd: 0.2, costIsLowerBound: true, etaMs: 100 },
      { running: 1, passed: 1 },
    ],
    ['0 of 1 done · 1 running · about 2h 05m left', { etaMs: 7_500_000 }, { running: 1 }],
    ['2 of 2 done · 2 passed', { etaMs: 5 }, { passed: 2 }],
    ['0 of 1 done · 1 queued · pausing 30.0s', { pausedUntil: '1970-01-01T00:00:30.000Z' }, { queued: 1 }],
    ['0 of 1 done · 1 queued', { pausedUntil: '1969-01-01T00:00:00.000Z' }, { queued: 1 }],
  ])('%s', (shown, over, counts) => expect(text(over, counts)).toBe(shown));

  it('an unknown cost is no cost', () => {
    expect(spentText({ spentUsd: null, spentTokens: 0, costIsLowerBound: true })).toBe('');
    expect(spentText({ spentUsd: 0, spentTokens: 900, costIsLowerBound: true })).toBe('900 tokens');
    expect(spentText({ spentUsd: 0, spentTokens: 0, costIsLowerBound: false })).toBe('');
  });

  it('colours tell good from bad', () => {
    const colored = countsText({ ...none, passed: 1, error: 2 }, new Chalk({ level: 1 }));
    expect(colored).toBe('1 \x1b[32mpassed\x1b[39m, 2 \x1b[31merror\x1b[39m');
  });
});

describe('in a pipe', () => {
  it('is one line a change, with how far it is', () => {
    const lines: string[] = [];
    const view = plainView((line) => lines.push(line));
    view.line('before');
    view.slot(0, '001 a: starting');
    view.event!({} as never, { items: [{ state: 'queued' }, { state: 'passed' }, { state: 'running' }] } as never);
    view.slot(0, '001 a: nobody reads this');
    view.line('✓ 001 a passed');
    view.slot(1, '002 b: starting');
    expect(lines).toEqual(['before', '… 001 a', '[1/3] ✓ 001 a passed', '[1/3] … 002 b']);
  });
});

describe('on a terminal', () => {
  const scene = ({ slots = 3, columns = 60, rows = 20 } = {}) => {
    const screen: string[] = [];
    let now = 0;
    const writer = {
      columns,
      write: (piece: string) => {
        const erase = /^\r(?:\x1b\[(\d+)A)?\x1b\[0J/.exec(piece)!;
        screen.splice(screen.length - Number(erase[1] ?? 0));
        screen.push(...piece.slice(erase[0].length).split('\n').slice(0, -1));
      },
    };
    const setting = { writer: writer as never, color, elapsed: () => now, wall: () => 0, rows: () => rows, slots };
    const view = createLiveView(setting);
    const drawn = async (): Promise<string[]> => {
      view.line('·');
      return screen.slice(screen.lastIndexOf('·') + 1);
    };
    return { view, screen, drawn, pass: (ms: number) => (now += ms) };
  };

  it('shows the header and what each worker does, and for how long', async () => {
    const { view, drawn, pass } = scene();
    view.header(header({}, { queued: 1, running: 2 }));
    view.slot(0, '001 first: worktree');
    pass(2000);
    view.slot(2, '002 second: worktree');
    view.slot(0, '001 first: tests');
    pass(1000);
    expect(await drawn()).toEqual([
      '0 of 3 done · 1 queued, 2 running',
      '⠋ 001 first: tests  3.0s',
      '⠋ 002 second: worktree  1.0s',
    ]);
    view.slot(0, null);
    view.slot(2, '003 third: worktree');
    expect(await drawn()).toEqual(['0 of 3 done · 1 queued, 2 running', '⠋ 003 third: worktree  0.0s']);
    await view.end();
  });

  it('lines stay above, and nothing of the rest stays at the end', async () => {
    const { view, screen } = scene();
    view.header(header({}, { queued: 1 }));
    view.slot(0, '001 a: x');
    view.line('✓ one');
    view.line('✓ two');
    await view.end();
    expect(screen).toEqual(['✓ one', '✓ two']);
  });

  it('more workers than rows are counted, and nothing is wider than the terminal', async () => {
    const { view, drawn } = scene({ slots: 300, columns: 30, rows: 8 });
    view.header(header({}, { running: 300, passed: 200 }));
    for (let at = 0; at < 300; at++) view.slot(at, `${at} a name that is long enough to be cut: worktree`);
    const lines = await drawn();
    expect(lines.length).toBe(6);
    expect(lines.at(-1)).toBe('  … and 296 more at work');
    expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(29);
    await view.end();
  });

  it('what an agent says does nothing to the terminal', async () => {
    const { view, drawn } = scene();
    view.slot(0, '001 \x1b[2Jevil\r\nname: x');
    expect((await drawn()).join('|')).toBe('⠋ 001 evil name: x  0.0s');
    await view.end();
  });
});
