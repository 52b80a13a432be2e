import type { ChalkInstance } from 'chalk';
import { sanitizeLine } from './sanitize.ts';

interface Change {
  item: string;
  kind: string;
  iteration: number;
  from: string | null;
  now: string | null;
  before: string | null;
  after: string | null;
}

/** Lines that are shown of one file. */
const MOST_LINES = 60;

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

interface Line {
  mark: '-' | '+';
  text: string;
}

/** More lines than this on either side are not compared one by one. */
const MOST_COMPARED = 500;

/** How many lines the rests of both texts have in common, by where the rests begin. */
const commonLines = (old: string[], now: string[]): number[][] => {
  const table = Array.from({ length: old.length + 1 }, () => new Array<number>(now.length + 1).fill(0));
  for (let a = old.length - 1; a >= 0; a--)
    for (let b = now.length - 1; b >= 0; b--)
      table[a]![b] = old[a] === now[b] ? table[a + 1]![b + 1]! + 1 : Math.max(table[a + 1]![b]!, table[a]![b + 1]!);
  return table;
};

/** What went and what came, in order. */
const differing = (before: string, after: string): Line[] => {
  const [old, now] = [linesOf(before), linesOf(after)];
  const gone = (text: string): Line => ({ mark: '-', text });
  const come = (text: string): Line => ({ mark: '+', text });
  if (Math.max(old.length, now.length) > MOST_COMPARED) return [...old.map(gone), ...now.map(come)];
  const common = commonLines(old, now);
  const lines: Line[] = [];
  for (let [a, b] = [0, 0]; a < old.length || b < now.length; ) {
    if (a < old.length && b < now.length && old[a] === now[b]) [a, b] = [a + 1, b + 1];
    else if (b === now.length || (a < old.length && common[a + 1]![b]! >= common[a]![b + 1]!))
      lines.push(gone(old[a++]!));
    else lines.push(come(now[b++]!));
  }
  return lines;
};

const textLines = ({ kind, from, now, before, after }: Change, color: ChalkInstance): string[] => {
  if (kind === 'branch' || kind === 'replace' || kind === 'log')
    return [`    ${from?.slice(0, 12) ?? 'none'} → ${now?.slice(0, 12) ?? 'none'}`];
  if ((from !== null && before === null) || (now !== null && after === null))
    return [color.dim('    too long to show, or no text')];
  const lines = differing(before ?? '', after ?? '').map(({ mark, text }) =>
    (mark === '-' ? color.red : color.green)(`    ${mark} ${sanitizeLine(text)}`),
  );
  if (lines.length === 0) return [color.dim('    the same text, with another mode or kind')];
  const more = lines.length - MOST_LINES;
  return more > 0 ? [...lines.slice(0, MOST_LINES), color.dim(`    … and ${more} lines more`)] : lines;
};

const howOf = ({ from, now }: Change): string => (from === null ? 'new' : now === null ? 'gone' : 'changed');

/** What changed beside the worktree while an agent ran, with what is different, for a person to judge. */
export const changesText = (changes: Change[], color: ChalkInstance): string[] =>
  changes.flatMap((change) => [
    `  ${color.bold(sanitizeLine(change.item))} ${color.dim(`${howOf(change)} since iteration ${change.iteration}`)}`,
    ...textLines(change, color),
  ]);

interface Trusted {
  commands: { what: string; line: string }[];
  changes: Change[];
  dryRun: boolean;
}

/** The answer of `config trust --session`. */
export const trustText = ({ commands, changes, dryRun }: Trusted, color: ChalkInstance): string => {
  if (commands.length + changes.length === 0)
    return 'None of its commands came from elsewhere, and nothing that changed beside its worktree waits for you.';
  const all = [...commands.map(({ what, line }) => `  ${what}: ${sanitizeLine(line)}`), ...changesText(changes, color)];
  return [dryRun ? 'Would be trusted:' : 'Trusted:', ...all].join('\n');
};
