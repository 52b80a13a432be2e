import { sanitizeLine } from './sanitize.ts';
import { textWidth, truncate } from './width.ts';

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
  /** Left out where nothing else makes the line fit; the lowest number goes first. Others always stay. */
  goes?: number;
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

/** The columns that stay, where even the narrowest line is too wide. */
const fitting = (columns: Column[], wanted: number[], width: number): number[] => {
  let stay = columns.map((_, at) => at);
  const least = () =>
    stay.reduce((sum, at) => sum + Math.min(wanted[at]!, columns[at]!.shrinkTo ?? wanted[at]!), 0) +
    GAP.length * (stay.length - 1);
  const spare = stay
    .filter((at) => columns[at]!.goes !== undefined)
    .sort((a, b) => columns[a]!.goes! - columns[b]!.goes!);
  for (const at of spare) if (least() > width) stay = stay.filter((other) => other !== at);
  return stay;
};

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

/** What most cells are: it is itself, inert, and as wide as it is long. */
const ASCII = /^[\x20-\x7e]*$/;

interface Measured extends Cell {
  width: number;
}

/** A string is a cell of ASCII without paint: a long table has tens of thousands of them. */
type Known = string | Measured;

const widthOf = (cell: Known): number => (typeof cell === 'string' ? cell.length : cell.width);

/** Texts beyond ASCII that were measured already: a dash or a tick stands in every row. */
const beyond = new Map<string, Measured>();
const MOST = 100;

const measure = (value: string | Cell): Known => {
  const { text: given, paint } = typeof value === 'string' ? { text: value, paint: undefined } : value;
  if (ASCII.test(given)) return paint ? { text: given, paint, width: given.length } : given;
  const known = beyond.get(given);
  if (known) return paint ? { ...known, paint } : known;
  const text = sanitizeLine(given);
  const measured = { text, width: textWidth(text) };
  if (beyond.size < MOST) beyond.set(given, measured);
  return { ...measured, paint };
};

/** Where a column's cells go. */
interface Place {
  width: number;
  align: Column['align'];
  /** Nothing follows: no spaces are needed. */
  isLast: boolean;
  /** Cells that were rendered before: most columns of a long table have few values. */
  done: Map<Known, string>;
}

/** Only the text is coloured, not the spaces beside it. */
const render = (known: Known, { width, align, isLast }: Place): string => {
  const cell = typeof known === 'string' ? { text: known, width: known.length, paint: undefined } : known;
  const isCut = cell.width > width;
  const text = isCut ? truncate(cell.text, width) : cell.text;
  const painted = cell.paint && text !== '' ? cell.paint(text) : text;
  const gap = width - (isCut ? textWidth(text) : cell.width);
  if (gap <= 0) return painted;
  if (align === 'right') return ' '.repeat(gap) + painted;
  return isLast ? painted : painted + ' '.repeat(gap);
};

const renderOnce = (cell: Known, place: Place): string => {
  if (typeof cell === 'string' ? cell.length === place.width : cell.paint !== undefined)
    return typeof cell === 'string' ? cell : render(cell, place);
  const before = place.done.get(cell);
  if (before !== undefined) return before;
  const text = render(cell, place);
  if (place.done.size < MOST) place.done.set(cell, text);
  return text;
};

const measureRow = (row: (string | Cell)[], length: number): Known[] => {
  const cells: Known[] = [];
  for (let at = 0; at < length; at++) cells.push(measure(row[at] ?? ''));
  return cells;
};

/** Lines of an aligned table, titles first. Cells are made inert; nothing of agents or git reaches the terminal raw. */
export const table = ({ columns, rows, width, paintTitle }: TableOptions): string[] => {
  const head = columns.map(({ title }) => measure({ text: title, paint: paintTitle }));
  const cells = [head];
  for (const row of rows) cells.push(measureRow(row, columns.length));
  const wanted = columns.map(() => 0);
  for (const row of cells)
    for (let at = 0; at < row.length; at++) wanted[at] = Math.max(wanted[at]!, widthOf(row[at]!));
  const stay = width === undefined ? columns.map((_, at) => at) : fitting(columns, wanted, width);
  if (stay.length < columns.length) {
    const kept = <T>(cells: T[]): T[] => stay.map((at) => cells[at]!);
    return table({ columns: kept(columns), rows: rows.map(kept), width, paintTitle });
  }
  const gaps = GAP.length * (columns.length - 1);
  const widths = width === undefined ? wanted : shrink(wanted, columns, width - gaps);
  const places = columns.map(
    ({ align }, at): Place => ({ width: widths[at]!, align, isLast: at === columns.length - 1, done: new Map() }),
  );
  const parts: string[] = [];
  return cells.map((row) => {
    for (let at = 0; at < row.length; at++) parts[at] = renderOnce(row[at]!, places[at]!);
    return parts.join(GAP).trimEnd();
  });
};
