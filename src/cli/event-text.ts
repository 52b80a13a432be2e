import { Chalk, type ChalkInstance } from 'chalk';
import type { EventType, KnownEvent, LogEvent } from '../events/catalogue.ts';
import { shownText } from '../events/long-text.ts';
import { skippedText } from '../events/skipped-text.ts';
import { batchTexts } from './batch-event-text.ts';
import { changeText } from './change-text.ts';
import { formatDuration, formatMoney, formatTokens } from './format.ts';
import { landingTexts } from './landing-event-text.ts';
import { sanitizeLine } from './sanitize.ts';
import { snapshotTexts } from './snapshot-event-text.ts';

type Texts = {
  [Type in EventType]: (data: Extract<KnownEvent, { type: Type }>['data'], color: ChalkInstance) => string;
};

/** Characters of a prompt, message or name that one line shows. */
const TEXT_MAX = 120;

/** Somebody's text as part of one line: inert, its first words. */
const inlineText = (text: string): string => {
  const line = sanitizeLine(text);
  const letters = [...line];
  return letters.length <= TEXT_MAX
    ? line
    : `${letters
        .slice(0, TEXT_MAX - 1)
        .join('')
        .trimEnd()}…`;
};

const short = (id: string): string => id.slice(0, 8);
const size = (data: { files: number; insertions: number; deletions: number }, color: ChalkInstance): string =>
  `${data.files} file${data.files === 1 ? '' : 's'} ${color.green(`+${data.insertions}`)} ${color.red(`-${data.deletions}`)}`;
const ended = (data: { exitCode: number | null; signal: string | null; timedOut: boolean }): string =>
  data.timedOut
    ? 'ran into its time limit'
    : data.exitCode === null
      ? `ended by ${data.signal}`
      : `exit ${data.exitCode}`;
const good = (data: { exitCode: number | null; timedOut: boolean }): boolean => data.exitCode === 0 && !data.timedOut;

