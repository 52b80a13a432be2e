import { describe, expect, it } from 'vitest';
import type { Row } from '../../../src/cli/report/facts.ts';
import { pageOf } from '../../../src/cli/report/page.ts';
import {
  aFailure,
  aModel,
  aPage,
  aSession,
  aTool,
  factsIn,
  saidIn,
  tablesIn,
  textsOf,
} from '../../support/report-facts.ts';

const page = (row: Row = {}, over = {}, lists = {}) => pageOf(aSession('s1', row, over), aPage('s1', lists));
const titles = (section: ReturnType<typeof page>): string[] =>
  section.blocks.flatMap((block) => (block.kind === 'title' ? [block.text] : []));
const storyOf = (...story: Row[]): string[][] =>
  textsOf(tablesIn(page({}, {}, { story }))[0]).map((row) => row.slice(1));
const fact = { began: '2026-11-22T14:30:15.000Z', duration_ms: null, outcome: null, says: null };

describe("a session's page", () => {
  it('has what it was asked, and what is known of it', () => {
    const made = page({
      prompt: 'Add\na login',
      ...{ mode: 'smart', base: 'main', branch: 'amp/x', merged_into: null, pull_request: '' },
      last_activity_at: '2026-11-22T15:00:00.000Z',
    });
    expect(made).toMatchObject({ id: 'session-s1', title: 'Session s1', isPage: true });
    expect(made.blocks.slice(0, 2)).toEqual([
      { kind: 'title', text: 'name of s1' },
      { kind: 'quote', text: 'Add\na login' },
    ]);
    expect(factsIn(made)).toEqual({
      ...{ Status: 'idle', Agent: 'claude', Mode: 'smart', Base: 'main', Branch: 'amp/x' },
      ...{ Made: '2026-11-22 14:30', 'Last activity': '2026-11-22 15:00', Cost: '–', Iterations: '0' },
    });
    expect(saidIn(made)).toEqual(['Nothing has happened in it yet.']);
    expect(titles(made)).toEqual(['name of s1', 'Timeline']);
  });

  it('cuts a prompt without end, and has none where there is none', () => {
    const [, quote] = page({ prompt: 'x'.repeat(5000) }).blocks;
    expect(quote).toEqual({ kind: 'quote', text: `${'x'.repeat(1999)}…` });
    for (const prompt of [null, undefined, '', ' \n', '\u200b'])
      expect(page({ prompt }).blocks.filter(({ kind }) => kind === 'quote')).toEqual([]);
  });

  it('has no title of its own where it has no name', () => expect(titles(page({ name: '' }))).toEqual(['Timeline']));

  it('has its models, tools and failures where there are some', () => {
    const lists = { models: [aModel('m')], tools: [aTool('t')], failures: [aFailure('f')] };
    const made = page({}, { commits: 1, files: 2, insertions: 3, deletions: 1 }, lists);
    expect(titles(made).slice(2)).toEqual(['Models', 'Tools', 'Failures']);
    expect(tablesIn(made).map(({ rows }) => rows[0]![0]!.text)).toEqual(['m', 't', 'f']);
    expect(saidIn(made)).toContain('1 commit changed 2 files and 4 lines: 3 added, 1 taken away.');
  });
});

describe('its timeline', () => {
  it('tells of iterations with their commit, else who began them and why', () => {
    const one = { ...fact, kind: 'iteration', iteration: 2, agent: 'claude', target: 'prompt' };
    const done = { ...one, says: 'Added it', outcome: 'completed', duration_ms: 0, insertions: 3, deletions: 0 };
    const paid = { cost_usd: '0.500000', cost_source: 'reported', cost_is_lower_bound: false };
    expect(storyOf({ ...done, ...paid }, one)).toEqual([
      ['Iteration 2', 'Added it', 'completed', '0.0s', '+3 −0', '$0.50'],
      ['Iteration 2', 'claude, prompt', 'running', '', '', '–'],
    ]);
    const [table] = tablesIn(page({}, {}, { story: [{ ...done, fate: 'landed' }] }));
    expect(table!.rows[0]).toMatchObject([
      {},
      {},
      { note: 'claude, prompt' },
      { tone: 'good', note: 'landed' },
      {},
      {},
      {},
    ]);
  });

  it('tells of tests, of the base and of an iteration', () => {
    const one = { ...fact, kind: 'tests', says: 'npm test -- "a|b"', outcome: 'passed', duration_ms: 1500 };
    expect(storyOf({ ...one, target: 'base' }, { ...one, iteration: 3, outcome: 'newly-failing' })).toEqual([
      ['Tests of the base', 'npm test -- "a|b"', 'passed', '1.5s', '', ''],
      ['Tests of 3', 'npm test -- "a|b"', 'newly-failing', '1.5s', '', ''],
    ]);
  });

  it('tells of failures, and whether they were put right', () => {
    const one = { ...fact, kind: 'error', outcome: 'setup.broken' };
    const [table] = tablesIn(page({}, {}, { story: [one, { ...one, says: 'No space', fate: 'setup' }] }));
    expect(table!.rows.map(([, what, said, end]) => [what!.text, said!.text, end])).toEqual([
      ['Failure', '', { text: 'setup.broken', tone: 'bad', note: 'not put right' }],
      ['Failure', 'No space', { text: 'setup.broken', tone: 'bad', note: 'put right by setup' }],
    ]);
  });

  it('tells of commits by hand and of operations', () => {
    const commit = {
      ...fact,
      kind: 'commit',
      says: 'Fix',
      agent: 'Ann',
      insertions: 0,
      deletions: 2,
      fate: 'standing',
    };
    const rebase = { ...fact, kind: 'operation', agent: 'rebase', target: 'main', outcome: 'done', duration_ms: 10 };
    expect(storyOf(commit, rebase, { ...rebase, says: 'onto x' }, { ...fact, kind: 'operation' })).toEqual([
      ['Commit by hand', 'Fix', 'standing', '', '+0 −2', ''],
      ['rebase', 'main', 'done', '0.0s', '', ''],
      ['rebase', 'onto x', 'done', '0.0s', '', ''],
      ['Operation', '', 'running', '', '', ''],
    ]);
  });

  it('has the last two hundred, and says so', () => {
    const story = Array.from({ length: 203 }, (_, at) => ({ ...fact, kind: 'tests', iteration: at, says: `${at}` }));
    const made = page({}, {}, { story });
    expect(saidIn(made)).toEqual(['The last 200 of 203; amp-sessions timeline shows all.']);
    const rows = textsOf(tablesIn(made)[0]);
    expect([rows.length, rows[0]![2], rows.at(-1)![2]]).toEqual([200, '3', '202']);
    expect(saidIn(page({}, {}, { story: story.slice(3) }))).toEqual([]);
  });

  it('has a dash for a time that nobody told', () => {
    const [table] = tablesIn(page({}, {}, { story: [{ ...fact, kind: 'error', began: null }] }));
    expect(table!.rows[0]![0]).toEqual({ text: '–' });
  });
});
