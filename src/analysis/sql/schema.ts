import { AppError } from '../../errors.ts';
import { TABLES } from '../tables/all.ts';
import type { Table } from '../tables/table.ts';

/**
 * The tables that can be asked, or one of them.
 * @throws AppError usage.invalid when there is none of this name
 */
export const askedTables = (name?: string): readonly Table[] => {
  if (name === undefined) return TABLES;
  const found = TABLES.filter((table) => table.name === name.toLowerCase());
  if (found.length > 0) return found;
  throw new AppError('usage.invalid', `There is no table “${name}”.`, {
    hint: `There are: ${TABLES.map((table) => table.name).join(', ')}.`,
  });
};
