import { sanitizeLine } from './sanitize.ts';
import { pad, textWidth, truncate } from './width.ts';

/** Text of a cell, and how it is coloured once it has its width. */
export interface Cell {
  text: string;
  paint?: (text: string) => string;
}

export interface Column {
  title: string;
  align?: 'left' | 'right';
  /** A column that may be cut to fit, never below so many columns. Others keep their width. */
  shrinkTo?: number;
}

export interface TableOptions {
  columns: Column[];
  rows: (string | Cell)[][];
  /** Columns of the terminal; without it nothing is cut. */
  width?: number;
  /** How titles are coloured. */
  paintTitle?: (text: string) => string;
}

const GAP = '  ';

/** Takes from the widest column that may shrink until the line fits. */
const shrink = (wanted: number[], columns: Column[], room: number): number[] => {
  const widths = [...wanted];
  let over = widths.reduce((sum, width) => sum + width, 0) - room;
  while (over > 0) {
    let widest = -1;
    for (const [at, column] of columns.entries()) {
      const least = Math.max(column.shrinkTo ?? Number.POSITIVE_INFINITY, 1);
      if (widths[at]! > least && (widest < 0 || widths[at]! > widths[widest]!)) widest = at;
    }
    if (widest < 0) break;
    widths[widest]! -= 1;
    over -= 1;
  }
  return widths;
};

const asCell = (value: string | Cell): Cell => {
  const cell = typeof value === 'string' ? { text: value } : value;
  return { ...cell, text: sanitizeLine(cell.text) };
};

/** Lines of an aligned table, titles first. Cells are made inert; nothing of agents or git reaches the terminal raw. */
export const table = ({ columns, rows, width, paintTitle }: TableOptions): string[] => {
  const titles = columns.map(({ title }): Cell => ({ text: title, paint: paintTitle }));
  const cells = [titles, ...rows.map((row) => columns.map((_, at) => asCell(row[at] ?? '')))];
  const wanted = columns.map((_, at) => cells.reduce((most, row) => Math.max(most, textWidth(row[at]!.text)), 0));
  const gaps = GAP.length * (columns.length - 1);
  const widths = width === undefined ? wanted : shrink(wanted, columns, width - gaps);
  return cells.map((row) =>
    row
      .map(({ text, paint = (same) => same }, at) => {
        const cut = truncate(text, widths[at]!);
        const last = at === columns.length - 1 && columns[at]!.align !== 'right';
        return last ? paint(cut) : paintPadded({ cut, paint, width: widths[at]!, align: columns[at]!.align });
      })
      .join(GAP)
      .trimEnd(),
  );
};

/** Only the text is coloured, not the spaces beside it. */
const paintPadded = (cell: {
  cut: string;
  paint: (text: string) => string;
  width: number;
  align: 'left' | 'right' | undefined;
}): string => {
  const padded = pad(cell.cut, cell.width, cell.align);
  return cell.cut === '' ? padded : padded.replace(cell.cut, () => cell.paint(cell.cut));
};
