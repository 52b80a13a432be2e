import { readFileSync } from 'node:fs';
import { type Instance, type RowProblem, readRow } from '../../bench/instance.ts';
import { type Place, placeInJson, placeOfSyntaxError } from '../../bench/json-place.ts';
import { AppError } from '../../errors.ts';

/** An instance, and where it stands. */
export interface PlacedInstance {
  instance: Instance;
  /** `file:line`, or `file, row n` in a Parquet file. */
  at: string;
}

/** A row before it was looked at, and what can tell where its keys stand. */
interface Row {
  value: unknown;
  at(key: string | null): string;
}

/** More of them help nobody. */
const MOST_PROBLEMS = 20;

const atPlace = (file: string, place: Place | undefined): string =>
  place ? `${file}:${place.line}:${place.column}` : file;

const invalid = (problems: string[]): AppError => {
  const more = problems.length - 1;
  return new AppError(
    'instances.invalid',
    `${problems[0]}${more > 0 ? ` (and ${more}${more + 1 === MOST_PROBLEMS ? ' or more' : ''} like it)` : ''}`,
    {
      hint: 'Instances are rows of a SWE-bench data set, as JSON, JSONL or Parquet.',
      details: { problems },
    },
  );
};

const readBytes = (file: string): Buffer => {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EISDIR') throw new AppError('usage.invalid', `${file} is a folder.`, { hint: 'Name a file in it.' });
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new AppError('file.missing', `There is no file ${file}.`, { hint: 'Look at its name.' });
    throw new AppError('file.missing', `${file} cannot be read (${code}).`, {
      hint: 'Look at its rights and its size.',
    });
  }
};

const textOf = (bytes: Buffer): string => bytes.toString('utf8').replace(/^\ufeff/, '');

const parseJson = (text: string, file: string, firstLine = 1): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    const place = placeOfSyntaxError(text);
    const moved = place && { ...place, line: place.line + firstLine - 1 };
    throw invalid([`${atPlace(file, moved)}: this is no JSON.`]);
  }
};

const rowsOfLines = (bytes: Buffer, file: string): Row[] => {
  const rows: Row[] = [];
  let line = 0;
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(10, from);
    const text = bytes.toString('utf8', from, end === -1 ? bytes.length : end).replace(/^\ufeff/, '');
    from = end === -1 ? bytes.length : end + 1;
    line += 1;
    if (text.trim() === '') continue;
    const number = line;
    const at = (key: string | null): string => {
      const column = key === null ? undefined : placeInJson(text, [key])?.column;
      return column === undefined ? `${file}:${number}` : `${file}:${number}:${column}`;
    };
    rows.push({ value: parseJson(text, file, number), at });
  }
  return rows;
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A list of rows, rows by their ids, or a single row. */
const rowsOfDocument = (text: string, file: string): Row[] => {
  const document = parseJson(text, file);
  const row = (value: unknown, path: (string | number)[]): Row => ({
    value,
    at: (key) => atPlace(file, placeInJson(text, key === null ? path : [...path, key]) ?? placeInJson(text, path)),
  });
  if (Array.isArray(document)) return document.map((value, index) => row(value, [index]));
  if (!isObject(document)) throw invalid([`${file}: there must be a list of rows.`]);
  if ('instance_id' in document) return [row(document, [])];
  return Object.entries(document).map(([key, value]) => row(value, [key]));
};

/** Some files of lines are called `.json`: then the first line is a row by itself, and there is something behind it. */
const isLines = (file: string, bytes: Buffer): boolean => {
  if (/\.(jsonl|ndjson)$/i.test(file)) return true;
  const end = bytes.indexOf(10);
  const first = textOf(bytes.subarray(0, Math.max(0, end)));
  if (!first.startsWith('{') || bytes.subarray(end).every((byte) => byte <= 32)) return false;
  try {
    return isObject(JSON.parse(first));
  } catch {
    return false;
  }
};

const rowsOf = async (file: string): Promise<Row[]> => {
  const bytes = readBytes(file);
  if (bytes.subarray(0, 4).toString('latin1') === 'PAR1') {
    const { readParquetRows } = await import('../../analysis/read-parquet.ts');
    const rows = await readParquetRows(file);
    return rows.map((value, index) => ({ value, at: () => `${file}, row ${index + 1}` }));
  }
  if (/\.parquet$/i.test(file)) throw invalid([`${file}: this is no Parquet file.`]);
  if (isLines(file, bytes)) return rowsOfLines(bytes, file);
  return rowsOfDocument(textOf(bytes), file);
};

const told = (row: Row, { key, says }: RowProblem): string =>
  `${row.at(key)}: ${key === null ? says : `${key} ${says}.`}`;

/**
 * The instances of a file: JSON (a list, an object of rows, a single row), JSONL, or Parquet, told apart by content
 * and name. Both spellings of the lists of tests are taken.
 * @param ids only these; undefined: all
 * @throws AppError instances.invalid with file, line, column and key of what is wrong; file.missing,
 *   analysis.unavailable (a Parquet file without DuckDB)
 */
export const readInstances = async (file: string, ids?: readonly string[]): Promise<PlacedInstance[]> => {
  const found = new Map<string, PlacedInstance>();
  const problems: string[] = [];
  for (const row of await rowsOf(file)) {
    const read = readRow(row.value);
    if ('problems' in read) problems.push(...read.problems.map((problem) => told(row, problem)));
    else {
      const { id } = read.instance;
      const twin = found.get(id);
      if (twin) problems.push(`${row.at('instance_id')}: instance_id ${id} is at ${twin.at} already.`);
      else found.set(id, { instance: read.instance, at: row.at('instance_id') });
    }
    if (problems.length >= MOST_PROBLEMS) break;
  }
  if (problems.length > 0) throw invalid(problems.slice(0, MOST_PROBLEMS));
  if (found.size === 0) throw invalid([`${file}: there is no row in it.`]);
  if (ids === undefined) return [...found.values()];
  return ids.map((id) => {
    const one = found.get(id);
    if (one) return one;
    throw new AppError('usage.invalid', `${file} has no instance ${id}.`, {
      hint: 'Instances are named as in the file.',
    });
  });
};
