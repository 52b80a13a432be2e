import type { ChalkInstance } from 'chalk';
import { formatBytes, formatCount } from './format.ts';
import { landedText } from './prune-text.ts';
import { sanitizeLine } from './sanitize.ts';

interface Item {
  session: string;
  name: string;
  refs: string[];
  files: string[];
  notes: number;
  bytes: number;
  worktree: string | null;
  branch: string | null;
  commit: string | null;
  unmergedCommits: number;
  uncommitted: string[];
  landed: { how: string; into: string } | null;
}

/** So many names of one kind are told; `--json` has them all. */
const MOST = 10;

const rows = (title: string, names: string[]): string[] => {
  const shown = names.slice(0, MOST).map((name, at) => `  ${(at === 0 ? title : '').padEnd(9)} ${sanitizeLine(name)}`);
  return names.length > MOST ? [...shown, `            … ${names.length - MOST} more; --json lists them`] : shown;
};

const branchLine = ({ branch, commit, landed, unmergedCommits }: Item, color: ChalkInstance): string[] => {
  if (branch === null) return [];
  const was = commit === null ? '' : ` (was ${commit.slice(0, 8)})`;
  const lost = `${formatCount(unmergedCommits, 'commit')} that no other branch has`;
  const how = landed ? `; its work stays: ${landedText(landed.how, landed.into)}` : '';
  return rows('branch', [`${branch}${was}${how}`]).concat(
    unmergedCommits > 0 ? [color.yellow(`            with ${lost}, for good`)] : [],
  );
};

const itemText = (item: Item, color: ChalkInstance): string[] => [
  `${color.bold(item.session)}  ${sanitizeLine(item.name)}  ${color.dim(formatBytes(item.bytes))}`,
  ...rows('refs', item.refs),
  ...rows('files', item.files),
  ...(item.notes > 0 ? rows('notes', [`its lines on ${formatCount(item.notes, 'commit')}`]) : []),
  ...(item.worktree === null ? [] : rows('worktree', [item.worktree])),
  ...(item.uncommitted.length > 0
    ? rows(
        '',
        item.uncommitted.map((path) => `${path}: uncommitted, for good`),
      ).map((line) => color.yellow(line))
    : []),
  ...branchLine(item, color),
];

/** What `forget` takes away, before it asks. */
export const forgetText = (items: Item[], color: ChalkInstance): string =>
  [
    ...items.flatMap((item) => itemText(item, color)),
    color.dim('What stays: code and commit messages on other branches, landed commits, what the agent’s own service'),
    color.dim(
      'keeps of its threads, and what a host has cached. Only ids go on record: a tombstone, which every clone',
    ),
    color.dim('and remote obeys that syncs.'),
  ].join('\n');

/** What is left to do once it is done. */
export const forgottenText = (count: number): string[] => [
  `forgot ${formatCount(count, 'session')}. \`amp-sessions sync\` takes ${count === 1 ? 'it' : 'them'} from the remote too.`,
  'The bytes stay in this repository as objects that nothing names until git drops them; at once, with all else that nothing names: git gc --prune=now',
];

export const forgetQuestion = (items: Item[]): string =>
  `Forget ${items.length === 1 ? sanitizeLine(items[0]!.name) : formatCount(items.length, 'session')}, here and everywhere that syncs?`;
