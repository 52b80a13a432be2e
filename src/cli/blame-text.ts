import type { ChalkInstance } from 'chalk';
import { formatAge } from './format.ts';
import { sanitizeLine, sanitizeText } from './sanitize.ts';
import { pad, textWidth, truncate } from './width.ts';

interface Origin {
  kind: 'agent' | 'manual' | 'other' | 'uncommitted';
  commit?: string;
  session?: string;
  name?: string;
  iteration?: number;
  writer?: string;
  agent?: string;
  prompt?: string;
  author?: { name: string };
  at?: string;
  subject?: string;
}

interface Line {
  line: number;
  text: string;
  /** The same object for all lines of a commit. */
  origin: Origin;
}

export interface BlameView {
  color: ChalkInstance;
  /** A person at a terminal of so many columns; null: a program, which gets every column on every line. */
  columns: number | null;
  /** Milliseconds since 1970. */
  now: number;
}

const MOST_NAME = 20;
const MOST_WHO = 22;
/** Of prompts where nothing else limits them. */
const MOST_PROMPT = 40;
/** What a line's text keeps in a narrow terminal. */
const ROOM_FOR_TEXT = 60;

/** Cells of the gutter: whose session or which commit, iteration, agent or author, when, what for. */
type Cells = [what: string, iteration: string, who: string, when: string, why: string];

const BY_HAND = ', by hand';

const whoOf = ({ kind, agent, author }: Origin): string => {
  if (kind === 'uncommitted') return 'not committed yet';
  if (kind === 'agent') return agent ?? 'agent';
  return kind === 'manual' ? `${author?.name ?? ''}${BY_HAND}` : (author?.name ?? '');
};

const cellsOf = (origin: Origin, view: BlameView): Cells => {
  const { kind, commit = '', session, name, iteration, at, prompt, subject = '' } = origin;
  const isOurs = kind === 'agent' || kind === 'manual';
  const when = at === undefined ? '' : view.columns === null ? at.slice(0, 10) : formatAge(at, view.now);
  return [
    isOurs ? (name ?? session ?? '') : commit.slice(0, 8),
    iteration === undefined
      ? ''
      : `${iteration}${origin.writer === undefined ? '' : `@${sanitizeLine(origin.writer.slice(0, 4))}`}`,
    whoOf(origin),
    when,
    kind === 'agent' ? (prompt ?? subject) : subject,
  ].map(sanitizeLine) as Cells;
};

/** A person's name is cut before the words that say it was them; where there is no room, only those are left. */
const cutWho = (who: string, columns: number): string => {
  if (!who.endsWith(BY_HAND) || textWidth(who) <= columns) return truncate(who, columns);
  const room = columns - BY_HAND.length;
  return room < 4 ? truncate(BY_HAND.slice(2), columns) : `${truncate(who.slice(0, -BY_HAND.length), room)}${BY_HAND}`;
};

/** Columns of the gutter: as wide as their widest cell, within limits; what a person asked for goes first. */
const widthsOf = (all: Cells[], { columns }: BlameView, digits: number): Cells extends string[] ? number[] : never => {
  const widest = (at: number, most: number): number =>
    Math.min(
      most,
      all.reduce((width, cells) => Math.max(width, textWidth(cells[at]!)), 0),
    );
  const widths = [widest(0, MOST_NAME), widest(1, 6), widest(2, MOST_WHO), widest(3, 10), widest(4, MOST_PROMPT)];
  if (columns === null) return widths;
  const gutter = (): number => widths.reduce((sum, width) => sum + (width > 0 ? width + 2 : 0), digits + 3);
  const over = (): number => gutter() + ROOM_FOR_TEXT - columns;
  for (const [at, least] of [
    [4, 0],
    [2, 8],
    [0, 8],
  ] as const)
    if (over() > 0) widths[at] = Math.max(least, widths[at]! - over());
  if (widths[4]! < 12) widths[4] = 0;
  return widths;
};

const paintsOf = ({ kind }: Origin, c: ChalkInstance): ((text: string) => string)[] => {
  const plain = (text: string): string => text;
  if (kind === 'agent') return [c.cyan, c.bold, plain, c.dim, plain];
  if (kind === 'manual') return [c.cyan, plain, c.yellow, c.dim, plain];
  return kind === 'uncommitted' ? [plain, plain, c.green, plain, plain] : [c.dim, c.dim, c.dim, c.dim, c.dim];
};

/** The gutter of one commit's lines: the first of a run in full, those after it dimmed and without the reason. */
const guttersOf = (
  origin: Origin,
  cells: Cells,
  widths: number[],
  view: BlameView,
): { first: string; more: string } => {
  const paints = paintsOf(origin, view.color);
  const fill = (at: number, text: string): string =>
    pad(
      at === 2 ? cutWho(text, widths[at]!) : truncate(text, widths[at]!),
      widths[at]!,
      at === 1 || at === 3 ? 'right' : 'left',
    );
  const shown = [0, 1, 2, 3, 4].filter((at) => widths[at]! > 0);
  const first = shown.map((at) => paints[at]!(fill(at, cells[at]!))).join('  ');
  if (view.columns === null) return { first, more: first };
  return { first, more: view.color.dim(shown.map((at) => fill(at, at === 4 ? '' : cells[at]!)).join('  ')) };
};

/** A line of somebody's file: inert for a person, as it is for a program. */
const shownText = (text: string, view: BlameView): string => {
  const line = text.endsWith('\r') ? text.slice(0, -1) : text;
  return view.columns === null ? line : sanitizeText(line).replaceAll('\n', ' ');
};

const sameRun = (a: Origin | undefined, b: Origin): boolean =>
  a === b ||
  (a?.kind === 'agent' &&
    b.kind === 'agent' &&
    a.session === b.session &&
    a.iteration === b.iteration &&
    a.writer === b.writer);

/** A file's lines, each with where it comes from. */
export const blameText = (lines: Line[], view: BlameView): string => {
  const cells = new Map<Origin, Cells>();
  for (const { origin } of lines) if (!cells.has(origin)) cells.set(origin, cellsOf(origin, view));
  const digits = String(lines.at(-1)?.line ?? 0).length;
  const widths = widthsOf([...cells.values()], view, digits);
  const gutters = new Map([...cells].map(([origin, own]) => [origin, guttersOf(origin, own, widths, view)]));
  const bar = view.columns === null ? '|' : view.color.dim('│');
  let last: Origin | undefined;
  return lines
    .map(({ line, text, origin }) => {
      const { first, more } = gutters.get(origin)!;
      const gutter = sameRun(last, origin) ? more : first;
      last = origin;
      const number = String(line).padStart(digits);
      return `${gutter}  ${view.columns === null ? number : view.color.dim(number)} ${bar} ${shownText(text, view)}\n`;
    })
    .join('');
};
