import type { ChalkInstance } from 'chalk';
import { landedText } from './prune-text.ts';
import { sanitizeLine } from './sanitize.ts';

interface PutAway {
  session: string;
  name: string;
  worktree: string | null;
  branch: string | null;
  commit: string | null;
  landed: { how: string; into: string } | null;
  dryRun: boolean;
}

/** What `archive` and `rm` did, or would do. */
export const putAwayText = (done: PutAway, color: ChalkInstance): string => {
  const mark = done.dryRun ? 'would remove' : `${color.green('✓')} removed`;
  const lines = [`${done.dryRun ? 'dry run: ' : ''}session ${color.bold(done.session)}  ${sanitizeLine(done.name)}`];
  if (done.worktree) lines.push(`  ${mark} the worktree ${sanitizeLine(done.worktree)}`);
  if (done.branch)
    lines.push(
      `  ${mark} the branch ${sanitizeLine(done.branch)}${done.commit ? ` (was ${done.commit.slice(0, 8)})` : ''}`,
    );
  if (done.branch && done.landed)
    lines.push(`  its work stays: ${sanitizeLine(landedText(done.landed.how, done.landed.into))}`);
  if (!done.worktree && !done.branch) lines.push('  nothing was left to remove');
  lines.push(color.dim(`  its log stays: amp-sessions timeline ${done.session}`));
  return lines.join('\n');
};
