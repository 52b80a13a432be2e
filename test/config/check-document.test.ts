import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkDocument, shownPath } from '../../src/config/check-document.ts';
import { invalidAs } from '../../src/config/invalid.ts';
import { openYaml } from '../../src/config/yaml-document.ts';
import { type AppError, isAppError } from '../../src/errors.ts';

const told = <T extends z.ZodType>(schema: T, description: string, expects: string): T =>
  schema.meta({ description, expects });

const schema = z.strictObject({
  name: told(z.string(), 'What it is called.', 'a text'),
  count: told(z.int().min(1), 'How many.', 'a whole number from 1').optional(),
  tags: told(z.array(z.string()), 'Words.', 'a list of words').optional(),
  limits: told(
    z.record(
      z.string().regex(/^[a-z]+$/),
      z.strictObject({ most: told(z.int(), 'At most.', 'a whole number').optional() }),
    ),
    'Limits by name.',
    'a group of names',
  ).optional(),
  either: told(
    z.union([z.string(), z.strictObject({ file: told(z.string(), 'A file.', 'a path') })]),
    'A text, or a file.',
    'a text, or a group with `file`',
  ).optional(),
});

const invalid = invalidAs('suite.invalid');
const check = (text: string) =>
  checkDocument(openYaml({ path: '/f.yaml', bytes: Buffer.from(text) }, invalid), {
    schema,
    invalid,
    hint: 'Write `name:`.',
  });

const refusal = (text: string): AppError => {
  try {
    check(text);
  } catch (error) {
    if (isAppError(error, 'suite.invalid')) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('a file against a schema', () => {
  it('is given back as it is', () => {
    const text = 'name: x\ncount: 2\ntags: [a, b]\nlimits: { amp: { most: 3 } }\neither: { file: f }\n';
    expect(check(text)).toEqual({
      name: 'x',
      count: 2,
      tags: ['a', 'b'],
      limits: { amp: { most: 3 } },
      either: { file: 'f' },
    });
  });

  it.each<[string, string, string, string, string]>([
    ['a key that is another one', 'name: x\ncuont: 2\n', '2:1', '`cuont`', 'Did you mean `count`?'],
    ['a key that is nothing like any', 'name: x\nzzzzzzzz: 2\n', '2:1', '`zzzzzzzz`', 'Here may stand `name`, `count`'],
    ['a key below', 'name: x\nlimits:\n  amp: { mots: 3 }\n', '3:10', '`limits.amp.mots`', 'Did you mean `most`?'],
    ['a key of one of two things', 'name: x\neither: { flie: f }\n', '2:11', '`either.flie`', 'Did you mean `file`?'],
    ['too small', 'name: x\ncount: 0\n', '2:8', '`count` must be a whole number from 1, not 0.', 'How many.'],
    ['another kind', 'name: [x]\n', '1:7', '`name` must be a text, not ["x"].', 'What it is called.'],
    ['one of a list', 'name: x\ntags: [a, 2]\n', '2:11', '`tags` must be a list of words; `tags[1]` is 2.', 'Words.'],
    [
      'neither of two things',
      'name: x\neither: 3\n',
      '2:9',
      '`either` must be a text, or a group with `file`, not 3.',
      'A text, or a file.',
    ],
    ['not a group at all', '- x\n', '1:1', 'the file', 'Write `name:`.'],
  ])('%s', (_, text, place, sentence, hint) => {
    const error = refusal(text);
    expect(error.message.slice(0, place.length + 10)).toBe(`/f.yaml:${place}: `);
    expect(error.message).toContain(sentence);
    expect(error.hint).toContain(hint);
  });

  it('a name that cannot be one is told at the name', () => {
    const error = refusal('name: x\nlimits:\n  AMP: { most: 3 }\n');
    expect(error.message.startsWith('/f.yaml:3:3: ')).toBe(true);
  });

  it('has the place as fields too', () => {
    expect(refusal('name: x\ncount: 0\n').details).toEqual({ file: '/f.yaml', line: 2, column: 8, key: 'count' });
  });
});

describe('a path as a program would write it', () => {
  it.each<[(string | number)[], string]>([
    [['cases', 2, 'id'], 'cases[2].id'],
    [['a'], 'a'],
    [[0], '[0]'],
    [[], ''],
  ])('%j is %s', (path, shown) => expect(shownPath(path)).toBe(shown));
});
