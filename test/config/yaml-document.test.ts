import { describe, expect, it } from 'vitest';
import { invalidAs } from '../../src/config/invalid.ts';
import { openYaml } from '../../src/config/yaml-document.ts';
import { errorOf } from './support.ts';

const refuse = invalidAs('batch.invalid');
const open = (text: string | Buffer) => openYaml({ path: '/x.yaml', bytes: Buffer.from(text) }, refuse);

describe('a YAML file of ours', () => {
  it('is maps, lists and scalars; a key without a value is absent, in lists too', () => {
    expect(open('a: 1\nb:\nc: [x, ~, { d: , e: no }]\n').tree).toEqual({ a: 1, c: ['x', null, { e: 'no' }] });
    expect(open('').tree).toEqual({});
    expect(open('# nothing\n').tree).toEqual({});
    expect(open('{"a": [true, 1.5, null]}').tree).toEqual({ a: [true, 1.5, null] });
  });

  it.each<[string, (string | number)[], 'value' | 'name', number, number]>([
    ['the value of a key', ['a', 'b'], 'value', 2, 6],
    ['its name', ['a', 'b'], 'name', 2, 3],
    ['an item of a list', ['c', 1], 'value', 3, 8],
    ['a key of an item', ['c', 2, 'd'], 'name', 3, 13],
    ['the nearest thing above what is not there', ['a', 'none', 'x'], 'value', 2, 3],
    ['the beginning where nothing is near', ['none'], 'value', 1, 1],
    ['the file as a whole', [], 'value', 1, 1],
  ])('knows the place of %s', (_, path, what, line, column) => {
    const { locate } = open('a:\n  b: 1\nc: [x, y, { d: 2 }]\n');
    expect(locate(path, what)).toEqual({ file: '/x.yaml', line, column });
  });

  it('knows a scalar as it is written', () => {
    const { written, tree } = open('a: 1.10\nb: "x"\nc: [0x1F, yes]\nd: { e: 010 }\n');
    expect(tree).toMatchObject({ a: 1.1, c: [31, 'yes'], d: { e: 10 } });
    expect([written(['a']), written(['b']), written(['c', 0]), written(['d', 'e'])]).toEqual([
      '1.10',
      'x',
      '0x1F',
      '010',
    ]);
    expect([written(['c']), written(['none']), written(['a', 'b'])]).toEqual([undefined, undefined, undefined]);
  });

  it.each<[string, string | Buffer, string]>([
    ['no YAML', 'a: [1\n', '/x.yaml:2:1: this is not valid YAML: '],
    ['a key twice', 'a:\n  b: 1\n  b: 2\n', '/x.yaml:3:3: `b` stands here twice.'],
    ['a key twice in other words', '"a": 1\na: 2\n', '/x.yaml:2:1: `a` stands here twice.'],
    ['no text', Buffer.from([0xff]), '/x.yaml: the file is not UTF-8 text.'],
    ['a tag that nobody knows', 'a: !x 1\n', '/x.yaml:1:4: this is not valid YAML: '],
    ['a second document', 'a: 1\n---\nb: 2\n', '/x.yaml:2:1: this is not valid YAML: a second document begins here.'],
    ['an alias of nothing', 'a: *b\n', '/x.yaml'],
  ])('is refused for %s', async (_, text, message) => {
    const error = await errorOf(() => open(text));
    expect([error.code, error.message.slice(0, message.length)]).toEqual(['batch.invalid', message]);
    expect(error.hint).not.toBe(undefined);
  });

  it('a place is part of the error, for programs too', async () => {
    const error = await errorOf(() => open('a: 1\na: 2\n'));
    expect(error.details).toEqual({ file: '/x.yaml', line: 2, column: 1 });
  });
});
