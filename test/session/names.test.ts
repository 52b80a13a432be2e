import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { branchName, nameFromPrompt, slugOf, stampOf } from '../../src/session/slug.ts';

const AT = '2026-11-22T13:05:09.123Z';
const AWKWARD = [
  '',
  ' ',
  '.',
  '..',
  '-',
  '@',
  '@{',
  'a.lock',
  '.lock',
  'a..b',
  'a/b',
  'a\\b',
  '~^:?*[',
  'HEAD',
  '--output=x',
  'a\0b',
  'a\nb',
  '\ud800',
  'a\udfff',
  'e\u0301'.repeat(50),
  '\u0301',
  'İ'.repeat(40),
  'ß',
  'ﬁ',
  '🚀',
  '👩‍👩‍👧',
  'العربية',
  '日本語'.repeat(30),
  '\u202etxt',
  'x'.repeat(300),
  `${'x'.repeat(39)}-y`,
];
const anyName = fc.oneof(
  fc.constantFrom(...AWKWARD),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.string({ unit: fc.constantFrom('.', '-', '/', '@', '{', 'a', ' ', '~', '\\', '\u0301', 'É'), maxLength: 60 }),
);

describe('a slug', () => {
  it('of any name is short, lower case, and neither begins nor ends with a dash', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const slug = slugOf(name);
        expect(slug).toMatch(/^[\p{L}\p{N}\p{M}]([\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?$/u);
        expect([...slug].length).toBeLessThanOrEqual(40);
        expect(slug).not.toContain('--');
        expect(slug).toBe(slug.toLowerCase());
        expect(slugOf(slug)).toBe(slug);
        expect(slugOf(name.normalize('NFD'))).toBe(slugOf(name.normalize('NFC')));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['Füge Login hinzu!', 'füge-login-hinzu'],
    ['  a  b  ', 'a-b'],
    ['a_b', 'a-b'],
    ['🚀', 'session'],
    ['', 'session'],
    ['x'.repeat(41), 'x'.repeat(40)],
    [`${'x'.repeat(39)} y`, 'x'.repeat(39)],
    ['v1.2.3', 'v1-2-3'],
    ['添加登录', '添加登录'],
  ])('of %j is %j', (name, slug) => expect(slugOf(name)).toBe(slug));
});

describe('a branch name', () => {
  it('says when, and which of those in the same second', () => {
    expect(stampOf(AT)).toBe('20261122-130509');
    const branch = (attempt: number) => branchName({ prefix: 'amp', name: 'Do it', at: AT, attempt });
    expect([0, 1, 2].map(branch)).toEqual([
      'amp/do-it/20261122-130509',
      'amp/do-it/20261122-130509-2',
      'amp/do-it/20261122-130509-3',
    ]);
  });

  it('of any name is one that git takes', () => {
    const names = [...AWKWARD, ...fc.sample(anyName, { numRuns: 250, seed: 7 })];
    const bad = names
      .map((name, at) => branchName({ prefix: 'amp', name, at: AT, attempt: at % 3 }))
      .filter((branch) => spawnSync('git', ['check-ref-format', '--branch', branch]).status !== 0);
    expect(bad).toEqual([]);
  });
});

describe('a name from a prompt', () => {
  it.each([
    ['Add a login page\nwith tests', 'Add a login page'],
    ['\n\n  First \r\nsecond', 'First'],
    ['x'.repeat(60), 'x'.repeat(60)],
    ['x'.repeat(61), `${'x'.repeat(59)}…`],
    [`${'x'.repeat(58)} yyy`, `${'x'.repeat(58)}…`],
    ['🚀'.repeat(61), `${'🚀'.repeat(59)}…`],
    ['', ''],
  ])('of %j is %j', (prompt, name) => expect(nameFromPrompt(prompt)).toBe(name));

  it('is one line of at most 60 characters, whatever the prompt', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (prompt) => {
        const name = nameFromPrompt(prompt);
        expect(name).not.toContain('\n');
        expect([...name].length).toBeLessThanOrEqual(60);
        expect(name).toBe(name.trim());
        expect(name === '').toBe(prompt.trim() === '');
      }),
    );
  });
});
