import type { ChalkInstance } from 'chalk';
import { formatCount } from './format.ts';
import { sanitizeLine } from './sanitize.ts';

interface Resumed {
  session: string;
  name: string;
  branch: string;
  worktree: string;
  commit: string;
  iterations: number;
  state: 'there' | 'resumed';
  branchWas: string;
  thread: { agent: string; id: string | null };
  untrusted: string[];
  dryRun: boolean;
}

const branchText = ({ branchWas, dryRun }: Resumed): string => {
  if (branchWas === 'missing') return dryRun ? 'would be made' : 'made';
  if (branchWas === 'behind') return dryRun ? 'would be brought up' : 'brought up';
  return 'stands';
};

/** Not every agent has threads, and of one that never ran here nobody knows. */
const threadText = ({ thread: { agent, id } }: Resumed): string =>
  id === null ? sanitizeLine(agent) : `${sanitizeLine(agent)} goes on in thread ${sanitizeLine(id)}`;

/** What `resume` did, or would do. */
export const resumeText = (done: Resumed, color: ChalkInstance): string => {
  const name = color.bold(sanitizeLine(done.name));
  const what = done.state === 'there' ? 'is there already' : done.dryRun ? 'would be resumed' : 'resumed';
  const after = done.iterations === 0 ? '' : ` after ${formatCount(done.iterations, 'iteration')}`;
  return [
    `${done.dryRun ? color.dim('○') : color.green('✓')} ${name} ${what}${after}`,
    `  branch    ${sanitizeLine(done.branch)} ${branchText(done)} at ${color.yellow(done.commit.slice(0, 8))}`,
    `  worktree  ${sanitizeLine(done.worktree)}`,
    `  agent     ${threadText(done)}`,
    ...(done.untrusted.length === 0
      ? []
      : [
          `  ${color.yellow('!')} before it runs here, confirm what another clone has put on record: ${done.untrusted.map((line) => `\`${sanitizeLine(line)}\``).join(', ')}`,
          `    amp-sessions config trust --session ${done.session}`,
        ]),
  ].join('\n');
};
