import { shownText } from '../../events/long-text.ts';
import type { FileChange } from '../../git/diff.ts';
import { compareWithBase, lastTests, totalUsage, verdictOf } from '../../session/conclusions.ts';
import type { Iteration, Session, TestRun } from '../../session/state.ts';
import { bounded, fenced, inertLine, inlineCode } from './inert-markdown.ts';

/** GitHub takes 256 characters, GitLab 255. */
const TITLE_MAX = 200;
const PROMPT_MAX = 6_000;
const MOST_ITERATIONS = 30;
const MOST_COMMITS = 20;
const MOST_FILES = 50;

export const pullRequestTitle = (session: Session): string => {
  const isUnnamed = /^(unnamed|session) [a-z0-9]{10}$/.test(session.name);
  const subject = session.iterations.findLast(({ subject }) => subject !== null)?.subject;
  const title = isUnnamed ? (subject ?? session.name).replace(/^amp: /, '') : session.name;
  return inertLine(title, TITLE_MAX);
};

const some = <T>(all: T[], most: number, line: (item: T) => string): string[] => [
  ...all.slice(0, most).map(line),
  ...(all.length > most ? [`- … and ${all.length - most} more`] : []),
];

const section = (title: string, lines: string[]): string[] =>
  lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines];

const sizeOf = ({ insertions, deletions }: { insertions: number | null; deletions: number | null }): string =>
  insertions === null || deletions === null ? 'binary' : `+${insertions} −${deletions}`;

const VERDICTS: Record<string, string> = {
  passed: 'passed',
  'newly-failing': 'failed, and passed on the base',
  'was-failing-before': 'failed, as on the base',
  'failing-base-unknown': 'failed',
};

const verdictText = (session: Session, tests: TestRun): string => VERDICTS[compareWithBase(session, tests)] ?? 'none';

const iterationLine =
  (session: Session) =>
  (it: Iteration): string => {
    const what = it.commit === null ? `no commit (${it.outcome ?? 'running'})` : inlineCode(it.subject ?? '');
    const size = it.commit === null ? '' : `, ${it.files} file${it.files === 1 ? '' : 's'} ${sizeOf(it)}`;
    const tests = it.tests === null ? '' : `, tests ${verdictText(session, it.tests)}`;
    return `- ${it.iteration}. ${what}${size}${tests}`;
  };

const testLines = (session: Session): string[] => {
  const tests = lastTests(session);
  if (tests === null) return [session.test === null ? 'There is no test command.' : 'They have not run yet.'];
  const seconds = (tests.durationMs / 1000).toFixed(1);
  const end = tests.timedOut ? 'ran into the time limit' : `exit code ${tests.exitCode ?? tests.signal}`;
  const run = `${inlineCode(tests.command)} on ${tests.commit.slice(0, 12)}: **${verdictText(session, tests)}** (${end}, ${seconds} s).`;
  const base = session.baseTests && session.baseTests.command === tests.command ? verdictOf(session.baseTests) : null;
  return [run, ...(base === null ? [] : [`On the base they ${base}.`])];
};

/** Where the figure comes from is part of it. */
const SOURCES: Record<string, string> = {
  reported: 'as the agent reported it',
  computed: 'computed from the tokens',
  billed: 'as billed',
};

const costLines = (session: Session): string[] => {
  const { tokensInput, tokensOutput, tokensCacheRead, tokensCacheWrite, costUsd, costSource } = totalUsage(session);
  const all = tokensInput + tokensOutput + tokensCacheRead + tokensCacheWrite;
  // No tokens at all means that nobody has told of any.
  const cache = `${tokensCacheRead} cache read, ${tokensCacheWrite} cache write`;
  const tokens = all === 0 ? 'Tokens unknown' : `Tokens: ${tokensInput} in, ${tokensOutput} out, ${cache}`;
  const cost = costUsd === null ? 'cost unknown' : `$${costUsd.toFixed(2)}, ${SOURCES[costSource] ?? costSource}`;
  return [`${tokens}; ${cost}.`];
};

const agentsOf = (session: Session): string => {
  const names = session.iterations.map(({ agent }) => `${agent.name}${agent.mode === null ? '' : ` (${agent.mode})`}`);
  return [...new Set(names.length === 0 ? [session.agent.name] : names)].map((name) => inlineCode(name)).join(', ');
};

/** What a reviewer wants to know of a session, as Markdown in which nothing foreign is alive. Bounded, not redacted. */
export const pullRequestBody = (session: Session, files: FileChange[]): string => {
  const { prompt, iterations, manualCommits } = session;
  const asked = prompt === null ? [] : [fenced(bounded(shownText(prompt), PROMPT_MAX))];
  const commits = some(manualCommits, MOST_COMMITS, (it) => `- ${inlineCode(it.subject)}, ${sizeOf(it)}`);
  const changed = some(files, MOST_FILES, (it) => `- ${inlineCode(it.path)} ${it.status}, ${sizeOf(it)}`);
  return [
    ...section('What was asked', asked),
    ...section('What the agent did', some(iterations, MOST_ITERATIONS, iterationLine(session))),
    ...section('What people did', commits),
    ...section('Tests', testLines(session)),
    ...section(`${files.length} file${files.length === 1 ? '' : 's'} changed`, changed),
    ...section('Cost', costLines(session)),
    '',
    `Session \`${session.id}\` of amp-sessions, agent ${agentsOf(session)}.`,
    '',
  ]
    .join('\n')
    .trimStart();
};
