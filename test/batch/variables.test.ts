import { describe, expect, it } from 'vitest';
import { fillIn, nthOpening } from '../../src/batch/variables.ts';

const VALUES = new Map([
  ['name', 'login'],
  ['repo.name', 'shop'],
  ['a-b', '{{name}}'],
  ['empty', ''],
]);
const fill = (text: string) => fillIn(text, (name) => VALUES.get(name));

describe('{{name}} in a text', () => {
  it.each([
    ['', ''],
    ['nothing', 'nothing'],
    ['{{name}}', 'login'],
    ['a {{ name }} b {{repo.name}}', 'a login b shop'],
    ['{{name}}{{name}}', 'loginlogin'],
    ['{{empty}}.', '.'],
    ['{name} {} }} { {name}}', '{name} {} }} { {name}}'],
    ['$1 {{name}} $&', '$1 login $&'],
    ['a\n{{\tname\n}}\n', 'a\nlogin\n'],
  ])('%j is %j', (text, filled) => expect(fill(text)).toBe(filled));

  it('what is put in is not looked through again', () => expect(fill('{{a-b}}')).toBe('{{name}}'));

  it.each([
    ['\\{{name}}', '{{name}}'],
    ['a\\{{ secrets.X }} {{name}}', 'a{{ secrets.X }} login'],
    ['\\{{\\{{', '{{{{'],
    ['{{name}} \\{{x', 'login {{x'],
  ])('%j keeps its braces: %j', (text, filled) => expect(fill(text)).toBe(filled));

  it.each([
    ['{{other}}', { name: 'other', nth: 0 }],
    ['{{name}} \\{{x}} {{nam}}', { name: 'nam', nth: 2 }],
    ['{{toString}}', { name: 'toString', nth: 0 }],
    ['{{name', { name: null, nth: 0 }],
    ['{{name}', { name: null, nth: 0 }],
    ['{{}}', { name: null, nth: 0 }],
    ['{{ a b }}', { name: null, nth: 0 }],
    ['{{name | upper}}', { name: null, nth: 0 }],
    ['x {{-name}}', { name: null, nth: 0 }],
    ['{{{name}}}', { name: null, nth: 0 }],
  ])('%j is wrong: %j', (text, wrong) => expect(fill(text)).toEqual(wrong));
});

describe('where braces stand', () => {
  it.each([
    ['a {{b}}', 0, 2],
    ['\\{{a}} {{b}}', 0, 1],
    ['\\{{a}} {{b}}', 1, 7],
    ['none', 0, undefined],
  ])('%j, number %i: %j', (text, nth, at) => expect(nthOpening(text, nth)).toBe(at));

  it('a hundred thousand of them take no time to speak of', () => {
    const text = '{{name}} '.repeat(100_000);
    expect((fill(text) as string).length).toBe(600_000);
    expect(fill('{{'.repeat(100_000))).toEqual({ name: null, nth: 0 });
  });
});
