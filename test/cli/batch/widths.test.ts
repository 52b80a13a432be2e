import { Chalk } from 'chalk';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ITEM_STATES, type ItemState } from '../../../src/batch/plan.ts';
import { runFlags } from '../../../src/cli/batch/flags.ts';
import {
  countsText,
  endedOf,
  headerText,
  paintState,
  spentText,
  stateWord,
  totalOf,
} from '../../../src/cli/batch/header-text.ts';
import { createLiveView } from '../../../src/cli/batch/live-view.ts';
import { planText } from '../../../src/cli/batch/plan-text.ts';
import { batchStatusText, type Status } from '../../../src/cli/batch/status-text.ts';
import { stoppedText } from '../../../src/cli/batch/stopped-text.ts';
import { watchBatch } from '../../../src/cli/batch/watch.ts';
import { textWidth } from '../../../src/cli/width.ts';
import { planned, planOf } from '../../batch/world.ts';

const color = new Chalk({ level: 0 });
const NOW = '2026-11-23T10:00:00.000Z';
const EVIL = 'a\u001b[2J\u001b]0;title\u0007b\u202ec\u009b31md\r\ne';
/** Everything that does something to a terminal, but the ends of our own lines. */
const CONTROL = /[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/;

const countsWith = (over: Partial<Record<ItemState, number>>): Record<ItemState, number> => ({
  ...(Object.fromEntries(ITEM_STATES.map((state) => [state, 0])) as Record<ItemState, number>),
  ...over,
});

const itemAt = (at: number, over: Partial<Status['items'][number]> = {}): Status['items'][number] => ({
  item: String(at).padStart(3, '0'),
  session: `a-session-with-a-long-name-${at}`,
  repo: `/home/me/repositories/shop-${at % 7}`,
  name: `rewrite the whole of module ${at} in another way`,
  state: ITEM_STATES[at % ITEM_STATES.length]!,
  cause: at % 3 === 0 ? { code: 'agent.failed', message: 'The agent ended with 1 after it had said much.' } : null,
  attempts: at % 4,
  durationMs: at % 5 === 0 ? null : at * 1000,
  costUsd: at % 2 === 0 ? null : at / 100,
  merged: null,
  mergeRefused: null,
  ...over,
});

const statusOf = (items: Status['items'], over: Partial<Status> = {}): Status => ({
  id: 'k3abc',
  name: 'nightly',
  state: 'stopped',
  counts: countsWith(
    Object.fromEntries(ITEM_STATES.map((state) => [state, items.filter((one) => one.state === state).length])),
  ),
  items,
  spent: { usd: null, tokens: 0, isLowerBound: false },
  budget: null,
  dayBudget: null,
  etaMs: null,
  workers: [],
  pauses: [],
  ...over,
});

const many = Array.from({ length: 400 }, (_, at) => itemAt(at + 1));

describe('hundreds of items', () => {
  it.each([40, 80, 200])('take no more than %i columns', (width) => {
    const lines = batchStatusText(statusOf(many), { color, now: NOW, width, all: true }).split('\n');
    const rows = lines.slice(lines.findIndex((line) => line.startsWith('ITEM')));
    expect(rows.length).toBeGreaterThan(400);
    expect(Math.max(...rows.map(textWidth))).toBeLessThanOrEqual(width);
    // Whatever goes, what an item is and how it stands stays.
    for (const { item, state } of many) {
      const row = rows.find((line) => line.startsWith(`${item} `));
      expect(row, item).toContain(stateWord(state));
    }
  });

  it('say more the more room there is', () => {
    const shown = [40, 80, 200].map((width) =>
      batchStatusText(statusOf(many.slice(0, 9)), { color, now: NOW, width })
        .split('\n')
        .find((line) => line.startsWith('ITEM'))!
        .trim()
        .split(/\s{2,}/),
    );
    const [narrow, usual, wide] = shown.map(({ length }) => length);
    expect(narrow).toBeLessThan(usual!);
    expect(usual).toBeLessThanOrEqual(wide!);
    expect(shown[2]).toEqual(['ITEM', 'NAME', 'STATE', 'REPOSITORY', 'SESSION', 'TRIES', 'TOOK', 'COST', 'NOTE']);
    for (const titles of shown) expect(titles).toEqual(expect.arrayContaining(['ITEM', 'NAME', 'STATE']));
  });

  it('without asking for all: those that went well are counted, the others shown', () => {
    const lines = batchStatusText(statusOf(many), { color, now: NOW }).split('\n');
    const shown = many.filter(({ state }) => state !== 'queued' && state !== 'passed');
    for (const { item } of shown) expect(lines.some((line) => line.startsWith(`${item} `))).toBe(true);
    expect(lines.filter((line) => /^\d{3} {2}/.test(line))).toHaveLength(shown.length);
    expect(lines.join('\n')).toContain('50 passed');
  });

  it('as a plan: a line each, none lost', () => {
    const items = Array.from({ length: 500 }, (_, at) => planned(at + 1));
    const lines = planText(planOf(items), color).split('\n');
    expect(lines.slice(3).map((line) => line.split(' ')[0])).toEqual(items.map(({ item }) => item));
  });
});

describe('what others wrote', () => {
  it('does nothing to the terminal, wherever it stands in a status', () => {
    const told = batchStatusText(
      statusOf(
        [
          itemAt(1, {
            name: EVIL,
            repo: `/x/${EVIL}`,
            session: EVIL,
            cause: { code: 'agent.failed', message: EVIL },
          }),
          itemAt(2, { mergeRefused: { code: 'landing.conflict', message: EVIL } }),
        ],
        {
          name: EVIL,
          workers: [{ pid: 1, host: EVIL }],
          pauses: [{ agent: EVIL, until: '2026-11-23T10:01:00.000Z', reason: EVIL }],
        },
      ),
      { color, now: NOW },
    );
    expect(told).not.toMatch(CONTROL);
    expect(told).toContain('rests for 1m 00s');
  });

  it('does nothing in a plan', () => {
    const items = [planned(1, { name: EVIL, repo: `/x/${EVIL}`, base: EVIL, test: EVIL })];
    expect(planText({ ...planOf(items, { name: EVIL }), id: null }, color)).not.toMatch(CONTROL);
  });

  it('does nothing where a batch was stopped', () => {
    const told = stoppedText(
      { id: 'k3abc', workers: [{ pid: 7, host: EVIL, ended: false }], cancelled: [] },
      { now: false },
    );
    expect(told).not.toMatch(CONTROL);
    expect(told).toMatch(/^Process 7 on .* lets finish what runs, and begins nothing new\.\nGo on with: .* k3abc$/);
  });
});

describe('a stop', () => {
  const worker = (pid: number, ended: boolean) => ({ pid, host: 'box', ended });

  it.each<[string, Parameters<typeof stoppedText>[0], boolean, string[]]>([
    [
      'that waits',
      { id: 'a', workers: [worker(1, true), worker(2, false)], cancelled: [] },
      false,
      [
        'Process 1 on box has ended.',
        'Process 2 on box lets finish what runs, and begins nothing new.',
        'Go on with: amp-sessions batch resume a',
      ],
    ],
    [
      'at once',
      { id: 'a', workers: [worker(2, false)], cancelled: [] },
      true,
      ['Process 2 on box is still at it.', 'Go on with: amp-sessions batch resume a'],
    ],
    [
      'for good: there is nothing to go on with',
      { id: 'a', workers: [worker(1, true)], cancelled: ['001', '002'] },
      true,
      ['Process 1 on box has ended.', '2 items given up.'],
    ],
    ['of one item', { id: 'a', workers: [], cancelled: ['001'] }, false, ['1 item given up.']],
    [
      'of nothing',
      { id: 'a', workers: [], cancelled: [] },
      false,
      ['Nobody worked on it, and nothing was queued.', 'Go on with: amp-sessions batch resume a'],
    ],
  ])('%s', (_, stopped, now, lines) => expect(stoppedText(stopped, { now }).split('\n')).toEqual(lines));
});

describe('the header in figures', () => {
  it('every item is counted once, and has ended or not', () => {
    for (const state of ITEM_STATES) {
      const counts = countsWith({ [state]: 3 });
      expect([totalOf(counts), endedOf(counts)], state).toEqual([3, state === 'queued' || state === 'running' ? 0 : 3]);
      expect(countsText(counts, color)).toBe(`3 ${state === 'timeout' ? 'time-out' : state}`);
    }
    expect(countsText(countsWith({}), color)).toBe('');
  });

  it.each([
    [59_999, 'less than a minute'],
    [60_000, 'about 1m'],
    [89_999, 'about 1m'],
    [3_569_999, 'about 59m'],
    [3_570_000, 'about 1h 00m'],
    [90_000_000, 'about 1d 1h'],
  ])('%i ms are %s', (etaMs, said) => {
    const header = { counts: countsWith({ running: 1 }), running: 1, spentUsd: 0, spentTokens: 0 };
    expect(headerText({ ...header, costIsLowerBound: false, etaMs }, color, 0)).toBe(
      `0 of 1 done · 1 running · ${said} left`,
    );
  });

  it.each([
    [{ spentUsd: 0.001, spentTokens: 0, costIsLowerBound: false }, '<$0.01'],
    [{ spentUsd: 1234.5, spentTokens: 999_950, costIsLowerBound: true }, '≥$1234.50, 1.0M tokens'],
    [{ spentUsd: null, spentTokens: 12, costIsLowerBound: false }, '12 tokens'],
  ])('%j is %s', (spent, said) => expect(spentText(spent)).toBe(said));

  it('states are painted by how good they are, and what waits is not', () => {
    const vivid = new Chalk({ level: 1 });
    const painted = Object.fromEntries(ITEM_STATES.map((state) => [state, paintState(state, vivid, 'x')]));
    expect(painted['queued']).toBe('x');
    expect(painted['failed']).toBe(vivid.red('x'));
    expect([painted['error'], painted['timeout']]).toEqual([painted['failed'], painted['failed']]);
    expect(new Set(Object.values(painted)).size).toBe(6);
  });
});

describe('on a terminal', () => {
  const drawnAt = async (columns: number, slots: number, titles: string[]): Promise<string[]> => {
    let last = '';
    const writer = { columns, write: (piece: string) => (last = piece) };
    const view = createLiveView({
      writer: writer as never,
      color,
      elapsed: () => 0,
      wall: () => 0,
      rows: () => 12,
      slots,
    });
    view.header({
      counts: countsWith({ running: slots, passed: 1000, failed: 200, timeout: 30, cancelled: 7, queued: 5000 }),
      running: slots,
      spentUsd: 1234.56,
      spentTokens: 98_765_432,
      costIsLowerBound: true,
      etaMs: 5_000_000,
      pausedUntil: '1970-01-01T00:10:00.000Z',
    });
    titles.forEach((title, at) => {
      view.slot(at, title);
    });
    view.line('·');
    const lines = last
      .replace(/^\r(?:\x1b\[\d+A)?\x1b\[0J/, '')
      .split('\n')
      .slice(0, -1);
    await view.end();
    return lines;
  };

  it.each([10, 40, 80, 200])('%i columns are enough, whatever the names are', async (columns) => {
    const names = ['short: x', `${'long '.repeat(60)}: x`, `${'日本語'.repeat(40)}: x`, `${'e\u0301'.repeat(150)}: x`];
    const lines = await drawnAt(columns, 4, names);
    expect(lines).toHaveLength(5);
    expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(Math.max(10, columns - 1));
  });

  it('the header is whole where there is room', async () => {
    expect((await drawnAt(200, 1, []))[0]).toBe(
      '1237 of 6238 done · 5000 queued, 1 running, 1000 passed, 200 failed, 30 time-out, 7 cancelled · ' +
        '≥$1234.56, 98.8M tokens · about 1h 23m left · pausing 10m 00s',
    );
  });

  it('what controls a terminal controls nothing', async () => {
    const lines = await drawnAt(80, 2, [`${EVIL}: x`, 'plain: y']);
    expect(lines.join('\n')).not.toMatch(CONTROL);
    expect(lines).toHaveLength(3);
  });
});

describe('watching', () => {
  afterEach(() => vi.restoreAllMocks());
  const heard = (): string[] => {
    const written: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((piece) => written.push(String(piece)) > 0);
    return written;
  };
  const watch = (looks: Status[], over: { silent?: boolean; signal?: AbortSignal } = {}) => {
    let at = 0;
    return watchBatch({
      look: async () => looks[Math.min(at++, looks.length - 1)]!,
      text: (status) => `whole ${status.state}`,
      signal: new AbortController().signal,
      silent: false,
      color,
      ...over,
    });
  };
  const running = statusOf([itemAt(1, { state: 'running' })], { state: 'running' });

  it('ends with what is over, told once and in full', async () => {
    const written = heard();
    const status = await watch([statusOf([], { state: 'finished' })]);
    expect([status.state, written.join('')]).toEqual(['finished', 'whole finished\n']);
  });

  it('shows nothing when it is to be silent', async () => {
    const written = heard();
    expect((await watch([statusOf([])], { silent: true })).state).toBe('stopped');
    expect(written).toEqual([]);
  });

  it('ends at once when somebody has had enough, while it waits as well', async () => {
    const written = heard();
    expect((await watch([running], { signal: AbortSignal.abort() })).state).toBe('running');
    const enough = new AbortController();
    const watched = watch([running], { signal: enough.signal });
    await new Promise((resolve) => setImmediate(resolve));
    enough.abort();
    expect((await watched).state).toBe('running');
    expect(written).toEqual(['whole running\n', '0 of 1 done · 1 running\n', 'whole running\n']);
  });
});

describe('flags of all that work on a batch', () => {
  it('say what they are', () => {
    expect(Object.keys(runFlags)).toEqual(['concurrency', 'shard', 'trust']);
    for (const flag of Object.values(runFlags)) expect(flag.summary).toMatch(/^[A-Z].+\.$/);
    expect([runFlags.concurrency.char, runFlags.concurrency.helpValue]).toEqual(['j', '<n>']);
  });
});