/** What happened, in one line, for each event type: a type without a line does not compile. */
const texts: Texts = {
  'session.created': (d) =>
    `created ${inlineText(d.name)} from ${inlineText(d.base ?? 'an empty repository')} (${short(d.baseCommit)})`,
  'session.renamed': (d) => `renamed from ${inlineText(d.previous)} to ${inlineText(d.name)}`,
  'prompt.replaced': (d) => `prompt is now: ${inlineText(shownText(d.prompt))}`,
  'test-command.replaced': (d) =>
    d.test === null ? 'no test command any more' : `test command is now: ${inlineText(d.test)}`,
  'agent.replaced': (d) =>
    `agent is now ${inlineText(d.agent.name)}${d.agent.mode ? ` (${inlineText(d.agent.mode)})` : ''}`,
  'worktree.added': (d) =>
    `worktree ${inlineText(d.path)} on ${inlineText(d.branch)}${d.copied.length > 0 ? `, ${d.copied.length} ignored files copied` : ''}`,
  'setup.finished': (d, c) =>
    `${good(d) ? c.green('✓') : c.red('✗')} set-up \`${inlineText(d.command)}\` ${ended(d)}, ${formatDuration(d.durationMs)}`,
  'worktree-removal.started': (d) => `removing the worktree ${inlineText(d.path)} at ${short(d.commit)}`,
  'worktree.removed': (d) => `worktree ${inlineText(d.path)} removed`,
  'branch-removal.started': (d) => `removing the branch ${inlineText(d.branch)} at ${short(d.commit)}`,
  'branch.removed': (d) => `branch ${inlineText(d.branch)} removed; ${short(d.commit)} stays reachable`,
  'session.archived': () => 'archived',
  'session.removed': () => 'removed',
  'manual-commit.found': (d, c) =>
    `${c.cyan('✎')} ${d.origin === 'commit' ? 'commit' : 'uncommitted edits'} by ${inlineText(d.author.name)}: ${short(d.commit)} ${inlineText(d.subject)} (${size(d, c)})`,
  'manual-rewrite.found': (d) => `the branch was moved by hand: ${short(d.from)} → ${short(d.to)}`,
  'session.resumed': (d) =>
    `${d.from ? 'went on from another clone' : 'resumed'} on ${inlineText(d.host)}: ${inlineText(d.branch)} ${d.previous === null ? 'made at' : d.previous === d.commit ? 'stands at' : `moved from ${short(d.previous)} to`} ${short(d.commit)}`,
  'log.recovered': (d) => `recovered after a crash; ${d.tornBytes} unfinished bytes set aside`,
  'iteration.started': (d, c) =>
    `${c.bold(`iteration ${d.iteration}`)} with ${inlineText(d.agent.name)}${d.agent.mode ? ` (${inlineText(d.agent.mode)})` : ''}${d.sandbox ? ` in ${d.sandbox}${d.image ? ` (${inlineText(d.image.name)})` : ''}` : ''}: ${inlineText(shownText(d.prompt))}`,
  'thread.started': (d) =>
    `thread ${inlineText(d.threadId)}${d.mode ? `, mode ${inlineText(d.mode)}` : ''}${d.model ? `, ${inlineText(d.model)}` : ''}`,
  'agent-message.received': (d) => `“${inlineText(shownText(d.text))}”`,
  'tool-call.started': (d, c) => `${c.dim('→')} ${inlineText(d.tool)} ${c.dim(inlineText(d.summary))}`,
  'tool-call.finished': (d, c) =>
    `${d.isError || (d.exitCode ?? 0) !== 0 ? c.red('←') : c.dim('←')} ${inlineText(d.tool ?? 'unknown tool')}${d.exitCode === null ? '' : ` exit ${d.exitCode}`}${d.isError ? ' error' : ''}${d.durationMs === null ? '' : c.dim(` ${formatDuration(d.durationMs)}`)}`,
  'usage.reported': (d, c) =>
    c.dim(
      `tokens: ${formatTokens(d.tokensInput)} in, ${formatTokens(d.tokensOutput)} out, ${formatTokens(d.tokensCacheRead)} cache read, ${formatTokens(d.tokensCacheWrite)} cache write`,
    ),
  'cost.reported': (d) => `cost ${formatMoney(d.costUsd)} (${d.costSource})`,
  'agent.finished': (d, c) =>
    d.failure
      ? `${c.red('✗')} agent: ${inlineText(d.failure.message)}`
      : `agent ended (${ended(d)}) after ${formatDuration(d.durationMs)}`,
  'agent-commit.folded': (d) => `agent's own commit ${short(d.commit)} folded in: ${inlineText(d.subject)}`,
  'repository-change.found': (d, c) => c.yellow(`! changed while the agent ran: ${inlineText(changeText(d))}`),
  'repository-change.trusted': (d) =>
    `looked at and trusted: ${inlineText(d.items.map(({ item }) => item).join(', '))}`,
  'hook.finished': (d, c) => `${good(d) ? c.green('✓') : c.red('✗')} hook ${inlineText(d.hook)} ${ended(d)}`,
  'iteration.finished': (d, c) =>
    `${d.outcome === 'completed' ? c.green('✓') : c.yellow('●')} ${c.bold(`iteration ${d.iteration}`)} ${d.outcome}: ${d.commit ? `${c.yellow(short(d.commit))} ${inlineText(d.subject ?? '')} (${size(d, c)})` : 'nothing changed'}, ${formatDuration(d.durationMs)}${d.skipped ? c.yellow(`; not committed: ${inlineText(skippedText(d.skipped))}`) : ''}`,
  'test-run.finished': (d, c) =>
    `${good(d) ? c.green('✓ tests passed') : c.red('✗ tests failed')}${d.target === 'base' ? ' on the base' : ''}: \`${inlineText(d.command)}\` ${ended(d)}, ${formatDuration(d.durationMs)}`,
  'test-run.interrupted': (d, c) =>
    `${c.yellow('● tests interrupted')}${d.target === 'base' ? ' on the base' : ''}: \`${inlineText(d.command)}\` after ${formatDuration(d.durationMs)}`,
  ...landingTexts(inlineText),
  ...snapshotTexts,
  ...batchTexts(inlineText),
};

const PLAIN = new Chalk({ level: 0 });

const table = new Map<string, (data: never, color: ChalkInstance) => string>(Object.entries(texts));

/**
 * An event in one line, inert for a terminal. An unknown type, or data that cannot be read, is named and nothing more.
 */
export const eventText = (event: LogEvent, color: ChalkInstance): string => {
  const text = table.get(event.type);
  if (!text) return color.dim(`${inlineText(event.type)} (of a newer version)`);
  try {
    const plain = text(event.data as never, PLAIN);
    const inert = sanitizeLine(plain);
    // Numbers and ids are shown as they are; in a log made by somebody else they may be anything.
    return inert === plain ? text(event.data as never, color) : inert;
  } catch {
    return color.dim(`${inlineText(event.type)} (unreadable)`);
  }
};
