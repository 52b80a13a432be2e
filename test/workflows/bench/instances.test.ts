import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../../src/analysis/duckdb.ts';
import { readInstances } from '../../../src/workflows/bench/instances.ts';
import { tempDir } from '../../support/repo.ts';

const COMMIT = '6995257cf470d2143ad1683824962de4071c0eb7';

const row = (id: string, over: Record<string, unknown> = {}): Record<string, unknown> => ({
  instance_id: id,
  repo: 'own/tool',
  base_commit: COMMIT,
  problem_statement: `Mend ${id}.\r\nZwei \u2028 lines.`,
  patch: 'gold',
  test_patch: 'hidden',
  FAIL_TO_PASS: ['t::new'],
  PASS_TO_PASS: '["t::old"]',
  ...over,
});

const dir = tempDir('amp-instances-');
const file = (name: string, text: string | Buffer): string => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
const json = (value: unknown): string => JSON.stringify(value, null, 2);
const idsIn = async (path: string, ids?: string[]): Promise<string[]> =>
  (await readInstances(path, ids)).map(({ instance }) => instance.id);
const failureOf = (path: string, ids?: string[]) =>
  readInstances(path, ids).then(
    () => undefined,
    (error) => ({ code: error.code, message: error.message.replaceAll(dir, ''), details: error.details }),
  );

describe('lines in a file that is not called so', () => {
  it('are known by their first line, however long it is', async () => {
    const long = 'x'.repeat(1 << 21);
    const lines = [row('a__a-1', { problem_statement: long }), row('a__a-2')].map((one) => JSON.stringify(one));
    expect(await idsIn(file('long.json', `${lines.join('\n')}\n`))).toEqual(['a__a-1', 'a__a-2']);
    expect(await idsIn(file('rows.txt', `\ufeff${lines.join('\r\n')}`))).toEqual(['a__a-1', 'a__a-2']);
  });

  it('one line alone is a single row, and what begins with a brace and goes on below is a document', async () => {
    const one = row('a__a-1');
    expect(await idsIn(file('one.json', `${JSON.stringify(one)}\n \n`))).toEqual(['a__a-1']);
    expect(await idsIn(file('bare.json', JSON.stringify(one)))).toEqual(['a__a-1']);
    expect(await idsIn(file('pretty.json', json(one)))).toEqual(['a__a-1']);
    expect(
      await idsIn(file('rows.json', `{"x":${JSON.stringify(one)},\n"y":${JSON.stringify(row('a__a-2'))}}`)),
    ).toEqual(['a__a-1', 'a__a-2']);
  });
});

describe('a file of instances', () => {
  it('is a list, lines, an object of rows, or a single row', async () => {
    const rows = [row('a__a-1'), row('a__a-2')];
    expect(await idsIn(file('list.json', json(rows)))).toEqual(['a__a-1', 'a__a-2']);
    expect(await idsIn(file('object.json', json({ x: rows[0], y: rows[1] })))).toEqual(['a__a-1', 'a__a-2']);
    expect(await idsIn(file('one.json', JSON.stringify(rows[0])))).toEqual(['a__a-1']);
    const lines = rows.map((one) => `${JSON.stringify(one)}\n`).join('\n');
    for (const name of ['x.jsonl', 'x.ndjson', 'x.JSONL', 'x.json', 'x'])
      expect([name, await idsIn(file(name, lines))]).toEqual([name, ['a__a-1', 'a__a-2']]);
  });

  it('may begin with a mark and end without a line end', async () => {
    expect(await idsIn(file('bom.json', `\ufeff${json([row('a__a-1')])}`))).toEqual(['a__a-1']);
    expect(
      await idsIn(file('bom.jsonl', `\ufeff${JSON.stringify(row('a__a-1'))}\r\n${JSON.stringify(row('b__b-1'))}`)),
    ).toEqual(['a__a-1', 'b__b-1']);
  });

  it('says where each of them stands, and keeps its text as it is', async () => {
    const [first] = await readInstances(file('place.json', json([row('a__a-1')])));
    expect(first!.at).toBe(`${dir}/place.json:3:5`);
    expect(first!.instance.problem).toBe('Mend a__a-1.\r\nZwei \u2028 lines.');
    const [, second] = await readInstances(
      file('place.jsonl', `${JSON.stringify(row('a__a-1'))}\n${JSON.stringify(row('a__a-2'))}\n`),
    );
    expect(second!.at).toBe(`${dir}/place.jsonl:2:2`);
  });

  it('is asked for some of them, in that order', async () => {
    const path = file('some.json', json([row('a__a-1'), row('a__a-2'), row('a__a-3')]));
    expect(await idsIn(path, ['a__a-3', 'a__a-1'])).toEqual(['a__a-3', 'a__a-1']);
    expect(await failureOf(path, ['a__a-9'])).toMatchObject({ code: 'usage.invalid' });
  });

  it('may be Parquet, with lists as lists or as text', async () => {
    const path = join(dir, 'rows.parquet');
    const lines = file('rows.jsonl', [row('a__a-1'), row('a__a-2')].map((one) => `${JSON.stringify(one)}\n`).join(''));
    const database = await openDatabase();
    try {
      await database.connection.run(
        `COPY (SELECT *, TIMESTAMP '2023-06-26 06:44:43' AS created_at FROM read_json('${lines}', columns={
          instance_id:'VARCHAR', repo:'VARCHAR', base_commit:'VARCHAR', problem_statement:'VARCHAR', patch:'VARCHAR',
          test_patch:'VARCHAR', FAIL_TO_PASS:'VARCHAR[]', PASS_TO_PASS:'VARCHAR'})) TO '${path}' (FORMAT parquet)`,
      );
    } finally {
      database.close();
    }
    const fromParquet = await readInstances(path);
    const fromLines = await readInstances(lines);
    expect(fromParquet.map(({ instance }) => ({ ...instance, createdAt: null }))).toEqual(
      fromLines.map(({ instance }) => instance),
    );
    expect(fromParquet[0]!.instance.createdAt).toMatch(/^2023-06-26/);
    expect(fromParquet[1]!.at).toBe(`${path}, row 2`);
  });
});

