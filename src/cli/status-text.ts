import type { ChalkInstance } from 'chalk';
import { skippedText } from '../events/skipped-text.ts';
import { formatAge, formatCount, formatDuration, formatMoney, formatTokens } from './format.ts';
import { VERDICTS } from './run-text.ts';
import { sanitizeLine, sanitizeText } from './sanitize.ts';

interface Run {
  iteration: number;
  /** Its name, where its number is not enough. */
  label?: string;
  outcome: string | null;
  commit?: string;
  subject?: string | null;
  files: number;
  insertions: number;
  deletions: number;
  durationMs: number | null;
  failure: { message: string } | null;
  skipped?: Parameters<typeof skippedText>[0];
  tests?: { verdict: string };
}

interface Status {
  id: string;
  name: string;
  state: string;
  branch: string;
  worktree: string;
  hasWorktree: boolean;
  /** False where it was made on another machine, or somebody took it away. */
  worktreeStands?: boolean;
  removed?: boolean;
  base: string | null;
  baseCommit: string;
  createdAt: string;
  lastActivityAt: string;
  agent: string;
  mode: string | null;
  agentCommand: string | null;
  prompt: string | null;
  testCommand: string | null;
  comparison: string;
  usage: {
    tokensInput: number;
    tokensOutput: number;
    tokensCacheRead: number;
    tokensCacheWrite: number;
    costUsd: number | null;
  };
  lastTests?: { exitCode: number | null; outputTail: string };
  conflict?: Conflict | null;
  lines?: Line[];
  next?: string;
  repositoryChanges?: { item: string; iteration: number }[];
  holder?: { pid: number; command: string };
  history: Run[];
  manualCommits: { commit: string; subject: string; author: { name: string } }[];
  unknownEvents: number;
}

interface Conflict {
  onto: { name: string };
  commit: string;
  files: { path: string; kind: string }[];
  next: string;
}

/** One of several ways the session went on. */
interface Line {
  writer: string;
  host: string | null;
  here: boolean;
  commit: string;
  fork: string;
  iterations: Run[];
  manualCommits: Status['manualCommits'];
}

/** Lines of a failing test's output that `status` shows; `--json` and the timeline have all that was kept. */
const TAIL_LINES = 12;

const row = (label: string, text: string, color: ChalkInstance): string => `${color.dim(label.padEnd(10))}${text}`;

const runLine = (run: Run, color: ChalkInstance): string => {
  const mark =
    run.outcome === 'completed' ? color.green('✓') : run.outcome === null ? color.yellow('…') : color.yellow('●');
  const what = run.commit
    ? `${color.yellow(run.commit.slice(0, 8))} ${sanitizeLine(run.subject ?? '')}`
    : (run.outcome ?? 'running');
  const size = run.commit ? ` ${color.green(`+${run.insertions}`)} ${color.red(`-${run.deletions}`)}` : '';
  const tests = run.tests
    ? run.tests.verdict === 'passed'
      ? color.green(' tests passed')
      : color.red(` ${VERDICTS[run.tests.verdict] ?? run.tests.verdict}`)
    : '';
  const failure = run.failure ? color.red(` ${sanitizeLine(run.failure.message)}`) : '';
  const skipped = run.skipped ? color.yellow(` not committed: ${sanitizeLine(skippedText(run.skipped))}`) : '';
  return `  ${mark} ${sanitizeLine(run.label ?? String(run.iteration))}  ${what}${size}${run.durationMs === null ? '' : color.dim(` ${formatDuration(run.durationMs)}`)}${tests}${failure}${skipped}`;
};

const tail = (text: string): string[] => {
  const lines = sanitizeText(text).trimEnd().split('\n');
  return lines.slice(-TAIL_LINES).map((line) => `    ${line}`);
};

/** No tokens at all means that nobody has told of any. */
const tokensText = ({ tokensInput, tokensOutput, tokensCacheRead, tokensCacheWrite }: Status['usage']): string =>
  tokensInput + tokensOutput + tokensCacheRead + tokensCacheWrite === 0
    ? 'unknown'
    : `${formatTokens(tokensInput)} in, ${formatTokens(tokensOutput)} out, ${formatTokens(tokensCacheRead)} cache read, ${formatTokens(tokensCacheWrite)} cache write`;

/** What runs: the agent with its mode, and the line or the script it was given. */
const agentText = ({ agent, mode, agentCommand }: Status): string =>
  `${sanitizeLine(agent)}${agentCommand === null ? '' : `: ${sanitizeLine(agentCommand)}`}${mode ? ` (${sanitizeLine(mode)})` : ''}`;

