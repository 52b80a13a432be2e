import { sanitizeText } from './sanitize.ts';
import { graphemeCells, textWidth } from './width.ts';

/** Where in a text that a person wrote something is wrong. */
export interface StatementPlace {
  line: number;
  /** From 1, in characters. */
  column: number;
  /** The whole line. */
  text: string;
}

/** The place in an error's details, where there is one. */
export const placeOf = (details: Record<string, unknown> | undefined): StatementPlace | undefined =>
  details?.['place'] as StatementPlace | undefined;

/** A line as it is shown: each control character and tab is one space, so that the caret stands below its letter. */
const inert = (text: string): string =>
  Array.from(text, (char) => (char !== '\t' && sanitizeText(char) === char ? char : ' ')).join('');

const keepEnd = (text: string, columns: number): string => {
  const cells = graphemeCells(text);
  let width = 0;
  let from = cells.length;
  while (from > 0 && width + cells[from - 1]![1] <= columns) width += cells[--from]![1];
  return cells
    .slice(from)
    .map(([letter]) => letter)
    .join('');
};

const keepStart = (text: string, columns: number): string => {
  let width = 0;
  let kept = '';
  for (const [letter, wide] of graphemeCells(text)) {
    width += wide;
    if (width > columns) break;
    kept += letter;
  }
  return kept;
};

/** The line, cut around the place where it is too long, and a caret below the place. */
export const excerpt = ({ column, text }: StatementPlace, width: number): [line: string, caret: string] => {
  const characters = [...text];
  const before = inert(characters.slice(0, column - 1).join(''));
  const after = inert(characters.slice(column - 1).join(''));
  const room = Math.max(20, width);
  const left = textWidth(before) > room / 2 ? `…${keepEnd(before, Math.floor(room / 2) - 1)}` : before;
  const free = room - textWidth(left);
  const right = textWidth(after) > free ? `${keepStart(after, free - 1)}…` : after;
  return [left + right, `${' '.repeat(textWidth(left))}^`];
};
