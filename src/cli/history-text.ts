import type { ChalkInstance } from 'chalk';
import { formatBytes, formatCount } from './format.ts';
import { stdout } from './print.ts';
import { sanitizeLine } from './sanitize.ts';
import { table } from './table.ts';

interface Trace {
  kind: string;
  name: string;
  bytes: number | null;
  what: string;
}

interface Size {
  kinds: { kind: string; refs: number; bytes: number }[];
  refs: { all: number; loose: number | null };
  bytes: number;
  files: { wal: number; cache: number; all: number };
  fetch: { bytes: number; withoutCode: number };
  advertisedBytes: number;
  sessions: { session: string; name: string; bytes: number }[];
}

interface Plan {
  keepHistory: boolean;
  worktrees: string[];
  branches: string[];
  refs: string[];
  files: string[];
  lines: string[];
  losses: { session: string; name: string; what: string }[];
}

const shown = (columns: Parameters<typeof table>[0]['columns'], rows: string[][], color: ChalkInstance): string =>
  table({
    columns,
    rows,
    width: stdout.isTerminal ? stdout.columns : undefined,
    paintTitle: (text) => color.dim(text),
  }).join('\n');

const bytesText = (bytes: number | null): string => (bytes === null ? '–' : formatBytes(bytes));

const NAMED = new Set(['file', 'line', 'outside']);
const WHERE: Record<string, string> = {
  notes: 'refs/notes/amp',
  branch: 'refs/heads/…',
  incoming: 'refs/amp-incoming/…',
  outgoing: 'refs/amp-outgoing/…',
  damaged: 'refs/amp-damaged/…',
};

/** Everything that the program has made: one line a kind, or one for each. */
export const inventoryText = (items: Trace[], color: ChalkInstance, isFull: boolean): string => {
  const rows: string[][] = [];
  const counts = new Map<string, { row: string[]; count: number; bytes: number | null }>();
  for (const { kind, name, bytes, what } of items) {
    if (isFull || NAMED.has(kind)) {
      rows.push([kind, isFull ? '' : '1', bytesText(bytes), name, what]);
      continue;
    }
    const known = counts.get(kind);
    const at = known ?? { row: [kind, '', '', '', what], count: 0, bytes: null };
    at.count += 1;
    at.bytes = bytes === null ? at.bytes : (at.bytes ?? 0) + bytes;
    const place = kind === 'worktree' ? 'worktrees' : (WHERE[kind] ?? `refs/amp/${kind}/…`);
    at.row.splice(1, 3, String(at.count), bytesText(at.bytes), place);
    if (!known) {
      counts.set(kind, at);
      rows.push(at.row);
    }
  }
  const columns = [
    { title: 'KIND' },
    { title: isFull ? '' : 'COUNT', align: 'right' as const },
    { title: 'ON DISK', align: 'right' as const },
    { title: 'WHERE', shrinkTo: 20 },
    { title: 'WHAT', goes: 1 },
  ];
  return shown(columns, rows, color);
};

/** What history costs. */
export const historySizeText = (size: Size, color: ChalkInstance): string => {
  const kinds = size.kinds.map(({ kind, refs, bytes }) => [kind, String(refs), formatBytes(bytes)]);
  const loose = size.refs.loose === null ? '' : `, ${size.refs.loose} loose`;
  const lines = [
    shown([{ title: 'KIND' }, { title: 'REFS', align: 'right' }, { title: 'ON DISK', align: 'right' }], kinds, color),
    '',
    `in git           ${formatBytes(size.bytes)} that nothing else leads to, ${formatCount(size.refs.all, 'ref')}${loose}`,
    `in .git/amp      ${formatBytes(size.files.all)}, of it ${formatBytes(size.files.wal)} on the way into git, ${formatBytes(size.files.cache)} cache`,
    `a first sync     ${formatBytes(size.fetch.bytes)}, history alone ${formatBytes(size.fetch.withoutCode)}`,
    `others' fetches  ${formatBytes(size.advertisedBytes)} more to list, each time`,
  ];
  if (size.sessions.length === 0) return lines.join('\n');
  const rows = size.sessions.map(({ session, name, bytes }) => [session, name, formatBytes(bytes)]);
  const columns = [{ title: 'BIGGEST' }, { title: 'NAME', shrinkTo: 12 }, { title: 'LOG', align: 'right' as const }];
  return [...lines, '', shown(columns, rows, color)].join('\n');
};

const some = (what: string, names: string[]): string[] => {
  if (names.length === 0) return [];
  const few = names.slice(0, 3).map(sanitizeLine).join(', ');
  return [`  ${what.padEnd(10)}${names.length > 3 ? `${few}, … ${names.length} in all` : few}`];
};

/** What `uninstall` would remove. */
export const uninstallPlanText = (plan: Plan, color: ChalkInstance): string => {
  const lines = [
    ...some('worktrees', plan.worktrees),
    ...some('branches', plan.branches),
    ...some('refs', plan.refs),
    ...some('files', plan.files),
    ...some('lines', plan.lines),
  ];
  if (lines.length === 0) return 'nothing of the program is in this repository';
  const losses = plan.losses.map(
    ({ session, name, what }) => `  ${color.red('✗')} ${session} (${sanitizeLine(name)}): ${sanitizeLine(what)}`,
  );
  const head = plan.keepHistory ? 'to be removed, the history stays:' : 'to be removed, with the whole history:';
  return [head, ...lines, ...(losses.length > 0 ? ['would be lost:', ...losses] : [])].join('\n');
};
