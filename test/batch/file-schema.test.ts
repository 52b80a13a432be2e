import { describe, expect, it } from 'vitest';
import { batchFileSchema, batchJsonSchema, line, seconds, secondsOf, text, word } from '../../src/batch/file-schema.ts';

const takes = (given: unknown): boolean => batchFileSchema.safeParse(given).success;
/** A file of one key. */
const key = (name: string, value: unknown): boolean => takes({ [name]: value });
/** A file of one key below `defaults`. */
const byDefault = (name: string, value: unknown): boolean => takes({ defaults: { [name]: value } });

describe('texts', () => {
  it.each([
    ['a', true],
    [' a ', true],
    ['über die Brücke 🌉', true],
    ['x'.repeat(200), true],
    ['x'.repeat(201), false],
    ['', false],
    ['   ', false],
    ['a\nb', false],
    ['a\n', false],
    ['a\tb', false],
    ['\u001b[31m', false],
    ['a\u007f', false],
    ['\0', false],
  ])('%j on one line: %s', (given, is) => expect(line(200).safeParse(given).success).toBe(is));

  it.each([
    ['a\nb\n', true],
    ['\n\n  a', true],
    ['', false],
    [' \n\t\r\n', false],
    ['a\0b', false],
    ['\0', false],
    ['a\0', false],
  ])('%j of any length: %s', (given, is) => expect(text.safeParse(given).success).toBe(is));

  it.each([
    ['main', true],
    ['feature/x-1', true],
    ['-x', false],
    ['--upload-pack=x', false],
    ['a b', false],
    ['a\n', false],
    [' a', false],
    ['', false],
  ])('%j as a word of a command line: %s', (given, is) => expect(word.safeParse(given).success).toBe(is));

  // Each took its time with the square of the length: megabytes, hours.
  it('long ones that are wrong at their end are refused at once', () => {
    const long = 'a'.repeat(2_000_000);
    expect(text.safeParse(`${long}\0`).success).toBe(false);
    expect(line(10).safeParse(`${long}\n`).success).toBe(false);
    expect(text.safeParse(' '.repeat(2_000_000)).success).toBe(false);
    expect(text.safeParse(long).success).toBe(true);
  });
});

describe('times', () => {
  it.each([
    [90, 90],
    ['2h', 7200],
    ['90m', 5400],
    ['45s', 45],
    ['1h30m', 5400],
    ['1h0m5s', 3605],
    ['0h1m', 60],
  ])('%j is %d seconds', (given, expected) => {
    expect(secondsOf(given)).toBe(expected);
    expect(key('budget', { wallClock: given })).toBe(true);
  });

  it.each(['', '0', '0h', '0h0m0s', '2', '2 h', '2H', 'h', '1.5h', '-1h', '30m1h', '1d', '1h\n', 0, -1, 1.5, true])(
    '%j is none',
    (given) => expect(key('budget', { wallClock: given })).toBe(false),
  );

  // A timer of more than 2^31 milliseconds ends at once, and with it the batch.
  it.each([
    ['596h', true],
    ['597h', false],
    ['9999h', false],
    ['2147483s', true],
    ['2147484s', false],
    ['596h31m23s', true],
    ['596h31m24s', false],
    [2_147_483, true],
    [2_147_484, false],
  ])('%j fits a timer: %s', (given, is) => {
    expect(key('budget', { wallClock: given })).toBe(is);
    expect(secondsOf(given) * 1000 < 2 ** 31).toBe(is);
    if (typeof given === 'number') expect(seconds.safeParse(given).success).toBe(is);
  });
});

describe('keys', () => {
  it.each<[string, unknown[], unknown[]]>([
    ['runId', ['a', 'A-1_b', '0', 'x'.repeat(63)], ['', '-a', '_a', 'a.b', 'a/b', 'x'.repeat(64), 7, 'ä']],
    ['concurrency', [1, 1000], [0, 1001, 1.5, '2', -1]],
    ['include', ['a.yaml', [], ['a', 'b']], ['', [''], [1], Array(101).fill('a')]],
    ['vars', [{ a: 'x', _b: 1, 'c-d': true }], [{ '1a': 'x' }, { 'a.b': 'x' }, { a: null }, { a: [] }, []]],
    ['limits', [{ amp: {} }, { amp: { concurrency: 2, perMinute: 0.5 } }], [{ Amp: {} }, { 'a:b': {} }, { amp: 3 }]],
    ['prompts', [[], ['x'], [{ prompt: 'x', name: 'n' }]], [[''], 'x', [{ agent: 'amp' }], [{ repo: '.' }]]],
    ['repos', [['.'], [{ repo: '.', setup: 'make' }]], [[{}], [''], [{ repo: '.', prompt: 'x' }]]],
    ['agents', [['amp'], [{ agent: 'amp', model: 'smart' }]], [[{}], [{ agent: 'amp', retries: 1 }]]],
    ['matrix', [[], [{ repo: '.', prompt: 'x' }], [{}]], [{}, ['x'], [{ unheard: 1 }]]],
  ])('%s', (name, good, bad) => {
    expect(good.filter((value) => !key(name, value))).toEqual([]);
    expect(bad.filter((value) => key(name, value))).toEqual([]);
  });

  it.each<[string, unknown[], unknown[]]>([
    ['retries', [0, 100], [-1, 101, 0.5, '1']],
    [
      'retryOn',
      [[], ['error'], ['error', 'timeout', 'failed']],
      [['passed'], 'error', ['error', 'error', 'error', 'x']],
    ],
    ['maxIterations', [1, 1000], [0, 1001]],
    ['timeoutSec', [1, 2_147_483], [0, 2_147_484, 1.5, '1h']],
    ['untilPass', [true, false], ['yes', 1]],
    ['mergeOnPass', [true, false], ['no', 0]],
    ['baseBranch', ['main', 'v1.0', 'a/b'], ['-x', 'a b']],
    ['scriptCommand', ['make test', 'a\nb'], ['', ' ']],
    ['setup', ['npm ci'], ['']],
    ['budget', [{}, { usd: 0.01 }, { tokens: 1 }], [{ usd: 0 }, { usd: -1 }, { tokens: 1.5 }, { dollars: 1 }, 5]],
  ])('defaults.%s', (name, good, bad) => {
    expect(good.filter((value) => !byDefault(name, value))).toEqual([]);
    expect(bad.filter((value) => byDefault(name, value))).toEqual([]);
  });

  it('none are those of every object, and none are made up', () => {
    for (const name of ['constructor', 'toString', 'Matrix', 'steps', '']) expect(key(name, {}), name).toBe(false);
    expect([takes({}), takes([]), takes(null), takes('x')]).toEqual([true, false, false, false]);
  });
});

describe('the JSON Schema for editors', () => {
  interface Shape {
    description?: string;
    properties?: Record<string, Shape>;
    items?: Shape;
    additionalProperties?: unknown;
  }
  const schema = batchJsonSchema() as Shape;

  it('has every key of the file with its sentence, and nothing of ours', () => {
    const keys = Object.entries(schema.properties!);
    expect(keys.map(([name]) => name).sort()).toEqual(Object.keys(batchFileSchema.shape).sort());
    expect(keys.filter(([, { description }]) => !description?.endsWith('.'))).toEqual([]);
    expect(JSON.stringify(schema)).not.toContain('"expects"');
  });

  it('admits no other key, neither at the top nor below', () => {
    const { defaults, matrix, budget } = schema.properties!;
    for (const part of [schema, defaults!, matrix!.items!, budget!]) expect(part.additionalProperties).toBe(false);
  });
});