describe('what is wrong is told with its place', () => {
  it.each([
    [
      'key.json',
      json([row('a__a-1'), row('a__a-2', { base_commit: 'main' })]),
      '/key.json:17:5: base_commit must be a whole commit id.',
    ],
    [
      'key.jsonl',
      `${JSON.stringify(row('a__a-1'))}\n\n{"instance_id":"x", "repo": 1}\n`,
      '/key.jsonl:3:21: repo must be `owner/name`. (and 2 like it)',
    ],
    ['lost.json', json([row('a__a-1', { repo: undefined })]), '/lost.json:2:3: repo is missing.'],
    ['object.json', json({ x: row('a__a-1', { patch: 1 }) }), '/object.json:7:5: patch must be text.'],
    ['syntax.json', '[{"instance_id": "a",}]', '/syntax.json:1:22: this is no JSON.'],
    [
      'syntax.jsonl',
      `${JSON.stringify(row('a__a-1'))}\n{"instance_id": nope}\n`,
      '/syntax.jsonl:2:17: this is no JSON.',
    ],
    ['rows.json', '["a"]', '/rows.json:1:2: A row must be an object.'],
    ['words.json', '"a"', '/words.json: there must be a list of rows.'],
    ['none.json', '[]', '/none.json: there is no row in it.'],
    ['none.jsonl', '\n\n', '/none.jsonl: there is no row in it.'],
    ['no.parquet', 'PAR2', '/no.parquet: this is no Parquet file.'],
  ])('%s', async (name, text, message) => {
    expect(await failureOf(file(name, text))).toMatchObject({ code: 'instances.invalid', message });
  });

  it('also an instance that is there twice, with both places', async () => {
    const lines = `${JSON.stringify(row('a__a-1'))}\n${JSON.stringify(row('a__a-1'))}\n`;
    expect((await failureOf(file('twice.jsonl', lines)))!.message).toBe(
      `/twice.jsonl:2:2: instance_id a__a-1 is at /twice.jsonl:1:2 already.`,
    );
  });

  it('at most twenty times', async () => {
    const many = Array.from({ length: 50 }, (_, at) => row(`a__a-${at}`, { repo: 'x' }));
    const failure = (await failureOf(file('many.json', json(many))))!;
    expect(failure.details.problems).toHaveLength(20);
    expect(failure.message).toMatch(/ \(and 19 or more like it\)$/);
  });

  it('also that there is no such file, or none that can be read', async () => {
    mkdirSync(join(dir, 'folder'));
    expect(await failureOf(join(dir, 'nowhere.json'))).toMatchObject({ code: 'file.missing' });
    expect(await failureOf(join(dir, 'folder'))).toMatchObject({ code: 'usage.invalid' });
    expect(await failureOf(file('damaged.parquet', 'PAR1 and then something else PAR1'))).toMatchObject({
      code: 'query.failed',
    });
  });
});
