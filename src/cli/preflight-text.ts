import type { ChalkInstance } from 'chalk';
import { formatCount } from './format.ts';
import { gatesText } from './gates-text.ts';
import { stdout } from './print.ts';
import { sanitizeLine } from './sanitize.ts';
import { type Cell, table } from './table.ts';

interface Preflight {
  session: string;
  name: string;
  target: string;
  targetCommit: string;
  ahead: number;
  behind: number;
  result: string | null;
  ok: boolean;
  gates: Parameters<typeof gatesText>[0];
}

/** What a merge would meet, gate by gate. */
export const preflightText = (answer: Preflight, color: ChalkInstance): string => {
  const { name, session, target, ahead, behind, ok, gates } = answer;
  const way = `${color.bold(sanitizeLine(name))} ${color.dim(session)} → ${color.bold(sanitizeLine(target))}`;
  const apart = color.dim(`${ahead} ahead, ${behind} behind`);
  const told = gates.filter((gate) => !gate.ok && gate.severity === 'review').length;
  const last =
    answer.result === answer.targetCommit
      ? `Nothing to merge: ${sanitizeLine(target)} has all of it.`
      : `It can be merged${told > 0 ? `, once somebody has looked at what is marked !` : ''}: amp-sessions merge ${session}`;
  return [
    `${way}  ${apart}`,
    '',
    gatesText(gates, color, stdout.isTerminal ? stdout.columns : undefined),
    ...(ok ? ['', last] : []),
  ].join('\n');
};

interface Forecast {
  ok: boolean;
  sessions: {
    session: string;
    name: string;
    target: string;
    behind: number;
    files: number;
    insertions: number;
    deletions: number;
    conflicts: { path: string }[];
  }[];
  pairs: {
    sessions: [string, string];
    isConflict: boolean;
    files: string[];
    places: { path: string; line?: number }[];
    conflicts: { path: string }[] | null;
  }[];
  order: { session: string; name: string; target: string; clean: boolean; after: string[] }[];
  empty: { session: string; name: string }[];
  limits: string[];
}

const COLUMNS = [
  { title: '', align: 'right' as const },
  { title: 'ID' },
  { title: 'NAME', shrinkTo: 10 },
  { title: 'INTO', shrinkTo: 4, goes: 1 },
  { title: 'CHANGE', goes: 2 },
  { title: 'LANDS', shrinkTo: 16 },
];

/** Pairs in conflict that a person sees; `--json` has all. */
const PAIRS = 20;

const placesOf = ({ places, conflicts, files }: Forecast['pairs'][number]): string => {
  const paths = conflicts?.length ? conflicts.map(({ path }) => path) : [...new Set(places.map(({ path }) => path))];
  const named = (paths.length > 0 ? paths : files).map((path) => {
    const line = places.find((place) => place.path === path)?.line;
    return sanitizeLine(path) + (line === undefined ? '' : `:${line}`);
  });
  return named.length > 3 ? `${named.slice(0, 3).join(', ')}, … ${named.length} files` : named.join(', ');
};

const orderLines = (answer: Forecast, names: Map<string, string>, color: ChalkInstance): string[] => {
  const sessions = new Map(answer.sessions.map((one) => [one.session, one]));
  const rows = answer.order.map(({ session, name, target, clean, after }, at): (string | Cell)[] => {
    const { files, insertions, deletions, conflicts } = sessions.get(session)!;
    const with_ = [
      ...(conflicts.length > 0 ? [sanitizeLine(target)] : []),
      ...after.map((other) => names.get(other) ?? other),
    ];
    return [
      `${at + 1}`,
      { text: session, paint: (text) => color.bold(text) },
      name,
      target,
      `${formatCount(files, 'file')} +${insertions} -${deletions}`,
      clean
        ? { text: 'cleanly', paint: (text) => color.green(text) }
        : { text: `conflict with ${with_.join(', ')}`, paint: (text) => color.red(text) },
    ];
  });
  const width = stdout.isTerminal ? stdout.columns : undefined;
  return table({ columns: COLUMNS, rows, width, paintTitle: (text) => color.dim(text) });
};

const pairLines = (answer: Forecast, names: Map<string, string>, color: ChalkInstance): string[] => {
  const against = answer.pairs.filter((pair) => pair.isConflict);
  const lines = against.slice(0, PAIRS).map((pair) => {
    const [a, b] = pair.sessions.map((id) => sanitizeLine(names.get(id) ?? id));
    return `${color.red('✗')} ${a} ${color.dim('and')} ${b}${color.dim(`: ${placesOf(pair)}`)}`;
  });
  const more = against.length - lines.length;
  return more > 0 ? [...lines, color.dim(`… and ${formatCount(more, 'more pair')}`)] : lines;
};

const summaryOf = ({ order, pairs, ok }: Forecast): string => {
  const conflicting = order.filter(({ clean }) => !clean).length;
  const shared = pairs.filter((pair) => !pair.isConflict).length;
  const also =
    shared > 0 ? `\n${formatCount(shared, 'pair')} ${shared === 1 ? 'shares' : 'share'} files that git can merge.` : '';
  if (order.length === 0) return 'No session has anything to merge.';
  if (ok) return `All ${order.length} can land without a conflict, in any order.${also}`.replace('All 1 can', 'It can');
  return `In this order ${order.length - conflicting} of ${order.length} land cleanly; ${formatCount(conflicting, 'session')} ${conflicting === 1 ? 'has' : 'have'} to be rebased with a conflict.${also}`;
};

/** All live sessions in the order in which they land best, and those that are in each other's way. */
export const forecastText = (answer: Forecast, color: ChalkInstance): string => {
  const names = new Map(answer.order.map(({ session, name }) => [session, name]));
  const pairs = pairLines(answer, names, color);
  const next = answer.order[0];
  return [
    ...(answer.order.length > 0 ? [...orderLines(answer, names, color), ''] : []),
    ...(pairs.length > 0 ? [...pairs, ''] : []),
    summaryOf(answer),
    ...(answer.empty.length > 0
      ? [
          color.dim(
            `${formatCount(answer.empty.length, 'session')} ${answer.empty.length === 1 ? 'has' : 'have'} nothing to merge.`,
          ),
        ]
      : []),
    ...answer.limits.map((limit) => color.yellow(`! ${limit}`)),
    ...(next ? [`${color.dim('→')} amp-sessions merge ${next.session}`] : []),
  ].join('\n');
};
