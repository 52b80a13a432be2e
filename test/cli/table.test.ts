import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { table } from '../../src/cli/table.ts';
import { pad, textWidth, truncate } from '../../src/cli/width.ts';

describe('columns of text', () => {
  it.each([
    ['abc', 3],
    ['', 0],
    ['über', 4],
    ['日本', 4],
    ['한국', 4],
    ['e\u0301', 1],
    ['👍', 2],
    ['👍🏽', 2],
    ['👨‍👩‍👧', 2],
    ['🇩🇪', 2],
    ['❤️', 2],
    ['…', 1],
    ['ﾊﾝｶｸ', 4],
    ['กำลัง', 4],
    ['हिन्दी', 2],
    ['עִבְרִית', 5],
    ['𝒳𐍈', 2],
    ['一…—✓', 5],
    ['\u0007a\u200b', 1],
  ])('%s takes %d', (text, expected) => expect(textWidth(text)).toBe(expected));

  it.each([
    ['abcdef', 4, 'abc…'],
    ['abcd', 4, 'abcd'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
  ])('%s in %d is %s', (text, columns, expected) => expect(truncate(text, columns)).toBe(expected));

  it('what is cut always fits', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '日', '👍', 'é', 'e\u0301') });
    fc.assert(fc.property(text, fc.nat(20), (given, columns) => textWidth(truncate(given, columns)) <= columns));
  });

  it('fills up on either side', () => {
    expect([pad('日', 4), pad('日', 4, 'right'), pad('abc', 2)]).toEqual(['日  ', '  日', 'abc']);
  });
});

describe('a table', () => {
  const columns = [{ title: 'ID' }, { title: 'NAME', shrinkTo: 4 }, { title: 'FILES', align: 'right' as const }];

  it('aligns, with titles and without trailing spaces', () => {
    const rows = [
      ['k3', '日本', '1'],
      ['k44', 'login', '12'],
    ];
    expect(table({ columns, rows })).toEqual(['ID   NAME   FILES', 'k3   日本       1', 'k44  login     12']);
  });

  it('cuts only what may be cut, and never below its least', () => {
    const rows = [['k3', 'a name that is long', '1']];
    expect(table({ columns, rows, width: 20 })).toEqual(['ID  NAME       FILES', 'k3  a name t…      1']);
    expect(table({ columns, rows, width: 5 })[1]).toBe('k3  a n…      1');
  });

  it('leaves columns out where the narrowest line is too wide, the least needed first', () => {
    const some = [
      { title: 'ID' },
      { title: 'COST', goes: 2 },
      { title: 'BRANCH', shrinkTo: 4, goes: 1 },
      { title: 'NAME', shrinkTo: 3 },
    ];
    const rows = [['k3', '–', 'amp/login', 'login']];
    const at = (width: number) => table({ columns: some, rows, width });
    expect(at(40)[1]).toBe('k3  –     amp/login  login');
    expect(at(19)[0]).toBe('ID  COST  BRA…  NA…');
    expect(at(18)).toEqual(['ID  COST  NAME', 'k3  –     login']);
    expect(at(10)).toEqual(['ID  NAME', 'k3  login']);
    for (let width = 7; width < 40; width++)
      for (const line of at(width)) expect(textWidth(line)).toBeLessThanOrEqual(width);
  });

  it('lets nothing active through', () => {
    const rows = [['k3', 'evil\x1b[2J\nname', '']];
    expect(table({ columns, rows })[1]).toBe('k3  evil name');
  });

  it('paints the text, not the spaces, and after measuring', () => {
    const paint = (text: string) => `<${text}>`;
    const rows = [['k3', { text: 'abc', paint }, { text: '7', paint }]];
    expect(table({ columns, rows, paintTitle: (text) => text.toLowerCase() })).toEqual([
      'id  name  files',
      'k3  <abc>       <7>',
    ]);
  });
});
