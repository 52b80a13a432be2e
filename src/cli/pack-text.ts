import type { ChalkInstance } from 'chalk';
import { formatCount } from './format.ts';
import { stdout } from './print.ts';
import { sanitizeLine } from './sanitize.ts';
import { table } from './table.ts';

interface Item {
  session: string;
  name: string;
  state: string;
  lastActivityAt: string;
}

interface Refs {
  before: number;
  after: number;
}

const COLUMNS = [{ title: 'ID' }, { title: 'NAME', shrinkTo: 12 }, { title: 'STATE' }, { title: 'LAST EVENT' }];

/** What `history pack` would do. */
export const packingText = ({ items, refs }: { items: Item[]; refs: Refs }, color: ChalkInstance): string => {
  if (items.length === 0) return 'No session is old enough and closed; --older-than and --all widen the choice.';
  const rows = items.map(({ session, name, state, lastActivityAt }) => [
    { text: session, paint: (shown: string) => color.bold(shown) },
    sanitizeLine(name),
    state,
    lastActivityAt.slice(0, 10),
  ]);
  const width = stdout.isTerminal ? stdout.columns : undefined;
  const lines = table({ columns: COLUMNS, rows, width, paintTitle: (text) => color.dim(text) });
  const total = `${formatCount(items.length, 'session')} can be packed away: ${refs.before} refs become ${refs.after}.`;
  return [...lines, total].join('\n');
};

interface Skipped {
  session: string;
  name: string;
  why: string;
}

/** So many sessions that stay for one reason are named; `--json` has them all. */
const MOST = 5;

/** Sessions that stay, by the reason. */
const stayLines = (skipped: Skipped[], color: ChalkInstance): string[] => {
  const reasons = new Map<string, Skipped[]>();
  for (const one of skipped) reasons.set(one.why, [...(reasons.get(one.why) ?? []), one]);
  return [...reasons].flatMap(([why, all]) => {
    const names = all.map(({ session, name }) => `${session} ${sanitizeLine(name)}`);
    if (all.length === 1) return `${color.yellow('!')} ${names[0]} stays as it is: ${why}`;
    const more = all.length > MOST ? [color.dim(`    … ${all.length - MOST} more; --json lists them`)] : [];
    const head = `${color.yellow('!')} ${formatCount(all.length, 'session')} stay as they are: ${why}`;
    return [head, ...names.slice(0, MOST).map((name) => `    ${name}`), ...more];
  });
};

/** What `history pack` did. */
export const packedText = (
  { packed, skipped, refs }: { packed: Item[]; skipped: Skipped[]; refs: Refs },
  color: ChalkInstance,
): string =>
  [
    ...stayLines(skipped, color),
    `${color.green('✓')} packed ${formatCount(packed.length, 'session')}: ${refs.before} refs became ${refs.after}`,
    color.dim('  `git gc` takes the old objects away once they are two weeks old'),
  ].join('\n');
