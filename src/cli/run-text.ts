import type { ChalkInstance } from 'chalk';
import { formatDuration, formatMoney, formatTokens } from './format.ts';
import { sanitizeLine } from './sanitize.ts';

interface NewAnswer {
  id: string;
  name: string;
  branch: string;
  worktree: string;
  base: string | null;
  baseCommit: string;
}

/** What `new` says to a person. */
export const newText = (made: NewAnswer, color: ChalkInstance): string =>
  [
    `${color.green('✓')} session ${color.bold(made.id)}  ${sanitizeLine(made.name)}`,
    `  branch    ${sanitizeLine(made.branch)}`,
    `  base      ${sanitizeLine(made.base ?? 'an empty repository')} ${color.dim(made.baseCommit.slice(0, 8))}`,
    `  worktree  ${sanitizeLine(made.worktree)}`,
  ].join('\n');

interface RunAnswer {
  iteration: number;
  outcome: string | null;
  commit?: string;
  subject?: string | null;
  files: number;
  insertions: number;
  deletions: number;
  durationMs: number | null;
  usage: {
    tokensInput: number;
    tokensOutput: number;
    tokensCacheRead: number;
    tokensCacheWrite: number;
    costUsd: number | null;
  };
  tests?: { exitCode: number | null; durationMs: number; verdict: string };
}

const VERDICTS: Record<string, string> = {
  passed: 'tests passed',
  'newly-failing': 'tests fail, and passed on the base',
  'was-failing-before': 'tests fail, as they did on the base',
  'failing-base-unknown': 'tests fail',
};

/** What one run of the agent came to, for a person. */
export const runText = (run: RunAnswer, color: ChalkInstance): string => {
  const mark = run.outcome === 'completed' ? color.green('✓') : color.yellow('●');
  const what = run.commit
    ? `${color.yellow(run.commit.slice(0, 8))} ${sanitizeLine(run.subject ?? '')}`
    : 'nothing changed, no commit';
  const { tokensInput, tokensOutput, tokensCacheRead, tokensCacheWrite, costUsd } = run.usage;
  const all = tokensInput + tokensOutput + tokensCacheRead + tokensCacheWrite;
  const cost = `${formatTokens(all)} tokens, cost ${formatMoney(costUsd)}`;
  const lines = [
    `${mark} iteration ${run.iteration} ${run.outcome}: ${what}`,
    `  ${run.files} file${run.files === 1 ? '' : 's'} ${color.green(`+${run.insertions}`)} ${color.red(`-${run.deletions}`)}, ${formatDuration(run.durationMs ?? 0)}, ${cost}`,
  ];
  if (run.tests) {
    const passed = run.tests.verdict === 'passed';
    lines.push(
      `${passed ? color.green('✓') : color.red('✗')} ${VERDICTS[run.tests.verdict] ?? run.tests.verdict} (${formatDuration(run.tests.durationMs)})`,
    );
  }
  return lines.join('\n');
};
