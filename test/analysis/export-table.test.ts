import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsWriter } from '../../src/analysis/export.ts';
import { exportTable, selectOf, TABLE_FORMATS, type TableWish, tableNamed } from '../../src/analysis/export-table.ts';
import { type Analysis, openAnalysis } from '../../src/analysis/open.ts';
import { TABLES } from '../../src/analysis/tables/all.ts';
import { importHistory } from '../support/history.ts';
import { makeRepo, tempDir } from '../support/repo.ts';
import { contextIn } from '../support/sessions.ts';

const wishFor = (over: Partial<TableWish> = {}): TableWish => ({
  table: 'events',
  format: 'ndjson',
  without: [],
  raw: false,
  ...over,
});

/** A reader of RFC 4180 that shares nothing with the writer; undefined is an empty field, '' a quoted one. */
const readCsv = (text: string): (string | undefined)[][] => {
  const rows: (string | undefined)[][] = [];
  let row: (string | undefined)[] = [];
  for (let at = 0; at < text.length; ) {
    let value: string | undefined;
    if (text[at] === '"') {
      value = '';
      for (at += 1; ; at += 1) {
        if (text[at] === '"' && text[at + 1] !== '"') break;
        if (text[at] === '"') at += 1;
        value += text[at];
      }
      at += 1;
    } else {
      const end = /[,\r]/.exec(text.slice(at))!.index + at;
      value = end === at ? undefined : text.slice(at, end);
      at = end;
    }
    row.push(value);
    if (text[at] === ',') at += 1;
    else {
      expect(text.slice(at, at + 2)).toBe('\r\n');
      at += 2;
      rows.push(row);
      row = [];
    }
  }
  return rows;
};

