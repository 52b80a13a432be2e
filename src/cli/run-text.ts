import type { ChalkInstance } from 'chalk';
import { formatCount, formatDuration, formatMoney, tokensText } from './format.ts';
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

const quoted = (word: string): string => (/^[\w./~:@+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** The command that comes after `new`, as it works from where the user stands. */
export const nextLine = (
  session: { id: string; prompt: unknown },
  { dir, here }: { dir: string; here: string },
): string =>
  [
    'amp-sessions iterate',
    session.id,
    ...(session.prompt === null ? ['--prompt "…"'] : []),
    ...(dir === here ? [] : [`-C ${quoted(sanitizeLine(dir))}`]),
  ].join(' ');

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

/** A verdict of the tests, against the base. */
export const VERDICTS: Record<string, string> = {
  passed: 'tests passed',
  'newly-failing': 'tests fail, and passed on the base',
  'was-failing-before': 'tests fail, as they did on the base',
  'failing-base-unknown': 'tests fail',
};

/** What one run of the agent came to, for a person; without its head where a stream has just shown that. */
export const runText = (run: RunAnswer, color: ChalkInstance, { isHeadShown = true } = {}): string => {
  const mark = run.outcome === 'completed' ? color.green('✓') : color.yellow('●');
  const what = run.commit
    ? `${color.yellow(run.commit.slice(0, 8))} ${sanitizeLine(run.subject ?? '')}`
    : 'nothing changed, no commit';
  const { tokensInput, tokensOutput, tokensCacheRead, tokensCacheWrite, costUsd } = run.usage;
  const all = tokensInput + tokensOutput + tokensCacheRead + tokensCacheWrite;
  // An agent that reports no tokens has not used none.
  const tokens = all === 0 ? 'tokens unknown' : tokensText(all);
  const size = run.commit
    ? `${formatCount(run.files, 'file')} ${color.green(`+${run.insertions}`)} ${color.red(`-${run.deletions}`)}, `
    : '';
  const lines = [
    ...(isHeadShown ? [`${mark} iteration ${run.iteration} ${run.outcome}: ${what}`] : []),
    `  ${size}${formatDuration(run.durationMs ?? 0)}, ${tokens}, cost ${formatMoney(costUsd)}`,
  ];
  if (run.tests) {
    const passed = run.tests.verdict === 'passed';
    lines.push(
      `${passed ? color.green('✓') : color.red('✗')} ${VERDICTS[run.tests.verdict] ?? run.tests.verdict} (${formatDuration(run.tests.durationMs)})`,
    );
  }
  return lines.join('\n');
};
