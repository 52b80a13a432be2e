import type { ChalkInstance } from 'chalk';
import { formatCount } from './format.ts';
import { sanitizeLine } from './sanitize.ts';

interface File {
  path: string;
  kind: string;
  hunks: { startLine: number; endLine: number }[];
}

interface Rebase {
  session: string;
  name: string;
  branch: string;
  state: string;
  commit: string;
  previous: string;
  onto: { name: string; commit: string };
  rewritten: number;
  dropped: string[];
  joined?: boolean;
  kept?: string;
  conflicting?: string;
  subject?: string;
  worktree?: string;
  files?: File[];
  remaining?: number;
}

/** A file with more places than these has its first ones named. */
const HUNKS_MAX = 6;

const short = (id: string): string => id.slice(0, 8);

const linesOf = ({ startLine, endLine }: File['hunks'][number]): string =>
  startLine === endLine ? `${startLine}` : `${startLine}-${endLine}`;

const placesOf = ({ hunks }: File): string => {
  if (hunks.length === 0) return '';
  const more = hunks.length > HUNKS_MAX ? `, … ${hunks.length} in all` : '';
  return `lines ${hunks.slice(0, HUNKS_MAX).map(linesOf).join(', ')}${more}`;
};

/** The files in conflict, a line each, in columns. */
export const conflictFilesText = (files: File[], color: ChalkInstance): string[] => {
  const width = Math.max(...files.map(({ path }) => sanitizeLine(path).length), 0);
  const kinds = Math.max(...files.map(({ kind }) => kind.length), 0);
  return files.map((file) =>
    `  ${color.red('✗')} ${sanitizeLine(file.path).padEnd(width)}  ${color.dim(file.kind.padEnd(kinds))}  ${placesOf(file)}`.trimEnd(),
  );
};

const keptLine = ({ kept }: Rebase, color: ChalkInstance): string[] =>
  kept === undefined ? [] : [`  what the worktree showed is kept in commit ${color.yellow(kept)}`];

const leftOut = ({ dropped }: Rebase): string =>
  dropped.length === 0 ? '' : `, ${dropped.length} there already or left out`;

const conflictText = (done: Rebase, color: ChalkInstance): string[] => {
  const { conflicting = '', subject = '', files = [], remaining = 0, worktree = '' } = done;
  const after = remaining > 0 ? `, ${formatCount(remaining, 'commit')} after it` : '';
  return [
    `${color.yellow('●')} ${color.bold(sanitizeLine(done.name))} waits on its way onto ${sanitizeLine(done.onto.name)} ${color.dim(short(done.onto.commit))}: ${color.yellow(short(conflicting))} ${sanitizeLine(subject)}${after}`,
    ...conflictFilesText(files, color),
    ...keptLine(done, color),
    color.dim(`  in ${sanitizeLine(worktree)}; the branch is where it was`),
  ];
};

const rebasedText = (done: Rebase, color: ChalkInstance): string[] => {
  const { name, onto, branch, previous, commit, rewritten, dropped } = done;
  const nothingLeft = rewritten === 0 && dropped.length > 0;
  const what = nothingLeft
    ? `nothing of its own is left, ${formatCount(dropped.length, 'commit')} there already or left out`
    : `${formatCount(rewritten, 'commit')} made anew${leftOut(done)}`;
  return [
    `${color.green('✓')} ${color.bold(sanitizeLine(name))} rebased onto ${sanitizeLine(onto.name)} ${color.dim(short(onto.commit))}: ${what}`,
    `  ${sanitizeLine(branch)}: ${short(previous)} → ${color.yellow(short(commit))}`,
    ...keptLine(done, color),
    color.dim(
      done.joined
        ? '  one line again; `amp-sessions sync` tells the other clones'
        : `  back: amp-sessions undo ${done.session}`,
    ),
  ];
};

/** What a rebase came to, for a person. */
export const rebaseText = (done: Rebase, color: ChalkInstance): string => {
  const name = color.bold(sanitizeLine(done.name));
  switch (done.state) {
    case 'conflicted':
      return conflictText(done, color).join('\n');
    case 'rebased':
      return rebasedText(done, color).join('\n');
    case 'aborted':
      return [`${color.green('✓')} rebase of ${name} given up; it is as before`, ...keptLine(done, color)].join('\n');
    default:
      return `${color.green('✓')} ${name} stands on ${sanitizeLine(done.onto.name)} ${color.dim(short(done.onto.commit))} already`;
  }
};
