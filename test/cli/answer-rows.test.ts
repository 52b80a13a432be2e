import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import {
  type AnswerColumn,
  type AnswerValue,
  jsonWriter,
  ndjsonWriter,
  type RowWriter,
  rowWriter,
  tableWriter,
} from '../../src/cli/answer-rows.ts';
import { excerpt, placeOf } from '../../src/cli/statement-place.ts';

const plain = new Chalk({ level: 0 });
const colourful = new Chalk({ level: 1 });
const column = (name: string, type = 'VARCHAR'): AnswerColumn => ({ name, type });
const whole = (writer: RowWriter, ...pieces: AnswerValue[][][]): string =>
  writer.head() + pieces.map((rows) => writer.rows(rows)).join('') + writer.tail();
const lines = (text: string): string[] => text.split('\n').slice(0, -1);

describe('a plan', () => {
  const columns = [column('explain_key'), column('explain_value')];
  const make = rowWriter('table', { color: plain, width: 20 }, () => expect.unreachable());

  it('is drawn in its own lines, inert, and as wide as it is', () => {
    const text = whole(make(columns), [['physical_plan', `┌${'─'.repeat(30)}┐\n│ \x1b[31mSEQ_SCAN │\n\n`]]);
    expect(lines(text)).toEqual([`┌${'─'.repeat(30)}┐`, expect.stringContaining('SEQ_SCAN │')]);
    expect(text).not.toContain('\x1b');
    expect(whole(make(columns), [[null, null]])).toBe('\n');
  });

  it('is two columns like any others for a program, and columns of other names are a table', () => {
    const rows: AnswerValue[][] = [['physical_plan', 'a\nb']];
    expect(whole(ndjsonWriter(columns), rows)).toBe('{"explain_key":"physical_plan","explain_value":"a\\nb"}\n');
    expect(lines(whole(make([column('explain_value')]), [['a\nb']]))[0]).toBe('explain_value');
  });
});

describe('a table', () => {
  it('numbers to the right, text to the left, NULL dim and not the text NULL', () => {
    const writer = tableWriter([column('name'), column('n', 'BIGINT'), column('x')], { color: colourful });
    const text = whole(writer, [
      ['a', 5, 'x'],
      [null, 1234, 'NULL'],
    ]);
    expect(lines(text)).toEqual([
      '\x1b[1mname\x1b[22m     \x1b[1mn\x1b[22m  \x1b[1mx\x1b[22m',
      'a        5  x',
      '\x1b[2mNULL\x1b[22m  1234  NULL',
    ]);
  });

  it('titles alone where there are no rows', () => {
    expect(whole(tableWriter([column('a'), column('b')], { color: plain }))).toBe('a  b\n');
    expect(whole(tableWriter([column('a')], { color: plain }), [])).toBe('a\n');
  });

  it('a later piece has no titles, and columns no narrower than before', () => {
    const writer = tableWriter([column('a'), column('b')], { color: plain });
    expect(lines(whole(writer, [['long one', 'x']], [['y', 'z']], [['an even longer one', 'w']]))).toEqual([
      'a         b',
      'long one  x',
      'y         z',
      'an even longer one  w',
    ]);
  });

  it('wide columns are cut to the terminal, numbers never', () => {
    const writer = tableWriter([column('a'), column('n', 'BIGINT'), column('b')], { color: plain, width: 30 });
    const text = lines(whole(writer, [['x'.repeat(80), 1234567890, 'y'.repeat(80)]]));
    expect(text[1]!.length).toBeLessThanOrEqual(30);
    expect(text[1]).toMatch(/^x+…\s+1234567890\s+y+…$/);
  });

  it('without a terminal a cell has 200 columns and no more', () => {
    const text = lines(whole(tableWriter([column('a')], { color: plain }), [['x'.repeat(10_000)], ['é'.repeat(200)]]));
    expect(text.map((line) => line.length)).toEqual([1, 200, 200]);
  });

  it('what an agent wrote is inert, on one line, also in a title', () => {
    const writer = tableWriter([column('\x1b[31mred')], { color: plain });
    expect(whole(writer, [['a\x1b]0;title\x07b\nc\u202ed\u009b2J']])).toBe('red\nab cd\n');
  });

  it('wide letters are as wide as they are shown', () => {
    const text = whole(tableWriter([column('a'), column('b')], { color: plain }), [
      ['日本', 'x'],
      ['abc', 'y'],
    ]);
    expect(lines(text)).toEqual(['a     b', '日本  x', 'abc   y']);
  });

  it('lists, truth values and numbers as a person writes them', () => {
    const text = whole(tableWriter([column('a', 'VARCHAR[]'), column('b', 'BOOLEAN')], { color: plain }), [
      [['x', 'y'], true],
    ]);
    expect(lines(text)[1]).toBe('[x, y]  true');
  });
});

