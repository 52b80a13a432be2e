import type { ChalkInstance } from 'chalk';
import { formatAge, formatBytes, formatCount } from './format.ts';
import { stdout } from './print.ts';
import { sanitizeLine } from './sanitize.ts';
import { momentText } from './snapshot-event-text.ts';
import { table } from './table.ts';

interface Snapshot {
  number: number;
  commit: string;
  reason: string;
  at: string;
  changes: number;
  bytes: number;
  skipped: { path: string; why: string }[];
}

interface Restored {
  session: string;
  name: string;
  worktree: string;
  snapshot: Snapshot;
  written: string[];
  removed: string[];
  same: number;
  nested: string[];
  branchMoved: boolean;
  kept: number | null;
  recreated: boolean;
  dryRun: boolean;
}

/** Snapshots as a table, the newest first. */
export const snapshotsText = (
  { name, snapshots }: { name: string; snapshots: Snapshot[] },
  color: ChalkInstance,
  now: string,
): string => {
  if (snapshots.length === 0) return `${sanitizeLine(name)} has no snapshot here: nothing was uncommitted so far`;
  const columns = [
    { title: 'N', align: 'right' as const },
    { title: 'COMMIT' },
    { title: 'TAKEN', align: 'right' as const },
    { title: 'WHEN' },
    { title: 'PATHS', align: 'right' as const },
    { title: 'SIZE', align: 'right' as const },
    { title: 'WITHOUT', shrinkTo: 10, goes: 1 },
  ];
  const asOf = Date.parse(now);
  const rows = snapshots.map((one) => [
    String(one.number),
    one.commit.slice(0, 12),
    formatAge(one.at, asOf),
    momentText(one.reason),
    String(one.changes),
    formatBytes(one.bytes),
    one.skipped.map(({ path }) => path).join(', ') || '–',
  ]);
  const width = stdout.isTerminal ? stdout.columns : undefined;
  return table({ columns, rows, width, paintTitle: (text) => color.dim(text) }).join('\n');
};

/** So many paths are named one by one; `--json` has them all. */
const MOST = 20;

const named = (mark: string, paths: string[]): string[] => {
  const lines = paths.slice(0, MOST).map((path) => `  ${mark} ${sanitizeLine(path)}`);
  return paths.length > MOST ? [...lines, `  … ${paths.length - MOST} more; --json lists them`] : lines;
};

/** What `restore` brought back, or would. */
export const restoredText = (done: Restored, color: ChalkInstance): string => {
  const { snapshot, written, removed, dryRun } = done;
  const what = `snapshot ${snapshot.number} of ${sanitizeLine(done.name)} (${momentText(snapshot.reason)}, ${snapshot.at})`;
  const lines = [dryRun ? `dry run: would bring back ${what}` : `${color.green('✓')} ${what} brought back`];
  if (done.recreated)
    lines.push(
      `  ${dryRun ? 'would make the worktree again' : 'the worktree was gone and was made again'}: ${sanitizeLine(done.worktree)}`,
    );
  lines.push(...named(color.green('+'), written), ...named(color.red('-'), removed));
  if (done.same > 0) lines.push(color.dim(`  ${formatCount(done.same, 'path')} as in the snapshot already`));
  for (const path of done.nested)
    lines.push(color.yellow(`  ! ${sanitizeLine(path)} is a repository of its own: no snapshot holds its files`));
  if (done.branchMoved && !dryRun)
    lines.push(color.dim(`  the branch has gone on since; look with: git -C '${sanitizeLine(done.worktree)}' diff`));
  if (done.kept !== null)
    lines.push(
      color.dim(`  what was uncommitted before: amp-sessions restore ${done.session} --snapshot ${done.kept}`),
    );
  return lines.join('\n');
};
