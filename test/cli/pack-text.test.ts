import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { packedText, packingText } from '../../src/cli/pack-text.ts';

const plain = new Chalk({ level: 0 });

const item = (session: string, name: string, state = 'merged') => ({
  session,
  name,
  state,
  lastActivityAt: '2026-01-02T03:04:05.000Z',
});

describe('what history pack says', () => {
  it('nothing to do: how the choice is widened', () => {
    const text = packingText({ items: [], refs: { before: 3, after: 3 } }, plain);
    expect(text).toContain('--older-than');
    expect(text).toContain('--all');
  });

  it('a plan: which sessions, and how many refs it saves', () => {
    const items = [item('s1', 'login'), item('s2', 'a\u001b[31mname', 'archived')];
    const lines = packingText({ items, refs: { before: 40, after: 6 } }, plain).split('\n');
    expect(lines[0]).toMatch(/^ID +NAME +STATE +LAST EVENT/);
    expect(lines[1]).toMatch(/^s1 +login +merged +2026-01-02$/);
    expect(lines[2]).not.toContain('\u001b');
    expect(lines[2]).toContain('archived');
    expect(lines.at(-1)).toBe('2 sessions can be packed away: 40 refs become 6.');
    expect(lines[1]!.indexOf('merged')).toBe(lines[2]!.indexOf('archived'));
  });

  it('many that stay for one reason are counted, and few of them named', () => {
    const skipped = Array.from({ length: 7 }, (_, n) => ({
      session: `s${n}`,
      name: 'x\u001b[31m',
      why: 'it is signed',
    }));
    const lines = packedText(
      { packed: [], skipped: [...skipped, { session: 's9', name: 'y', why: 'busy' }], refs: { before: 8, after: 8 } },
      plain,
    ).split('\n');
    expect(lines[0]).toBe('! 7 sessions stay as they are: it is signed');
    expect(lines.slice(1, 6).map((line) => line.trim().split(' ')[0])).toEqual(['s0', 's1', 's2', 's3', 's4']);
    expect(lines[6]).toContain('… 2 more; --json lists them');
    expect(lines[7]).toBe('! s9 y stays as it is: busy');
    expect(lines.join('')).not.toContain('\u001b');
  });

  it('what was done, and what stayed and why', () => {
    const skipped = [{ session: 's3', name: 'b\u0007usy', why: 'a process works on it' }];
    const lines = packedText({ packed: [item('s1', 'login')], skipped, refs: { before: 8, after: 7 } }, plain).split(
      '\n',
    );
    expect(lines[0]).toContain('s3');
    expect(lines[0]).not.toContain('\u0007');
    expect(lines[0]).toMatch(/stays as it is: a process works on it$/);
    expect(lines[1]).toBe('✓ packed 1 session: 8 refs became 7');
    expect(lines[2]).toContain('git gc');
  });
});
