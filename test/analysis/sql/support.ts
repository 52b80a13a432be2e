import { afterEach } from 'vitest';
import { openAnalysis } from '../../../src/analysis/open.ts';
import type { AdmitOptions } from '../../../src/analysis/sql/admit.ts';
import { openAsker, type SqlQuestion } from '../../../src/analysis/sql/ask-sql.ts';
import type { Value } from '../../../src/analysis/tables/table.ts';
import { isAppError } from '../../../src/errors.ts';
import type { World } from '../world.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

export interface Told {
  columns: { name: string; type: string }[];
  rows: Value[][];
}

/** The tables of a world, as a person asks them. */
export const askerIn = async (world: World, options: AdmitOptions = {}) => {
  const analysis = await openAnalysis(world.ctx);
  const asker = await openAsker(analysis, options);
  const close = async (): Promise<void> => {
    asker.close();
    await analysis.close();
  };
  open.push(close);
  const ask = async (text: string, more: Omit<SqlQuestion, 'text'> = {}): Promise<Told> => {
    const told: Told = { columns: [], rows: [] };
    for await (const { columns, rows } of asker.ask({ text, ...more })) {
      told.columns = columns;
      told.rows.push(...rows);
    }
    return told;
  };
  /** The rows, or the code of the error and what it says. */
  const tried = async (text: string, more: Omit<SqlQuestion, 'text'> = {}): Promise<string> => {
    try {
      return JSON.stringify((await ask(text, more)).rows);
    } catch (error) {
      return isAppError(error) ? `${error.code}: ${error.message}` : `a bug: ${error}`;
    }
  };
  return { analysis, asker, ask, tried };
};
