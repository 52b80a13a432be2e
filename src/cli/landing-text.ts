import type { ChalkInstance } from 'chalk';
import { formatCount } from './format.ts';
import { sanitizeLine } from './sanitize.ts';

const short = (id: string): string => id.slice(0, 8);

interface Done {
  session: string;
  name: string;
  dryRun: boolean;
}

/** `✓ what`, or what it would be. */
const headline = ({ dryRun }: Done, color: ChalkInstance, what: string): string =>
  dryRun ? `dry run: ${what}` : `${color.green('✓')} ${what}`;

const wayBack = ({ session, dryRun }: Done, color: ChalkInstance): string[] =>
  dryRun ? [] : [color.dim(`  back: amp-sessions undo ${session}`)];

interface Squashed extends Done {
  squashed: string;
  subject: string;
  replaced: string[];
  kept: string[];
  manual: string;
  mergeBase: string;
}

/** What `squash` did, or would do. */
export const squashText = (done: Squashed, color: ChalkInstance): string => {
  const { replaced, kept, squashed, mergeBase } = done;
  return [
    headline(
      done,
      color,
      `${formatCount(replaced.length, 'commit')} of ${color.bold(sanitizeLine(done.name))} ${done.dryRun ? 'would become' : 'became'} one, on ${short(mergeBase)}`,
    ),
    // Made anew, the commit has another id.
    `  ${done.dryRun ? '' : `${color.yellow(short(squashed))} `}${sanitizeLine(done.subject)}`,
    ...(kept.length > 0 ? [`  ${formatCount(kept.length, 'commit')} of your own kept apart, on top of it`] : []),
    ...wayBack(done, color),
  ].join('\n');
};

interface Undone extends Done {
  undone: string;
  branches: { branch: string; from: string; to: string; worktree: string | null }[];
}

/** What `undo` did, or would do. */
export const undoText = (done: Undone, color: ChalkInstance): string =>
  [
    headline(
      done,
      color,
      `${done.undone} of ${color.bold(sanitizeLine(done.name))} ${done.dryRun ? 'would be taken' : 'taken'} back`,
    ),
    ...done.branches.map(({ branch, from, to, worktree }) => {
      const where = worktree === null ? '' : `, with ${worktree === '.' ? 'your checkout' : sanitizeLine(worktree)}`;
      return `  ${sanitizeLine(branch)}: ${short(from)} → ${color.yellow(short(to))}${where}`;
    }),
  ].join('\n');

interface Rewound extends Done {
  iteration: number;
  branch: string;
  commit: string;
  previous: string;
}

/** What `rewind` did, or would do. */
export const rewindText = (done: Rewound, color: ChalkInstance): string => {
  const where = done.iteration === 0 ? 'its beginning' : `iteration ${done.iteration}`;
  return [
    headline(done, color, `${color.bold(sanitizeLine(done.name))} ${done.dryRun ? 'would go' : 'is'} back at ${where}`),
    `  ${sanitizeLine(done.branch)}: ${short(done.previous)} → ${color.yellow(short(done.commit))}`,
    ...wayBack(done, color),
  ].join('\n');
};

interface Merged extends Done {
  commit: string;
  target: string;
  previous: string;
  mode: string;
  squashed: number;
  rebased: boolean;
  checkout: string | null;
  gates: { name: string; ok: boolean; severity: string; detail: string; skipped?: boolean }[];
}

/** What a dry run cannot know. */
const untold = ({ dryRun, gates, session }: Merged): string[] =>
  dryRun && gates.some(({ name, skipped }) => name === 'tests' && skipped)
    ? [`  the tests were not run; they are by: amp-sessions preflight ${session}`]
    : [];

const stepsOf = ({ squashed, rebased, mode }: Merged): string =>
  [
    squashed > 1 && `squashed ${formatCount(squashed, 'commit')}`,
    rebased && 'rebased',
    mode === 'merge-commit' && 'with a merge commit',
  ]
    .filter(Boolean)
    .map((step) => `, ${step}`)
    .join('');

/** Where a branch goes. A commit that is only planned is made anew when it comes to it, and has another id. */
const wayOf = (done: Merged, color: ChalkInstance): string => {
  const goes = done.dryRun
    ? `${short(done.previous)} → a new commit`
    : `${short(done.previous)} → ${color.yellow(short(done.commit))}`;
  return `  ${sanitizeLine(done.target)}: ${goes}${stepsOf(done)}`;
};

/** What `merge` did, or would do, with what somebody should look at. */
export const mergeText = (done: Merged, color: ChalkInstance): string => {
  const ofKind = (kind: string) => done.gates.filter(({ ok, severity }) => !ok && severity === kind);
  const [stopping, reviews] = [ofKind('gate'), ofKind('review')];
  const way = `${color.bold(sanitizeLine(done.name))}${done.dryRun ? ` would ${stopping.length > 0 ? 'not ' : ''}be` : ''} merged into ${color.bold(sanitizeLine(done.target))}`;
  return [
    headline(done, color, way),
    ...stopping.map(({ detail }) => `  ${color.red('✗')} ${sanitizeLine(detail)}`),
    wayOf(done, color),
    ...(done.checkout === null ? [] : [`  ${done.dryRun ? 'would update' : 'updated'} ${sanitizeLine(done.checkout)}`]),
    ...reviews.map(({ detail }) => `  ${color.yellow('!')} ${sanitizeLine(detail)}`),
    ...untold(done),
    ...wayBack(done, color),
  ].join('\n');
};

interface Proposed extends Done {
  squashed: number;
  target: string;
  gates: { name: string; ok: boolean; severity: string; detail: string }[];
  pullRequest: { url: string; opened: boolean; existing: boolean; remote: string; branch: string; title: string };
}

/** What `merge --pr` did, or would do. */
export const proposalText = (done: Proposed, color: ChalkInstance): string => {
  const { url, opened, existing, remote, branch, title } = done.pullRequest;
  const what = existing ? 'the open pull request has it' : opened ? 'pull request opened' : 'open the pull request at';
  const reviews = done.gates.filter(({ ok, severity }) => !ok && severity === 'review');
  const squashed = done.squashed > 1 ? `, squashed from ${formatCount(done.squashed, 'commit')}` : '';
  return [
    headline(
      done,
      color,
      `${color.bold(sanitizeLine(branch))} ${done.dryRun ? 'would be pushed' : 'pushed'} to ${sanitizeLine(remote)}${squashed}`,
    ),
    `  ${done.dryRun ? 'pull request' : what}: ${color.underline(sanitizeLine(url))}`,
    `  ${sanitizeLine(title)} ${color.dim(`→ ${sanitizeLine(done.target)}`)}`,
    ...reviews.map(({ detail }) => `  ${color.yellow('!')} ${sanitizeLine(detail)}`),
  ].join('\n');
};
