import type { ChalkInstance } from 'chalk';
import { formatCount } from './format.ts';

interface Imported {
  dryRun: boolean;
  sessions: string[];
  taken: { log: string; writer: string; events: number }[];
  same: number;
  refused: { log: string; writer: string; reason: string }[];
  forgotten: string[];
}

/** What `import` did, or would do. */
export const importText = (answer: Imported, color: ChalkInstance): string => {
  const { sessions, taken, refused, forgotten, dryRun } = answer;
  const events = taken.reduce((sum, one) => sum + one.events, 0);
  const what = `${formatCount(events, 'event')} of ${formatCount(sessions.length, 'session')}`;
  const nothing = refused.length + forgotten.length > 0 ? 'nothing else is new' : 'all of it is here already';
  const done = dryRun ? `would import ${what}` : `imported ${what}`;
  return [
    ...refused.map(({ log, writer, reason }) => `${color.yellow('!')} ${log} of ${writer} stays out: ${reason}`),
    ...(forgotten.length > 0
      ? [
          `${color.yellow('!')} ${formatCount(forgotten.length, 'session')} were forgotten, and do not come back: ${forgotten.slice(0, 5).join(', ')}`,
        ]
      : []),
    `${color.green('✓')} ${events === 0 ? nothing : done}`,
    ...(events > 0 && !dryRun
      ? [color.dim('  the commits of their iterations come with `amp-sessions sync`, or a fetch of their branches')]
      : []),
  ].join('\n');
};
