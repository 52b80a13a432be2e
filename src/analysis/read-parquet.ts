import { AppError } from '../errors.ts';
import { openDatabase } from './duckdb.ts';
import { quote } from './text.ts';

/**
 * All rows of a Parquet file as plain values: text, numbers, lists, null; times and the like as text.
 * @throws AppError analysis.unavailable, query.failed when it is damaged
 */
export const readParquetRows = async (file: string): Promise<Record<string, unknown>[]> => {
  const database = await openDatabase();
  try {
    const reader = await database.connection.runAndReadAll(`SELECT * FROM read_parquet(${quote(file)})`);
    return reader.getRowObjectsJson() as Record<string, unknown>[];
  } catch (error) {
    throw new AppError(
      'query.failed',
      `${file} cannot be read as Parquet: ${String((error as Error).message).split('\n')[0]}`,
      {
        hint: 'Is it whole? Fetch or export it again.',
        cause: error,
      },
    );
  } finally {
    database.close();
  }
};
