import { expect } from 'vitest';
import { TABLES } from '../../../src/analysis/tables/all.ts';
import type { LogRows } from '../../../src/analysis/tables/rows.ts';
import type { Column, Value } from '../../../src/analysis/tables/table.ts';

const isWhole = (value: unknown, bits: number): boolean =>
  Number.isSafeInteger(value) && Math.abs(value as number) <= 2 ** bits;

const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

const FITS: Record<Column['type'], (value: NonNullable<Value>) => boolean> = {
  VARCHAR: (value) => typeof value === 'string' && isWellFormed(value),
  BIGINT: (value) => isWhole(value, 53),
  INTEGER: (value) => isWhole(value, 31),
  DOUBLE: (value) => typeof value === 'number' && Number.isFinite(value),
  BOOLEAN: (value) => typeof value === 'boolean',
  TIMESTAMPTZ: (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value),
  'DECIMAL(18,6)': (value) => typeof value === 'string' && /^\d{1,12}\.\d{6}$/.test(value),
  JSON: (value) => typeof value === 'string' && JSON.parse(value) !== undefined && isWellFormed(value),
  'VARCHAR[]': (value) => Array.isArray(value) && value.every((one) => typeof one === 'string' && isWellFormed(one)),
};

/** Every table is there, every row has every column and no other, each with a value of its type or null. */
export const expectShape = (rows: LogRows): void => {
  const wrong: string[] = [];
  expect(Object.keys(rows).sort()).toEqual(TABLES.map(({ name }) => name).sort());
  for (const { name, columns } of TABLES) {
    const names = columns.map((column) => column.name).sort();
    for (const row of rows[name]!) {
      const own = Object.keys(row).sort();
      if (own.join() !== names.join()) wrong.push(`${name} has ${own.join()}`);
      for (const column of columns) {
        const value = row[column.name];
        if (value !== null && value !== undefined && !FITS[column.type](value))
          wrong.push(`${name}.${column.name} is ${JSON.stringify(value)}`);
      }
    }
  }
  expect(wrong).toEqual([]);
};
