import type { ChalkInstance } from 'chalk';
import { formatBytes, formatCount } from './format.ts';
import { sanitizeLine } from './sanitize.ts';

interface Item {
  session: string;
  name: string;
  reason: string;
  worktree: string | null;
  branch: string | null;
  bytes: number;
}

const WHY: Record<string, string> = {
  merged: 'another branch contains every commit',
  empty: 'its iterations changed nothing',
};

/** What `prune` would remove and why, with sizes; and what stays, and why. */
export const pruneText = (
  items: Item[],
  kept: { session: string; name: string; why: string }[],
  color: ChalkInstance,
): string => {
  const lines = items.map(
    (item) =>
      `${color.bold(item.session)}  ${sanitizeLine(item.name)}  ${formatBytes(item.bytes)}  ${color.dim(WHY[item.reason] ?? item.reason)}`,
  );
  const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
  const total =
    items.length === 0
      ? 'Nothing is safe to remove.'
      : `${formatCount(items.length, 'session')} can go, ${formatBytes(bytes)} with them.`;
  const stays = kept.map(({ session, name, why }) =>
    color.dim(`  stays: ${session}  ${sanitizeLine(name)}  (${sanitizeLine(why)})`),
  );
  return [...lines, ...stays, total].join('\n');
};