describe('JSON', () => {
  const columns = [
    column('d', 'DECIMAL(18,6)'),
    column('t', 'TIMESTAMPTZ'),
    column('j', 'JSON'),
    column('l', 'VARCHAR[]'),
    column('n'),
  ];
  const row: AnswerValue[] = ['1.250000', '2026-11-23T00:00:00.000Z', '{"a":[1,"x"]}', ['p'], null];

  it('one object a line: decimals are numbers, JSON is itself', () => {
    expect(JSON.parse(whole(ndjsonWriter(columns), [row]))).toEqual({
      d: 1.25,
      t: '2026-11-23T00:00:00.000Z',
      j: { a: [1, 'x'] },
      l: ['p'],
      n: null,
    });
  });

  it('what JavaScript would round stays text', () => {
    const writer = ndjsonWriter([column('d', 'DECIMAL(38,6)'), column('j', 'JSON'), column('n', 'HUGEINT')]);
    const text = whole(writer, [['12345678901234.123456', '{"id":12345678901234567890}', '9007199254740993']]);
    expect(JSON.parse(text)).toEqual({
      d: '12345678901234.123456',
      j: '{"id":12345678901234567890}',
      n: '9007199254740993',
    });
  });

  it('one array, whatever number of pieces it comes in', () => {
    const rows: AnswerValue[][] = [[1], [2]];
    expect(whole(jsonWriter([column('a', 'BIGINT')]), rows, [[3]])).toBe('[\n{"a":1},\n{"a":2},\n{"a":3}\n]\n');
    expect(whole(jsonWriter([column('a')]))).toBe('[]\n');
  });

  it('two columns of one name are two', () => {
    expect(whole(ndjsonWriter([column('a'), column('a'), column('a_1')]), [['x', 'y', 'z']])).toBe(
      '{"a":"x","a_1":"y","a_1_1":"z"}\n',
    );
    expect(whole(ndjsonWriter([column('__proto__')]), [['x']])).toBe('{"__proto__":"x"}\n');
  });

  it('nothing that a terminal acts on stands in it as itself, and nothing is lost', () => {
    const value = 'a\x1b[31m\u009b2J\u202eb\u2028\u{e0041}\x7f';
    const text = whole(ndjsonWriter([column('x')]), [[value]]);
    expect(text).toMatch(/^[\x20-\x7e]+\n$/);
    expect(JSON.parse(text)).toEqual({ x: value });
  });
});

describe('formats', () => {
  it('each has its writer', () => {
    const csv = (): RowWriter => ({ head: () => 'csv', rows: () => '', tail: () => '' });
    const made = (['csv', 'json', 'ndjson', 'table'] as const).map((format) =>
      whole(rowWriter(format, { color: plain }, csv)([column('a')]), [['x']]),
    );
    expect(made).toEqual(['csv', '[\n{"a":"x"}\n]\n', '{"a":"x"}\n', 'a\nx\n']);
  });
});

describe('the place of a mistake', () => {
  const at = (text: string, column: number, width = 76) => excerpt({ line: 1, column, text }, width);

  it('is below its letter, whatever stands before', () => {
    expect(at('select foo', 8)).toEqual(['select foo', '       ^']);
    expect(at("select '日本', foo", 14)).toEqual(["select '日本', foo", '               ^']);
    expect(at('select\t1,\tfoo', 11)).toEqual(['select 1, foo', '          ^']);
    expect(at("select '\x1b[31m', foo", 17)).toEqual(["select ' [31m', foo", '                ^']);
    expect(at('select', 7)).toEqual(['select', '      ^']);
  });

  it('is kept where the line is longer than the terminal', () => {
    const [line, caret] = at(`${'x'.repeat(200)} foo ${'y'.repeat(200)}`, 202, 40);
    expect(line).toMatch(/^…x+ foo y+…$/);
    expect(line.length).toBe(40);
    expect(line.slice(caret.length - 1)).toMatch(/^foo/);
  });

  it('is known from the details of an error alone', () => {
    expect(placeOf({ place: { line: 1, column: 2, text: 'x' } })).toEqual({ line: 1, column: 2, text: 'x' });
    expect(placeOf(undefined)).toBeUndefined();
    expect(placeOf({ pid: 1 })).toBeUndefined();
  });
});
