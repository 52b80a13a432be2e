import { describe, expect, it } from 'vitest';
import { completeSql, isFinished } from '../../src/cli/sql-statement.ts';

describe('a statement that is being typed', () => {
  it.each([
    'select 1;',
    'select 1 ; ',
    "select 'a;b';",
    'select 1; -- done',
    'select 1; /* done */',
    "select 'it''s';",
    'select $$a;$$;',
    'select $x;',
    'select "a;";',
    'select 1;\n-- ; more',
  ])('%j is whole', (text) => expect(isFinished(text)).toBe(true));

  it.each([
    '',
    'select 1',
    "select ';",
    'select ";',
    'select 1 -- ;',
    'select 1 /* ;',
    'select $$ ;',
    'select 1; select 2',
    "select 'a' ';",
    '-- ;',
  ])('%j goes on', (text) => expect(isFinished(text)).toBe(false));
});

describe('completion', () => {
  const tables = [
    { name: 'sessions', columns: [{ name: 'session' }, { name: 'name' }, { name: 'status' }] },
    { name: 'usage', columns: [{ name: 'session' }, { name: 'cost_usd' }] },
  ];
  const at = (line: string, before = '') => completeSql(tables, { before, line });

  it('tables where one has to stand', () => {
    expect(at('select * from ')).toEqual([['sessions', 'usage'], '']);
    expect(at('select * from u')).toEqual([['usage'], 'u']);
    expect(at('join SE')).toEqual([['sessions'], 'SE']);
  });

  it('columns of the tables that were named, else of all', () => {
    expect(at('from usage select co')).toEqual([['coalesce', 'cost_usd', 'count'], 'co']);
    expect(at('select cost_')).toEqual([['cost_usd'], 'cost_']);
    expect(at('where stat', 'from usage')).toEqual([[], 'stat']);
    expect(at('where stat', 'from sessions')).toEqual([['status'], 'stat']);
  });

  it('columns of a table by its name, and of what was named by another', () => {
    expect(at('select sessions.s')).toEqual([['session', 'status'], 's']);
    expect(at('from usage u where u.c')).toEqual([['cost_usd'], 'c']);
  });

  it('what is no SQL', () => {
    expect(at('\\')).toEqual([['\\?', '\\d', '\\q'], '\\']);
    expect(at('\\d us')).toEqual([['usage'], 'us']);
    expect(at('sel')).toEqual([['select'], 'sel']);
  });
});
