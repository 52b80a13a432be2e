/** Where the lines of one conflict begin and end, markers included; lines count from 1. */
export interface ConflictHunk {
  startLine: number;
  endLine: number;
  /** The first lines of each side, as far as they tell the two apart. */
  ours: string;
  theirs: string;
}

const OPENING = /^<{7,}(?: |$)/;
const CLOSING = /^>{7,}(?: |$)/;
const MIDDLE = /^={7,}$/;
const ANCESTOR = /^\|{7,}(?: |$)/;
const ANY = /^(?:<{7,}|>{7,}|\|{7,})(?: |$)|^={7}$/;

const linesOf = (text: string): string[] => text.split('\n').map((line) => line.replace(/\r$/, ''));

/** The lines that are left of conflict markers. What one of `known`, the sides themselves, has is no marker. */
export const markerLines = (text: string, known: string[] = []): number[] => {
  const own = new Set(known.flatMap((side) => linesOf(side).filter((line) => ANY.test(line))));
  return linesOf(text).flatMap((line, at) => (ANY.test(line) && !own.has(line) ? [at + 1] : []));
};

const EXCERPT_LINES = 3;
const EXCERPT_LENGTH = 200;

const excerpt = (lines: string[]): string => lines.slice(0, EXCERPT_LINES).join('\n').slice(0, EXCERPT_LENGTH);

/** The conflicts in a file as `git merge` writes them, in any of its styles. A marker without its other is passed over. */
export const parseHunks = (text: string): ConflictHunk[] => {
  const hunks: ConflictHunk[] = [];
  let open: { start: number; side: 'ours' | 'base' | 'theirs'; ours: string[]; theirs: string[] } | undefined;
  for (const [at, line] of linesOf(text).entries()) {
    if (OPENING.test(line)) open = { start: at + 1, side: 'ours', ours: [], theirs: [] };
    else if (!open) continue;
    else if (open.side === 'theirs' && CLOSING.test(line)) {
      hunks.push({ startLine: open.start, endLine: at + 1, ours: excerpt(open.ours), theirs: excerpt(open.theirs) });
      open = undefined;
    } else if (open.side === 'ours' && ANCESTOR.test(line)) open.side = 'base';
    else if (open.side !== 'theirs' && MIDDLE.test(line)) open.side = 'theirs';
    else if (open.side !== 'base') open[open.side].push(line);
  }
  return hunks;
};
