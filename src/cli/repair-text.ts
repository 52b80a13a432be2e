import type { ChalkInstance } from 'chalk';
import { formatCount } from './format.ts';
import { sanitizeLine } from './sanitize.ts';

interface Repaired {
  what: string;
  log: string;
  from: number | null;
  to: number | null;
  objects: number;
  source: string;
  kept: string[];
}

interface Answer {
  dryRun: boolean;
  repaired: Repaired[];
  unrepaired: { log: string; detail: string }[];
}

const rangeOf = ({ from, to }: Repaired): string => (from === to ? `event ${from}` : `events ${from} to ${to}`);

const WHAT: Record<string, (one: Repaired) => string> = {
  lines: rangeOf,
  ref: () => 'its ref',
  file: () => 'its write-ahead file',
  'long texts': () => 'long texts',
  code: ({ objects }) => (objects > 0 ? `the commits it keeps, ${formatCount(objects, 'object')}` : 'its code ref'),
  archive: ({ objects }) => (objects > 0 ? `what was packed away, ${formatCount(objects, 'object')}` : 'its ref'),
  notes: ({ objects }) => formatCount(objects, 'note'),
  cache: () => 'the cache',
};

const line = (one: Repaired, dryRun: boolean, color: ChalkInstance): string[] => {
  const text = `${one.log}: ${WHAT[one.what]?.(one) ?? one.what}`;
  const how = dryRun ? 'would be taken from' : 'from';
  const kept = one.kept.map((place) => color.dim(`    the damaged one is kept in ${sanitizeLine(place)}`));
  return [`  ${color.green('+')} ${sanitizeLine(text)}, ${how} ${sanitizeLine(one.source)}`, ...kept];
};

/** What `verify --repair` put right, or would, and what it could not. */
export const repairText = ({ dryRun, repaired, unrepaired }: Answer, color: ChalkInstance): string => {
  const lines = repaired.flatMap((one) => line(one, dryRun, color));
  for (const { log, detail } of unrepaired)
    lines.push(`  ${color.red('✗')} ${sanitizeLine(log)}: ${sanitizeLine(detail)}`);
  if (lines.length === 0) return 'Nothing had to be put right.';
  return [color.bold(dryRun ? 'would be put right' : 'put right'), ...lines].join('\n');
};
