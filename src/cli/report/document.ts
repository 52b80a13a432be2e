/** A report before it has a format. All of it is plain text: whoever renders it makes every text inert. */

export interface Cell {
  text: string;
  /** What the text rounds, exactly. */
  value?: number | string | null;
  /** Name of that figure in `metrics --json`. */
  of?: string;
  /** Id of the section it leads to. */
  to?: string;
  tone?: 'good' | 'bad' | 'quiet';
  /** A second, smaller text. */
  note?: string;
  diff?: { insertions: number; deletions: number };
}

export interface ReportColumn {
  title: string;
  align?: 'right';
  /** May be long: gets the room, and is broken anywhere. */
  wide?: boolean;
  /** A date: it stays on its line. */
  short?: boolean;
}

export interface Chart {
  title: string;
  /** Upright bars over time, or lying ones over names. */
  kind: 'time' | 'names';
  unit: 'usd' | 'count';
  labels: string[];
  /** Values stand upon each other. */
  series: { name: string; color: 'main' | 'good' | 'bad'; values: number[] }[];
}

export interface Table {
  kind: 'table';
  columns: ReportColumn[];
  rows: Cell[][];
}

export type Block =
  | { kind: 'say'; text: string }
  | { kind: 'quote'; text: string }
  | { kind: 'facts'; facts: [label: string, cell: Cell][] }
  | { kind: 'chart'; chart: Chart }
  | { kind: 'title'; text: string }
  | Table;

export interface Section {
  id: string;
  title: string;
  /** A page of its own, in print. */
  isPage?: boolean;
  blocks: Block[];
}

export interface ReportDocument {
  title: string;
  /** What it is about, a sentence each. */
  said: string[];
  sections: Section[];
}

/** No more than so many characters, never half of one. */
export const shorten = (text: string, most: number): string => {
  if (text.length <= most) return text;
  const chars = [...text.slice(0, most * 2 + 2)];
  return chars.length <= most
    ? text
    : `${chars
        .slice(0, most - 1)
        .join('')
        .trimEnd()}…`;
};
