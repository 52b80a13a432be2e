import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editJson, isJson } from '../../src/redaction/json-text.ts';

const same = { string: (value: string) => value, name: (name: string) => name, number: () => undefined };

describe('editing JSON in place', () => {
  it('changes nothing of its own accord: not a space, not a digit, not an escape', () => {
    const text =
      ' {"a\\u0041" : [1.0, -2e+10, 12345678901234567890, "\\/\\u00e9\\n\\"", null ,true],\n\t"a": {} , "b":[[]] } ';
    expect(editJson(text, same)).toBe(text);
    fc.assert(
      fc.property(fc.json(), fc.nat(3), (json, indent) => {
        const laid = JSON.stringify(JSON.parse(json), null, indent);
        expect(editJson(laid, same)).toBe(laid);
        expect(editJson(json, same)).toBe(json);
      }),
    );
  });

  it('gives each value the name it stands under, and names apart', () => {
    const seen: [string, string | undefined][] = [];
    const names: string[] = [];
    const edit = {
      string: (value: string, key: string | undefined) => {
        seen.push([value, key]);
        return value;
      },
      name: (name: string) => {
        names.push(name);
        return name;
      },
      number: () => undefined,
    };
    editJson('{"a":"1","b":["2",{"c" : "3"}],"d":4,"e":{"f":"5"},"g":"6","":"7"}', edit);
    expect(names).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', '']);
    expect(seen).toEqual([
      ['1', 'a'],
      ['2', undefined],
      ['3', 'c'],
      ['5', 'f'],
      ['6', 'g'],
      ['7', ''],
    ]);
    seen.length = 0;
    editJson('["a","b"]', edit);
    editJson('"alone"', edit);
    expect(seen).toEqual([
      ['a', undefined],
      ['b', undefined],
      ['alone', undefined],
    ]);
  });

  it('writes what is new as JSON', () => {
    const edit = { ...same, string: () => 'x"\\\n\ud800', name: (name: string) => `${name}"` };
    expect(JSON.parse(editJson('{"a":"b"}', edit))).toEqual({ 'a"': 'x"\\\n\ud800' });
  });

  it('replaces whole numbers by strings', () => {
    const edit = { ...same, number: (literal: string) => (literal === '-1.5e3' ? 'gone' : undefined) };
    expect(editJson('[-1.5e3,1,{"a":-1.5e3},"-1.5e3"]', edit)).toBe('["gone",1,{"a":"gone"},"-1.5e3"]');
  });

  it('finds the end of a string behind any number of backslashes', () => {
    for (let n = 0; n < 6; n++) {
      const value = '\\'.repeat(n);
      const text = JSON.stringify([value, `"${value}"`, `${value}"`]);
      const seen: string[] = [];
      editJson(text, {
        ...same,
        string: (found) => {
          seen.push(found);
          return found;
        },
      });
      expect(seen).toEqual(JSON.parse(text));
    }
  });
});

it.each([
  ['{"a":1}', true],
  [' [1] ', true],
  ['"text"', true],
  ['12', false],
  ['true', false],
  ['{"a":1', false],
  ['{a:1}', false],
  ['', false],
  ['text {"a":1}', false],
])('%j is JSON worth editing: %s', (text, is) => expect(isJson(text)).toBe(is));
