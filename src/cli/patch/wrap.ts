import { graphemeCells } from '../width.ts';
import type { Segment } from './model.ts';

/** A line of a terminal. */
export interface Row {
  segments: Segment[];
  /** Columns that it takes. */
  width: number;
}

const ASCII = /^[\x20-\x7e]*$/;

/** Fills rows, one piece after the other. */
class Rows {
  readonly rows: Row[] = [{ segments: [], width: 0 }];
  readonly #columns: number;

  constructor(columns: number) {
    this.#columns = columns;
  }

  get room(): number {
    return this.#columns - this.rows.at(-1)!.width;
  }

  put(segment: Segment, text: string, width: number): void {
    if (text === '') return;
    const row = this.rows.at(-1)!;
    row.segments.push(text === segment.text ? segment : { ...segment, text });
    row.width += width;
  }

  break(): void {
    if (this.rows.at(-1)!.width > 0) this.rows.push({ segments: [], width: 0 });
  }
}

const putAscii = (rows: Rows, segment: Segment): void => {
  const { text } = segment;
  for (let at = 0; at < text.length; ) {
    if (rows.room <= 0) rows.break();
    const piece = text.slice(at, at + Math.max(1, rows.room));
    rows.put(segment, piece, piece.length);
    at += piece.length;
  }
};

const putLetters = (rows: Rows, segment: Segment): void => {
  let text = '';
  let width = 0;
  for (const [letter, columns] of graphemeCells(segment.text)) {
    if (columns > rows.room - width) {
      rows.put(segment, text, width);
      rows.break();
      text = '';
      width = 0;
    }
    text += letter;
    width += columns;
  }
  rows.put(segment, text, width);
};

/** Breaks a line into rows of at most so many columns, wherever that is; a wide letter is never cut in two. */
export const wrap = (segments: Segment[], columns: number): Row[] => {
  const rows = new Rows(columns);
  for (const segment of segments) {
    if (ASCII.test(segment.text)) putAscii(rows, segment);
    else putLetters(rows, segment);
  }
  return rows.rows;
};
