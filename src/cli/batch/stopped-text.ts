import { formatCount } from '../format.ts';
import { sanitizeLine } from '../sanitize.ts';

interface Stopped {
  id: string;
  workers: { pid: number; host: string; ended: boolean }[];
  cancelled: string[];
}

/** What `batch stop` came to. */
export const stoppedText = ({ id, workers, cancelled }: Stopped, { now }: { now: boolean }): string => {
  const lines = workers.map(({ pid, host, ended }) => {
    const who = `Process ${pid} on ${sanitizeLine(host)}`;
    if (ended) return `${who} has ended.`;
    return now ? `${who} is still at it.` : `${who} lets finish what runs, and begins nothing new.`;
  });
  if (cancelled.length > 0) lines.push(`${formatCount(cancelled.length, 'item')} given up.`);
  if (lines.length === 0) lines.push('Nobody worked on it, and nothing was queued.');
  return [...lines, cancelled.length > 0 ? '' : `Go on with: amp-sessions batch resume ${id}`]
    .filter(Boolean)
    .join('\n');
};
