import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkDocument } from '../../src/config/check-document.ts';
import { invalidAs } from '../../src/config/invalid.ts';
import { MOST_PROBLEMS, Problems } from '../../src/config/problems.ts';
import { openYaml } from '../../src/config/yaml-document.ts';
import { AppError } from '../../src/errors.ts';
import { errorOf } from './support.ts';

const invalid = invalidAs('batch.invalid');
const wrong = (line: number, hint = 'Mend it.') => invalid({ file: 'f', line, column: 1, key: 'k' }, 'no.', hint);

const gathered = (errors: Error[]) =>
  errorOf(() => {
    const problems = new Problems('batch.invalid');
    for (const error of errors)
      problems.attempt(() => {
        throw error;
      }, undefined);
    problems.end();
  });

describe('what is wrong with a file is gathered', () => {
  it('nothing is nothing, and what is right is given back', async () => {
    const problems = new Problems('batch.invalid');
    expect(problems.attempt(() => 1, 2)).toBe(1);
    expect(await problems.attemptLater(async () => 1, 2)).toBe(1);
    expect(() => problems.end()).not.toThrow();
  });

  it('one is that error itself', async () => {
    const only = wrong(1);
    expect(await gathered([only])).toBe(only);
  });

  it('of several the uppermost is the error, and all are told with their places, from top to bottom', async () => {
    const error = await gathered([wrong(3), wrong(1, 'Other.')]);
    expect([error.message, error.hint, error.exit, error.details?.['line']]).toEqual(['f:1:1: no.', 'Other.', 2, 1]);
    expect(error.details?.['problems']).toEqual([
      { file: 'f', line: 1, column: 1, key: 'k', message: 'f:1:1: no.', hint: 'Other.' },
      { file: 'f', line: 3, column: 1, key: 'k', message: 'f:3:1: no.', hint: 'Mend it.' },
    ]);
  });

  it('files stay in the order in which they were met', async () => {
    const there = invalid({ file: 'z', line: 9, column: 1 }, 'no.', 'H.');
    const here = invalid({ file: 'a' }, 'no.', 'H.');
    const { details } = await gathered([there, here]);
    expect((details!['problems'] as { message: string }[]).map(({ message }) => message)).toEqual([
      'z:9:1: no.',
      'a: no.',
    ]);
  });

  it('the same said of the same place, such as a default of many items, is one', async () => {
    const error = await gathered([wrong(3), wrong(3), wrong(3)]);
    expect(error.details).not.toHaveProperty('problems');
  });

  it('what stands in for it is gone on with', async () => {
    const problems = new Problems('batch.invalid');
    const fail = async (): Promise<number> => {
      throw wrong(1);
    };
    expect(await problems.attemptLater(fail, 7)).toBe(7);
    expect((await errorOf(() => problems.end())).message).toBe('f:1:1: no.');
  });

  it('no more than help anybody', async () => {
    const problems = new Problems('batch.invalid');
    let tried = 0;
    const error = await errorOf(() => {
      for (let line = 1; line < 100; line++) {
        tried = line;
        problems.attempt(() => {
          throw wrong(line);
        }, undefined);
      }
    });
    expect(tried).toBe(MOST_PROBLEMS);
    expect(error.details?.['problems']).toHaveLength(MOST_PROBLEMS);
  });

  it('what is no fault of the file ends it; what was gathered until then says more', async () => {
    const full = new AppError('store.full', 'The disk is full.');
    expect(await gathered([full, wrong(1)])).toBe(full);
    expect((await gathered([wrong(1), full])).message).toBe('f:1:1: no.');
  });
});

describe('a document of which several things are wrong', () => {
  const key = <T extends z.ZodType>(schema: T, expects: string): T => schema.meta({ description: 'D.', expects });
  const schema = z.strictObject({
    name: key(z.string(), 'a name'),
    size: key(z.number(), 'a number').optional(),
    list: key(
      z.array(z.union([z.string(), z.strictObject({ a: key(z.number(), 'a number').optional() })])),
      'a list',
    ).optional(),
  });
  const told = async (text: string): Promise<string[]> => {
    const yaml = openYaml({ path: 'f', bytes: Buffer.from(text) }, invalid);
    const error = await errorOf(() => checkDocument(yaml, { schema, invalid, hint: 'H.' }));
    const problems = (error.details?.['problems'] ?? [error]) as { message: string }[];
    expect(problems[0]!.message).toBe(error.message);
    return problems.map(({ message }) => message);
  };

  it('all of it is told, also what lies deeper', async () => {
    expect(await told('name: 1\nsize: x\nlist:\n  - { a: y }\n  - { b: 1, c: 2 }\n')).toEqual([
      'f:1:7: `name` must be a name, not 1.',
      'f:2:7: `size` must be a number, not "x".',
      'f:4:10: `list[0].a` must be a number, not "y".',
      'f:5:7: there is no key `list[1].b`.',
      'f:5:13: there is no key `list[1].c`.',
    ]);
  });

  it('what is missing because it stands there misspelt is told once', async () => {
    expect(await told('nam: x\nsize: y\n')).toEqual([
      'f:1:1: there is no key `nam`.',
      'f:2:7: `size` must be a number, not "y".',
    ]);
  });
});
