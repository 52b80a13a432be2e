import { describe, expect, it } from 'vitest';
import { csvWriter } from '../../src/analysis/csv.ts';
import type { Value } from '../../src/analysis/tables/table.ts';

const text = (name: string) => ({ name, type: 'VARCHAR' });
const line = (value: Value, type = 'VARCHAR', raw = false): string =>
  csvWriter([{ name: 'x', type }], { raw })
    .row([value])
    .slice(0, -2);

describe('CSV by RFC 4180', () => {
  it('lines end in CRLF; titles first; NULL is nothing, and an empty text is a text', () => {
    const csv = csvWriter([text('a'), text('b'), text('c,d')]);
    expect(
      csv.head() +
        csv.rows([
          ['1', null, ''],
          [null, 'x', 'y'],
        ]) +
        csv.tail(),
    ).toBe('a,b,"c,d"\r\n1,,""\r\n,x,y\r\n');
  });

  it.each<[string | boolean | string[], string]>([
    ['a,b', '"a,b"'],
    ['a "b"', '"a ""b"""'],
    ['a\nb', '"a\nb"'],
    ['a\r\nb', '"a\r\nb"'],
    [' a ', ' a '],
    ['日本 é', '日本 é'],
    [true, 'true'],
    [['a', 'b,c'], '"[""a"",""b,c""]"'],
  ])('%j', (value, written) => expect(line(value)).toBe(written));

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\uff1d1'])('%j is no formula to a spreadsheet', (value) => {
    expect(line(value)).toBe(`'${value}`);
    expect(line(value, 'VARCHAR', true)).toBe(value);
    expect(line(value, 'JSON')).toBe(`'${value}`);
  });

  it('what has to be quoted is no formula either', () => {
    expect(line('=HYPERLINK("http://x","y")')).toBe('"\'=HYPERLINK(""http://x"",""y"")"');
    expect(line('\r=1')).toBe('"\'\r=1"');
    expect(csvWriter([text('=a')]).head()).toBe("'=a\r\n");
    expect(csvWriter([text('=a')], { raw: true }).head()).toBe('=a\r\n');
  });

  it('numbers, times and truth values are themselves', () => {
    expect(line(12n, 'HUGEINT')).toBe('12');
    expect(line(-5, 'BIGINT')).toBe('-5');
    expect(line('-1.250000', 'DECIMAL(18,6)')).toBe('-1.250000');
    expect(line(-0.5, 'DOUBLE')).toBe('-0.5');
    expect(line('2026-11-23T00:00:00.000Z', 'TIMESTAMPTZ')).toBe('2026-11-23T00:00:00.000Z');
    expect(line(['-a'], 'VARCHAR[]')).toBe('"[""-a""]"');
  });
});
