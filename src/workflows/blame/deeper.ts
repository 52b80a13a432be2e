import type { Blame, BlameLine, Grafts } from '../../git/blame.ts';
import type { LineRange } from './source.ts';

/** With more ranges than this git is quicker with the whole file. */
const MOST_RANGES = 100;

/** The lines of commits whose lines may go on, and have not been followed. */
export const openLines = (blame: Blame, grafts: Grafts, followed: Grafts): number[] => {
  const isOpen = (id: string): boolean => grafts.has(id) && String(grafts.get(id)) !== String(followed.get(id));
  const open = new Set([...blame.commits.keys()].filter(isOpen));
  return blame.lines.flatMap(({ line, commit }) => (commit !== null && open.has(commit) ? [line] : []));
};

/** Lines, in order, as ranges; undefined where they are too many. */
export const rangesOf = (lines: number[]): LineRange[] | undefined => {
  const ranges: { from: number; to: number }[] = [];
  for (const line of lines) {
    const last = ranges.at(-1);
    if (last && last.to === line - 1) last.to = line;
    else ranges.push({ from: line, to: line });
  }
  return ranges.length > MOST_RANGES ? undefined : ranges;
};

/** What is known of lines, with what a look deeper says of some of them. */
export const overlaid = (blame: Blame, deeper: Blame): Blame => {
  const found = new Map<number, BlameLine>(deeper.lines.map((line) => [line.line, line]));
  const lines = blame.lines.map((line) => found.get(line.line) ?? line);
  const named = new Set(lines.map(({ commit }) => commit));
  const commits = [...blame.commits, ...deeper.commits].filter(([id]) => named.has(id));
  return { lines, commits: new Map(commits) };
};
