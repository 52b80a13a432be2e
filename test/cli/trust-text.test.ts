import { Chalk } from 'chalk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changesText, trustText } from '../../src/cli/trust-text.ts';

const plain = new Chalk({ level: 0 });
const change = {
  item: '.git/config',
  kind: 'config',
  iteration: 2,
  from: 'a'.repeat(64),
  now: 'b'.repeat(64),
  before: '',
  after: '',
};
const shown = (over: Partial<typeof change | Record<string, unknown>>) =>
  changesText([{ ...change, ...over } as typeof change], plain);

describe('what is to be trusted', () => {
  it('names the file, since when it is different, and the lines that went and came', () => {
    const before = '[core]\n\tbare = false\n[user]\n\tname = me\n';
    const after = '[core]\n\tbare = false\n\tpager = evil\n[user]\n\tname = you\n';
    expect(shown({ before, after })).toEqual([
      '  .git/config changed since iteration 2',
      '    + pager = evil',
      '    - name = me',
      '    + name = you',
    ]);
  });

  it('tells what is new and what is gone', () => {
    expect(shown({ from: null, before: null, after: 'x\ny\n' })).toEqual([
      '  .git/config new since iteration 2',
      '    + x',
      '    + y',
    ]);
    expect(shown({ now: null, before: 'x', after: null })).toEqual(['  .git/config gone since iteration 2', '    - x']);
  });

  it('says so where there is nothing to show', () => {
    expect(shown({ before: 'x', after: 'x' })[1]).toContain('the same text, with another mode or kind');
    expect(shown({ before: null, after: 'x' })[1]).toContain('too long to show, or no text');
    expect(shown({ before: 'x', after: null })[1]).toContain('too long to show, or no text');
  });

  it('shows ids of refs', () => {
    expect(shown({ item: 'refs/heads/main', kind: 'branch', from: 'c'.repeat(40), now: null })[1]).toBe(
      `    ${'c'.repeat(12)} → none`,
    );
  });

  it('is not endless, and compares no more than it can', () => {
    const many = Array.from({ length: 2000 }, (_, at) => `line ${at}`).join('\n');
    const lines = shown({ before: '', after: many });
    expect(lines).toHaveLength(62);
    expect(lines.at(-1)).toContain('1940 lines more');
    expect(shown({ before: many, after: `${many}\nx` })).toHaveLength(62);
  });

  it('is inert, whoever wrote it', () => {
    const text = shown({ item: 'a\u001b[31m\u202e', before: '', after: '\u001b]0;x\u0007\u202ey\n' }).join('\n');
    expect(text).not.toMatch(/[\u001b\u0007\u202e]/);
  });

  it('makes one text of the other: what stays, went and came is all there is', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 });
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const told = shown({ before: before.join('\n'), after: after.join('\n') }).slice(1);
        const of = (mark: string) => told.filter((line) => line.startsWith(`    ${mark} `)).length;
        expect(before.length - of('-')).toBe(after.length - of('+'));
        if (before.join() === after.join()) expect(of('-') + of('+')).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('says what was done, or would be, and that there is nothing', () => {
    const commands = [{ what: 'test command', line: 'npm\u001b test' }];
    expect(trustText({ commands, changes: [], dryRun: false }, plain)).toMatch(/^Trusted:\n {2}test command: npm/);
    expect(trustText({ commands: [], changes: [change], dryRun: true }, plain)).toMatch(/^Would be trusted:\n/);
    expect(trustText({ commands: [], changes: [], dryRun: true }, plain)).toContain('nothing that changed');
  });
});
