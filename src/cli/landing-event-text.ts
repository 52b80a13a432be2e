import type { ChalkInstance } from 'chalk';
import type { KnownEvent } from '../events/catalogue.ts';
import type { LandingEventType } from '../events/landing-events.ts';
import { formatDuration } from './format.ts';

type Texts = {
  [Type in LandingEventType]: (data: Extract<KnownEvent, { type: Type }>['data'], color: ChalkInstance) => string;
};

const short = (id: string): string => id.slice(0, 8);
const branch = (ref: string): string => ref.replace(/^refs\/heads\//, '');
const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
const done = ({ commit, durationMs, recovered }: { commit: string; durationMs: number; recovered: boolean }): string =>
  `${short(commit)}, ${formatDuration(durationMs)}${recovered ? ', finished by a later command' : ''}`;

/** The lines of `event-text.ts` for what happens on the way to a branch of the user. */
export const landingTexts = (inline: (text: string) => string): Texts => ({
  'squash.started': (d) =>
    `squashing ${plural(d.replaced.length, 'commit')} into ${short(d.commit)}: ${inline(d.subject)}`,
  'squash.finished': (d, c) => `${c.green('✓')} ${c.bold('squashed')}: ${done(d)}`,
  'rebase.started': (d) =>
    `rebasing ${plural(d.rewritten.length, 'commit')} onto ${inline(d.onto.name)} (${short(d.onto.commit)})${d.dropped.length > 0 ? `, ${d.dropped.length} of them there already` : ''}`,
  'rebase.finished': (d, c) => `${c.green('✓')} ${c.bold('rebased')}: ${done(d)}`,
  'rebase.conflicted': (d, c) =>
    `${c.red('✗')} ${c.bold('conflict')} on ${inline(d.onto.name)}: ${short(d.commit)} in ${d.conflicts.map(({ path }) => inline(path)).join(', ')}`,
  'conflict.shown': (d) => `the worktree shows the conflict of ${short(d.commit)}`,
  'conflict.resolved': (d, c) =>
    d.as === null
      ? `${short(d.commit)} left out${d.kept === undefined ? '' : `; what the worktree showed is kept in ${short(d.kept)}`}`
      : `${c.green('✓')} conflict of ${short(d.commit)} resolved by ${d.iteration === undefined ? 'a person' : `the agent in iteration ${d.iteration}`}`,
  'rebase-abort.started': (d) =>
    `giving the rebase up${d.kept === null ? '' : `; what the worktree showed is kept in ${short(d.kept)}`}`,
  'rebase.aborted': (d) => `rebase given up${d.reason === 'crash' ? ' after a crash' : ''}; back at ${short(d.commit)}`,
  'merge.started': (d) =>
    `merging into ${inline(branch(d.target))} (${short(d.targetCommit)} → ${short(d.commit)})${d.skipped.length > 0 ? `, passed over: ${d.skipped.map(inline).join(', ')}` : ''}`,
  'merge.finished': (d, c) =>
    `${c.green('✓')} ${c.bold(`merged into ${inline(branch(d.target))}`)}: ${done({ ...d, commit: d.mergeCommit })}`,
  'rewind.started': (d) => (d.iteration === 0 ? 'rewinding to the beginning' : `rewinding to iteration ${d.iteration}`),
  'rewind.finished': (d, c) => `${c.green('✓')} ${c.bold('rewound')}: ${done(d)}`,
  'undo.started': (d) => `taking back the ${d.verb}`,
  'undo.finished': (d, c) => `${c.green('✓')} ${c.bold(`${d.verb} undone`)}: ${done(d)}`,
  'operation.abandoned': (d, c) => `${c.yellow('●')} ${d.verb} rolled back: ${inline(d.reason)}`,
  'branch.pushed': (d) => `${inline(d.branch)} pushed to ${inline(d.remote)} (${short(d.commit)})`,
  'pull-request.opened': (d, c) =>
    `${d.opened ? `${c.green('✓')} pull request` : 'pull request to be opened at'} ${inline(d.url)}: ${inline(d.title)}`,
});
