import { AppError } from '../../errors.ts';
import { ALL_TABLES } from '../tables/all.ts';
import type { Table } from '../tables/table.ts';

/**
 * The tables that can be asked, or one of them.
 * @throws AppError usage.invalid when there is none of this name
 */
export const askedTables = (name?: string): readonly Table[] => {
  if (name === undefined) return ALL_TABLES;
  const found = ALL_TABLES.filter((table) => table.name === name.toLowerCase());
  if (found.length > 0) return found;
  throw new AppError('usage.invalid', `There is no table “${name}”.`, {
    hint: `There are: ${ALL_TABLES.map((table) => table.name).join(', ')}.`,
  });
};
