import type { ChalkInstance } from 'chalk';
import { formatCount } from './format.ts';
import { sanitizeLine } from './sanitize.ts';

interface Refused {
  ref: string;
  reason: string;
}

interface Exchanged {
  remote: string;
  dryRun: boolean;
  pushed: string[];
  fetched: string[];
  forgotten: string[];
  deleted: string[];
  logs: { pushed: number; fetched: number };
  notes: { pushed: boolean; fetched: boolean };
  refused: Refused[];
  held: (Refused & { secrets: { where: string; seq: number | null; kind: string }[] })[];
}

interface Standing {
  remote: string;
  error?: string;
  ahead?: { refs: number; logs: number; events: number | null };
  behind?: { refs: number; logs: number };
  notes?: string;
  refused?: Refused[];
  last?: { at: string; refused: Refused[]; held: Refused[] };
}

interface Queued {
  since: string;
  attempts: number;
  next: string | null;
  reason: string | null;
}

/** So many refs or places are told one by one; `--json` has them all. */
const MOST = 10;

const atMost = (lines: string[]): string[] =>
  lines.length <= MOST ? lines : [...lines.slice(0, MOST), `    … ${lines.length - MOST} more; --json lists them`];

const part = (logs: number, refs: number, notes: boolean): string => {
  if (refs === 0) return notes ? 'notes' : 'nothing new';
  const what = logs === 0 ? formatCount(refs, 'ref') : `${formatCount(logs, 'session')} (${formatCount(refs, 'ref')})`;
  return notes ? `${what} and notes` : what;
};

const refusals = (refused: Refused[], color: ChalkInstance): string[] =>
  atMost(refused.map(({ ref, reason }) => `  ${color.red('✗')} ${sanitizeLine(ref)}: ${sanitizeLine(reason)}`));

const places = (held: Exchanged['held'], color: ChalkInstance): string[] =>
  held.flatMap(({ ref, reason, secrets }) => [
    `  ${color.red('✗')} ${sanitizeLine(ref)} stays here: ${reason}`,
    ...atMost(
      secrets.map(
        ({ where, seq, kind }) => `    ${kind}: ${sanitizeLine(where)}${seq === null ? '' : `, event ${seq}`}`,
      ),
    ),
  ]);

/** What tombstones have taken away, here and there. */
const forgettings = ({ forgotten, deleted, remote, dryRun }: Exchanged, color: ChalkInstance): string[] => {
  const [here, there] = dryRun ? ['would forget', 'would delete'] : ['forgot', 'deleted'];
  const ids = forgotten.map((id) => `    ${sanitizeLine(id)}`);
  return [
    ...(forgotten.length > 0
      ? [`  ${color.yellow('!')} ${here} ${formatCount(forgotten.length, 'session')} that a clone has forgotten:`]
      : []),
    ...atMost(ids),
    ...(deleted.length > 0
      ? [`  ${there} ${formatCount(deleted.length, 'ref')} of forgotten sessions at ${sanitizeLine(remote)}`]
      : []),
  ];
};

/** What a sync has moved, or would move. */
export const syncText = (answer: Exchanged, color: ChalkInstance): string => {
  const { logs, notes } = answer;
  const isWell = answer.refused.length + answer.held.length === 0;
  const [fetched, pushed] = answer.dryRun ? ['would fetch', 'would push'] : ['fetched', 'pushed'];
  const from = part(logs.fetched, answer.fetched.length, notes.fetched);
  const to = part(logs.pushed, answer.pushed.length, notes.pushed);
  return [
    `${isWell ? color.green('✓') : color.yellow('!')} ${sanitizeLine(answer.remote)}: ${fetched} ${from}, ${pushed} ${to}`,
    ...forgettings(answer, color),
    ...refusals(answer.refused, color),
    ...places(answer.held, color),
  ].join('\n');
};

const standing = ({ remote, error, ahead, behind, notes, refused, last }: Standing, color: ChalkInstance): string[] => {
  const name = color.bold(sanitizeLine(remote));
  if (!ahead || !behind) return [`${name}: ${color.yellow(sanitizeLine(error ?? ''))}`];
  const events = ahead.events === null || ahead.events === 0 ? '' : `, ${formatCount(ahead.events, 'event')}`;
  const isEven = ahead.refs + behind.refs === 0 && (notes === 'same' || notes === 'none');
  const text = isEven
    ? color.green('in step')
    : `ahead ${part(ahead.logs, ahead.refs, notes === 'ahead')}${events}; behind ${part(behind.logs, behind.refs, notes === 'behind')}`;
  const before = [...(last?.refused ?? []), ...(last?.held ?? [])];
  const told = before.map(({ ref, reason }) => ({ ref, reason: `${reason} (last time)` }));
  return [`${name}: ${text}`, ...refusals([...(refused ?? []), ...told], color)];
};

const waiting = ({ since, attempts, next, reason }: Queued): string => {
  const tries = attempts === 0 ? '' : `, ${attempts === 1 ? 'one try' : `${attempts} tries`} in vain`;
  const when = next === null ? '' : `; next try after ${next}`;
  return `waits since ${since}${tries}${when}${reason === null ? '' : `: ${sanitizeLine(reason)}`}`;
};

/** How the remotes stand, one line each, and what waits for an automatic sync. */
export const syncStatusText = (
  { remotes, queued }: { remotes: Standing[]; queued: Queued | null },
  color: ChalkInstance,
): string =>
  [
    ...remotes.flatMap((one) => standing(one, color)),
    ...(queued ? [`${color.yellow('!')} automatic sync: ${waiting(queued)}`] : []),
  ].join('\n');
