import { describe, expect, it } from 'vitest';
import { placeAt, placeInJson, placeOfSyntaxError } from '../../src/bench/json-place.ts';

const TEXT = `[
  {"a": 1, "b": {"c": [true, null, "x\\n\\u00e9"]}},
  {
    "b": -1.5e3,
    "b}": {"c": 2}, "a": "\\"a\\": 9"
  }
]`;

describe('where a member of a document stands', () => {
  it.each([
    [[0], 2, 3],
    [[0, 'a'], 2, 4],
    [[0, 'b'], 2, 12],
    [[0, 'b', 'c'], 2, 18],
    [[0, 'b', 'c', 1], 2, 30],
    [[1], 3, 3],
    [[1, 'b'], 4, 5],
    [[1, 'b}'], 5, 5],
    [[1, 'b}', 'c'], 5, 12],
    [[1, 'a'], 5, 21],
  ])('%j', (path, line, column) => expect(placeInJson(TEXT, path)).toEqual({ line, column }));

  it.each([[[2]], [[0, 'z']], [[0, 'a', 'c']], [['a']], [[]]])('%j is not there', (path) =>
    expect(placeInJson(TEXT, path)).toBeUndefined(),
  );

  it('knows a key by what it says, not by how it is written', () => {
    expect(placeInJson('{"\\u0061": 1}', ['a'])).toEqual({ line: 1, column: 2 });
  });

  it('gives up on a document that nobody would write', () => {
    expect(placeInJson(`${'['.repeat(100_000)}`, [0, 'a'])).toBeUndefined();
  });
});

describe('where a text stops being JSON', () => {
  it.each([
    ['', 1, 1],
    ['{', 1, 2],
    ['[1, 2,]', 1, 7],
    ['{"a": 1,\n "b" 2}', 2, 6],
    ['{"a": 1}\n{"b": 2}', 2, 1],
    ['["a\nb"]', 1, 2],
    ["{'a': 1}", 1, 2],
    ['{"a": NaN}', 1, 7],
    ['{"a": 01}', 1, 8],
    ['nope', 1, 1],
    ['["\\x"]', 1, 2],
  ])('%j', (text, line, column) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(placeOfSyntaxError(text)).toEqual({ line, column });
  });

  it.each(['{}', '[]', ' [1, -0.5, 1e9, "\\u00e9", {"a": {"b": []}}, true, false, null] ', '"x"', '0'])(
    'nowhere in %j',
    (text) => {
      expect(() => JSON.parse(text)).not.toThrow();
      expect(placeOfSyntaxError(text)).toBeUndefined();
    },
  );
});

it('lines and columns begin at one', () => {
  expect([placeAt('ab\ncd', 0), placeAt('ab\ncd', 2), placeAt('ab\ncd', 3), placeAt('ab\ncd', 5)]).toEqual([
    { line: 1, column: 1 },
    { line: 1, column: 3 },
    { line: 2, column: 1 },
    { line: 2, column: 3 },
  ]);
});
