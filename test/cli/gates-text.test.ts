import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { gatesText } from '../../src/cli/gates-text.ts';
import { forecastText, preflightText } from '../../src/cli/preflight-text.ts';

const plain = new Chalk({ level: 0 });
type Gate = Parameters<typeof gatesText>[0][number];
const gate = (over: Partial<Gate> = {}): Gate => ({
  name: 'tests',
  ok: true,
  severity: 'gate',
  detail: 'fine',
  ...over,
});

describe('gates in text', () => {
  it('each has its mark', () => {
    const gates = [
      gate(),
      gate({ name: 'secrets', ok: false, detail: 'bad', hint: 'Mend it.' }),
      gate({ ok: false, severity: 'review', detail: 'look' }),
      gate({ skipped: true, detail: 'not run' }),
    ];
    expect(gatesText(gates, plain)).toBe(
      ['✓ tests    fine', '✗ secrets  bad', '           → Mend it.', '! tests    look', '– tests    not run'].join(
        '\n',
      ),
    );
  });

  it('what was found stands in columns, not all of it, and nothing of it steers the terminal', () => {
    const findings = Array.from({ length: 11 }, (_, n) => ({
      path: `p${'x'.repeat(n)}\u001b[2J\n`,
      line: n,
      text: 'why\u0007',
    }));
    const lines = gatesText([gate({ ok: false, findings })], plain).split('\n');
    expect(lines).toHaveLength(1 + 8 + 1);
    expect(lines[1]).toBe('         p:0         why');
    expect(lines[8]).toBe('         pxxxxxxx:7  why');
    expect(lines[9]).toBe('         … and 3 more');
    expect(gatesText([gate({ ok: true, findings })], plain)).toBe('✓ tests  fine');
  });

  it('of the output its end is shown', () => {
    const output = `${Array.from({ length: 30 }, (_, n) => `line ${n}`).join('\n')}\n\u001b[31mred\n\n`;
    const lines = gatesText([gate({ ok: false, output })], plain).split('\n');
    expect(lines).toHaveLength(13);
    expect([lines[1], lines[12]]).toEqual(['         │ line 19', '         │ red']);
    expect(gatesText([gate({ ok: false, output: ' \n' })], plain)).toBe('✗ tests  fine');
  });

  it('long words stay whole, long lines are broken under themselves', () => {
    const detail = `main is checked out in /${'a'.repeat(40)} with uncommitted changes`;
    const lines = gatesText([gate({ ok: false, detail, hint: 'Commit or stash them there first.' })], plain, 40).split(
      '\n',
    );
    expect(lines).toEqual([
      '✗ tests  main is checked out in',
      `         /${'a'.repeat(40)}`,
      '         with uncommitted changes',
      '         → Commit or stash them there',
      '           first.',
    ]);
  });
});

describe('preflight in text', () => {
  const answer = {
    session: 'abc',
    name: 'login\u001b[1m',
    target: 'main',
    targetCommit: 'a',
    ahead: 1,
    behind: 2,
    result: 'b' as string | null,
    ok: true,
    gates: [gate()],
  };
  it('says what is next', () => {
    const last = (over: Partial<typeof answer>) =>
      preflightText({ ...answer, ...over }, plain)
        .split('\n')
        .at(-1);
    expect(preflightText(answer, plain).split('\n')[0]).toBe('login abc → main  1 ahead, 2 behind');
    expect(last({})).toBe('It can be merged: amp-sessions merge abc');
    expect(last({ result: 'a' })).toBe('Nothing to merge: main has all of it.');
    expect(last({ gates: [gate({ ok: false, severity: 'review' })] })).toContain(
      'once somebody has looked at what is marked !',
    );
    expect(last({ ok: false, gates: [gate({ ok: false })] })).toBe('✗ tests  fine');
  });

  const turn = (session: string, over = {}) => ({
    session,
    name: session.toUpperCase(),
    target: 'main',
    clean: true,
    after: [],
    ...over,
  });
  const one = (session: string, over = {}) => {
    const size = { behind: 0, files: 1, insertions: 2, deletions: 3 };
    return { session, name: session.toUpperCase(), target: 'main', ...size, conflicts: [], ...over };
  };
  const forecast = (over: Partial<Parameters<typeof forecastText>[0]>) =>
    forecastText({ ok: true, sessions: [], pairs: [], order: [], empty: [], limits: [], ...over }, plain);

  it('of all says how each lands, and what was left out', () => {
    const two = { sessions: [one('a'), one('b')], order: [turn('a'), turn('b')] };
    expect(forecast(two)).toContain('All 2 can land without a conflict, in any order.');
    expect(forecast({ sessions: [one('a')], order: [turn('a')] })).toContain('It can land without a conflict');
    const limits = ['Only some.'];
    const text = forecast({
      ok: false,
      sessions: [one('a'), one('b', { conflicts: [{ path: 'x' }] })],
      order: [turn('a'), turn('b', { clean: false, after: ['a'] })],
      pairs: [{ sessions: ['a', 'b'], isConflict: true, files: ['f'], places: [], conflicts: null }],
      limits,
    });
    expect(text).toContain('conflict with main, A');
    expect(text).toContain('✗ A and B: f');
    expect(text).toContain('In this order 1 of 2 land cleanly; 1 session has to be rebased with a conflict.');
    expect(text).toContain('! Only some.');
  });

  it('of many pairs shows some, of many files some', () => {
    const places = ['f1', 'f2', 'f3', 'f4'].map((path, line) => ({ path, line }));
    const pair = (n: number) => ({
      sessions: [`a${n}`, `b${n}`] as [string, string],
      isConflict: true,
      files: [],
      places,
      conflicts: [],
    });
    const text = forecast({ ok: false, pairs: Array.from({ length: 25 }, (_, n) => pair(n)) });
    expect(text).toContain('✗ a0 and b0: f1:0, f2:1, f3:2, … 4 files');
    expect(text).toContain('… and 5 more pairs');
    expect(text.split('✗')).toHaveLength(21);
  });
});