describe('a table', () => {
  let analysis: Analysis;
  let dir: string;
  beforeAll(async () => {
    dir = await makeRepo({ empty: true });
    importHistory(dir, 11, 12);
    const ctx = await contextIn(dir);
    analysis = await openAnalysis(ctx, {});
  });
  afterAll(() => analysis?.close());

  const write = async (
    over: Partial<TableWish> = {},
    most?: number,
  ): Promise<{ text: string; count: number; pieces: number }> => {
    const pieces: string[] = [];
    const file = join(tempDir(), 'whole');
    const sink = {
      write: async (text: string) => {
        pieces.push(text);
      },
      whole: () => file,
      check: () => {},
    };
    const count = await exportTable(analysis, wishFor(over), sink, most);
    return { text: pieces.length > 0 ? pieces.join('') : file, count, pieces: pieces.length };
  };

  const countOf = async (table: string): Promise<number> =>
    Number((await analysis.query(`SELECT count(*) FROM ${table}`)).rows[0]![0]);

  it('is the same rows in every format, for all tables', async () => {
    for (const { name, columns } of TABLES) {
      const names = columns.map((column) => column.name);
      const [ndjson, json, csv] = [
        await write({ table: name }),
        await write({ table: name, format: 'json' }),
        await write({ table: name, format: 'csv', raw: true }),
      ];
      const rows = ndjson.text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(rows).toHaveLength(await countOf(name));
      expect(JSON.parse(json.text)).toEqual(rows);
      for (const row of rows) expect(Object.keys(row)).toEqual(names);
      const [titles, ...fields] = readCsv(csv.text);
      expect(titles).toEqual(names);
      expect(fields).toHaveLength(rows.length);
      for (const [at, row] of rows.entries())
        for (const [n, column] of columns.entries()) {
          if (column.type === 'JSON' || column.type === 'VARCHAR[]' || column.type.startsWith('DECIMAL')) continue;
          const value = row[column.name];
          expect(fields[at]![n]).toEqual(value === null ? undefined : String(value));
        }
      expect([ndjson.count, json.count, csv.count]).toEqual(Array(3).fill(rows.length));
    }
  });

  it('has the same bytes again, and its rows in the order of its reference', async () => {
    for (const format of ['ndjson', 'csv', 'json'] as const)
      expect((await write({ format })).text).toBe((await write({ format })).text);
    const rows = (await write()).text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { log: string; clock: number; writer: string; seq: number });
    const keys = rows.map(({ log, clock, writer, seq }) => [log, String(clock).padStart(9), writer, seq].join(' '));
    expect(keys).toEqual([...keys].sort());
  });

  it('has the same bytes however few rows are put in order at a time', async () => {
    const some = { without: ['h000000004'], since: '2026-09-28T00:00:00.000Z' };
    for (const { name } of TABLES) {
      const whole = await write({ table: name }, Number.POSITIVE_INFINITY);
      expect(await write({ table: name }, 40)).toEqual({ ...whole, pieces: expect.any(Number) });
    }
    expect((await write({ format: 'csv' }, 1)).text).toBe((await write({ format: 'csv' })).text);
    expect((await write({ table: 'events', ...some }, 1)).text).toBe((await write({ table: 'events', ...some })).text);
    expect((await write({ table: 'events' }, 1)).pieces).toBeGreaterThan((await write({ table: 'events' })).pieces);
  });

  it('as Parquet has the same values and types, when DuckDB reads it', async () => {
    for (const { name, columns } of TABLES) {
      const { text: file, count } = await write({ table: name, format: 'parquet' });
      expect(readFileSync(file).subarray(0, 4).toString()).toBe('PAR1');
      const difference = await analysis.query(
        `SELECT count(*) FROM (SELECT * FROM read_parquet('${file}') EXCEPT ALL SELECT * FROM ${name})`,
      );
      expect([count, difference.rows[0]![0]]).toEqual([await countOf(name), 0]);
      const found = (await analysis.query(`DESCRIBE SELECT * FROM read_parquet('${file}')`)).rows;
      expect(found.map(([column]) => column)).toEqual(columns.map((column) => column.name));
    }
  });

  it('as CSV is read by DuckDB, and no field begins a formula', async () => {
    const { text } = await write({ table: 'messages', format: 'csv' });
    const [titles, ...rows] = readCsv(text);
    const types = new Map(tableNamed('messages').columns.map(({ name, type }) => [name, type]));
    for (const row of rows)
      for (const [at, field] of row.entries())
        if (types.get(titles![at]!) === 'VARCHAR') expect(field ?? '').not.toMatch(/^[=+\-@\t\r]/);
    const raw = readCsv((await write({ table: 'messages', format: 'csv', raw: true })).text).slice(1);
    expect(rows.length).toBe(raw.length);
    for (const [at, row] of rows.entries())
      for (const [n, field] of row.entries()) expect([raw[at]![n], `'${raw[at]![n]}`]).toContain(field);
  });

  it('money stays a number of all its places, JSON stays JSON, unknown is null', async () => {
    const { text } = await write({ table: 'usage' });
    const costs = [...text.matchAll(/"cost_usd":([^,}]*)/g)].map(([, cost]) => cost!);
    expect(costs.some((cost) => cost === 'null')).toBe(true);
    for (const cost of costs) expect(cost).toMatch(/^(null|-?\d+\.\d{6})$/);
    const event = JSON.parse((await write()).text.split('\n')[0]!) as { data: unknown };
    expect(typeof event.data).toBe('object');
  });

  it('has the rows of some sessions only, and never those that must stay', async () => {
    const all = (await analysis.query('SELECT session FROM sessions ORDER BY session')).rows.map(([id]) => String(id));
    const sessionsIn = async (over: Partial<TableWish>): Promise<string[]> => {
      const { text } = await write({ table: 'sessions', ...over });
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => (JSON.parse(line) as { session: string }).session)
        .sort();
    };
    expect(await sessionsIn({})).toEqual(all);
    expect(await sessionsIn({ sessions: [all[1]!, all[3]!, "it's none"] })).toEqual([all[1], all[3]]);
    expect(await sessionsIn({ sessions: [] })).toEqual([]);
    expect(await sessionsIn({ without: [all[0]!] })).toEqual(all.slice(1));
    expect(await sessionsIn({ sessions: [all[0]!], without: [all[0]!] })).toEqual([]);
    const events = (await write({ without: [all[0]!] })).text;
    expect(events).not.toContain(all[0]!);
  });

  it('has the rows of a time only', async () => {
    const times = (await analysis.query('SELECT "at" FROM events ORDER BY "at"')).rows.map(([at]) => String(at));
    const [since, until] = [times[Math.floor(times.length / 3)]!, times[Math.floor(times.length / 2)]!];
    const inside = times.filter((at) => at >= since && at <= until).length;
    expect((await write({ since, until })).count).toBe(inside);
    expect((await write({ since })).count).toBe(times.filter((at) => at >= since).length);
    expect((await write({ until })).count).toBe(times.filter((at) => at <= until).length);
    for (const { name } of TABLES) {
      const total = await countOf(name);
      expect((await write({ table: name, since: '2000-01-01T00:00:00.000Z' })).count).toBe(total);
      expect((await write({ table: name, since: '2100-01-01T00:00:00.000Z' })).count).toBe(0);
    }
  });

  it('without rows is whole all the same', async () => {
    const none = { sessions: ['none'] };
    expect((await write({ ...none })).text).toBe('');
    expect(JSON.parse((await write({ ...none, format: 'json' })).text)).toEqual([]);
    const csv = await write({ ...none, format: 'csv', table: 'usage' });
    expect(csv.text.split('\r\n')).toHaveLength(2);
    const { text: file, count } = await write({ ...none, format: 'parquet' });
    expect([count, existsSync(file)]).toEqual([0, true]);
  });

  it('that is none is told before anything is opened', () => {
    const wish = { ...wishFor({ table: 'nope' }), repos: [], all: false };
    expect(() => rowsWriter(wish, () => {})).toThrow('There is no table “nope”.');
    expect(() => tableNamed('sessions; DROP')).toThrow(
      expect.objectContaining({ code: 'usage.invalid', hint: expect.stringContaining('sessions, iterations') }),
    );
  });

  it('opens what it is asked for, and closes it', async () => {
    const ctx = await contextIn(dir);
    const warnings: string[] = [];
    for (const format of TABLE_FORMATS) {
      const write = rowsWriter({ ...wishFor({ table: 'sessions', format }), repos: [], all: false }, (text) => {
        warnings.push(text);
      });
      const file = join(tempDir(), 'rows');
      let text = '';
      const sink = {
        write: async (more: string) => {
          text += more;
        },
        whole: () => file,
        check: () => {},
      };
      expect(await write(ctx, { sessions: undefined, without: [] }, sink)).toBe(12);
      expect([text.length > 0, existsSync(file)]).toEqual([format !== 'parquet', format === 'parquet']);
    }
    expect(warnings).toEqual([]);
    expect(readdirSync(dir)).toEqual(['.git']);
  });

  it('quotes what a person gave', () => {
    const sql = selectOf(tableNamed('errors'), wishFor({ sessions: ["a'b"], without: ["c'd"], since: "e'f" }));
    expect(sql).toContain("['a''b']");
    expect(sql).toContain("['c''d']");
    expect(sql).toContain("'e''f'::TIMESTAMPTZ");
  });
});
