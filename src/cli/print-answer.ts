import { type AnswerColumn, type AnswerValue, objectsOf, type RowWriter } from './answer-rows.ts';
import { stdout } from './print.ts';
import { sanitizeText } from './sanitize.ts';

/** Some rows of an answer, as a query gives them. */
export interface AnswerPiece {
  columns: readonly AnswerColumn[];
  rows: readonly (readonly AnswerValue[])[];
}

export interface PrintWish {
  writer(columns: readonly AnswerColumn[]): RowWriter;
  /** No more rows than these; without it all. */
  most?: number;
}

/** Text that a table or JSON has made inert already stays as it is; CSV is inert at a terminal only. */
const shown = (text: string): string => (stdout.isTerminal && text.includes('\r') ? sanitizeText(text) : text);

/**
 * Prints an answer as it comes, never more of it in memory than one piece: the next is asked for when this one has left
 * the process. A reader that has gone away ends it.
 * @returns what a person should hear beside it
 */
export const printAnswer = async (
  pieces: AsyncIterable<AnswerPiece>,
  { writer, most = Number.POSITIVE_INFINITY }: PrintWish,
): Promise<string | undefined> => {
  let made: RowWriter | undefined;
  let rows = 0;
  let isCut = false;
  for await (const piece of pieces) {
    if (!made) {
      made = writer(piece.columns);
      stdout.write(made.head());
    }
    const room = most - rows;
    isCut = piece.rows.length > room;
    const part = isCut ? piece.rows.slice(0, room) : piece.rows;
    rows += part.length;
    if (part.length > 0) {
      stdout.write(shown(made.rows(part)));
      await stdout.flush();
    }
    if (isCut || stdout.closed) break;
  }
  if (made) stdout.write(made.tail());
  if (isCut) return `The first ${rows} rows; \`--limit 0\` shows all.`;
  return rows === 0 ? 'No rows.' : undefined;
};

/** The whole answer, for a document of `--json`. */
export const collectAnswer = async (
  pieces: AsyncIterable<AnswerPiece>,
): Promise<{ columns: AnswerColumn[]; rows: Record<string, unknown>[] }> => {
  let columns: AnswerColumn[] = [];
  const rows: Record<string, unknown>[] = [];
  for await (const piece of pieces) {
    columns = piece.columns.map(({ name, type }) => ({ name, type }));
    const toObject = objectsOf(columns);
    for (const row of piece.rows) rows.push(toObject(row));
  }
  return { columns, rows };
};

/** Rows of a table that a person is shown at once. */
const ROWS = 1000;

/** A pipe takes all rows, a person some; 0 is all. */
export const rowsShown = (format: string, limit: number | undefined): number | undefined => {
  if (limit !== undefined) return limit === 0 ? undefined : limit;
  return format === 'table' && stdout.isTerminal ? ROWS : undefined;
};
