import { graphemeCells } from '../width.ts';
import type { Segment } from './model.ts';

/** A line of a terminal. */
export interface Row {
  segments: Segment[];
  /** Columns that it takes. */
  width: number;
}

/** Breaks a line into rows of at most so many columns, wherever that is; a wide letter is never cut in two. */
export const wrap = (segments: Segment[], columns: number): Row[] => {
  const rows: Row[] = [{ segments: [], width: 0 }];
  for (const segment of segments) {
    let text = '';
    const put = (): void => {
      if (text !== '') rows.at(-1)!.segments.push({ ...segment, text });
      text = '';
    };
    for (const [letter, width] of graphemeCells(segment.text)) {
      if (rows.at(-1)!.width + width > columns && rows.at(-1)!.width > 0) {
        put();
        rows.push({ segments: [], width: 0 });
      }
      text += letter;
      rows.at(-1)!.width += width;
    }
    put();
  }
  return rows;
};