const worktreeText = ({ hasWorktree, worktree, worktreeStands }: Status): string => {
  if (!hasWorktree) return 'none';
  return worktreeStands === false
    ? 'none on this machine; `amp-sessions resume` makes it where the last iteration ended'
    : sanitizeLine(worktree);
};

/** The conflict that waits, its files, and the next step. */
const conflictLines = ({ onto, commit, files, next }: Conflict, color: ChalkInstance): string[] => [
  '',
  color.red(`  A rebase onto ${sanitizeLine(onto.name)} waits: commit ${commit.slice(0, 8)} is in conflict.`),
  ...files.map(({ path, kind }) => `  ${color.red('✗')} ${sanitizeLine(path)} ${color.dim(kind)}`),
  `  ${color.dim('→')} ${sanitizeLine(next)}`,
];

const manualLine = ({ commit, subject, author }: Status['manualCommits'][number], color: ChalkInstance): string =>
  `  ${color.cyan('✎')} ${commit.slice(0, 8)} ${sanitizeLine(subject)} ${color.dim(sanitizeLine(author.name))}`;

/** What each line has that the others have not, and the next step. */
const apartLines = ({ lines = [], next = '' }: Status, color: ChalkInstance): string[] =>
  lines.length === 0
    ? []
    : [
        '',
        color.red(`  Went on in ${lines.length} places apart since ${lines[0]!.fork.slice(0, 8)}:`),
        ...lines.flatMap((line) => [
          '',
          `  ${color.bold(`line ${sanitizeLine(line.writer)}`)}${line.host === null ? '' : ` on ${sanitizeLine(line.host)}`}${line.here ? color.cyan(' (this clone)') : ''}, at ${color.yellow(line.commit.slice(0, 8))}`,
          ...line.iterations.map((run) => runLine(run, color)),
          ...line.manualCommits.map((commit) => manualLine(commit, color)),
        ]),
        '',
        `  ${color.dim('→')} ${sanitizeLine(next)}`,
      ];

/** What an agent left behind beside its worktree, and the next step. */
const changeLines = ({ id, repositoryChanges = [] }: Status, color: ChalkInstance): string[] =>
  repositoryChanges.length === 0
    ? []
    : [
        '',
        color.red('  Changed beside the worktree while the agent ran; nothing lands before you have looked:'),
        ...repositoryChanges.map(
          ({ item, iteration }) => `  ${color.red('✗')} ${sanitizeLine(item)} ${color.dim(`iteration ${iteration}`)}`,
        ),
        `  ${color.dim('→')} \`amp-sessions config trust --session ${id} --dry-run\` shows what is different.`,
      ];

/** One session in full, for a person. */
export const statusText = (s: Status, color: ChalkInstance, now: string): string => {
  const { usage } = s;
  const lines = [
    `${color.bold(s.id)}  ${sanitizeLine(s.name)}  ${color.cyan(s.removed ? 'removed' : s.state)}${s.holder ? color.dim(` (\`${s.holder.command}\`, process ${s.holder.pid})`) : ''}`,
    row('branch', sanitizeLine(s.branch), color),
    row('base', `${sanitizeLine(s.base ?? 'an empty repository')} ${color.dim(s.baseCommit.slice(0, 8))}`, color),
    row('worktree', worktreeText(s), color),
    row('agent', agentText(s), color),
    row('prompt', s.prompt === null ? 'none' : sanitizeLine(s.prompt).slice(0, 200), color),
    row('tests', s.testCommand === null ? 'no test command' : sanitizeLine(s.testCommand), color),
    row('created', `${formatAge(s.createdAt, now)}, active ${formatAge(s.lastActivityAt, now)}`, color),
    ...(s.history.length === 0
      ? []
      : [row('tokens', tokensText(usage), color), row('cost', formatMoney(usage.costUsd), color)]),
  ];
  if (s.conflict) lines.push(...conflictLines(s.conflict, color));
  lines.push(...changeLines(s, color));
  if (s.history.length > 0) lines.push('', ...s.history.map((run) => runLine(run, color)));
  if (s.manualCommits.length > 0)
    lines.push(
      '',
      `  ${formatCount(s.manualCommits.length, 'manual commit')}:`,
      ...s.manualCommits.map((commit) => manualLine(commit, color)),
    );
  lines.push(...apartLines(s, color));
  if (s.lastTests && s.comparison !== 'passed' && s.lastTests.outputTail.trim() !== '')
    lines.push('', '  The end of the tests’ output:', ...tail(s.lastTests.outputTail));
  if (s.unknownEvents > 0)
    lines.push('', color.yellow(`! ${formatCount(s.unknownEvents, 'event')} of a newer version passed over.`));
  return lines.join('\n');
};
