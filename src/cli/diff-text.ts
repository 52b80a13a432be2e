import type { ChalkInstance } from 'chalk';
import { formatCount } from './format.ts';
import { sanitizeLine, sanitizeText } from './sanitize.ts';
import { pad, textWidth } from './width.ts';

interface Change {
  path: string;
  previousPath?: string;
  status: string;
  insertions: number | null;
  deletions: number | null;
}

const LETTERS: Record<string, string> = {
  added: 'A',
  modified: 'M',
  deleted: 'D',
  renamed: 'R',
  copied: 'C',
  typechanged: 'T',
};
/** Columns of the widest bar. */
const BAR = 20;

const nameOf = (change: Change): string =>
  change.previousPath === undefined
    ? sanitizeLine(change.path)
    : `${sanitizeLine(change.previousPath)} → ${sanitizeLine(change.path)}`;

/** The size of a change, file by file, with a bar and a last line that adds up. */
export const diffStatText = (files: Change[], color: ChalkInstance): string => {
  if (files.length === 0) return 'No changes.';
  const width = Math.min(60, Math.max(...files.map((file) => textWidth(nameOf(file)))));
  const most = Math.max(1, ...files.map(({ insertions, deletions }) => (insertions ?? 0) + (deletions ?? 0)));
  const scale = (lines: number): number =>
    lines === 0 ? 0 : Math.max(1, Math.round((lines * Math.min(BAR, most)) / most));
  const lines = files.map((file) => {
    const { insertions, deletions } = file;
    const size =
      insertions === null || deletions === null
        ? 'binary'
        : `${String(insertions + deletions).padStart(5)} ${color.green('+'.repeat(scale(insertions)))}${color.red('-'.repeat(scale(deletions)))}`;
    return ` ${LETTERS[file.status] ?? '?'} ${pad(nameOf(file), width)} ${size}`;
  });
  const sum = (pick: (file: Change) => number | null): number =>
    files.reduce((all, file) => all + (pick(file) ?? 0), 0);
  const total = `${formatCount(files.length, 'file')}, ${color.green(`+${sum((file) => file.insertions)}`)} ${color.red(`-${sum((file) => file.deletions)}`)}`;
  return [...lines, total].join('\n');
};

/** A patch for a terminal: made inert first, coloured then, so that no byte of a file can steer it. */
export const patchText = (patch: string, color: ChalkInstance): string =>
  sanitizeText(patch)
    .split('\n')
    .map((line) => {
      if (/^(diff |index |--- |\+\+\+ |new file|deleted file|rename |copy |similarity |old mode|new mode)/.test(line))
        return color.bold(line);
      if (line.startsWith('@@')) return color.cyan(line);
      if (line.startsWith('+')) return color.green(line);
      return line.startsWith('-') ? color.red(line) : line;
    })
    .join('\n');
