import type { ChalkInstance } from 'chalk';
import type { EventData, LogEvent } from '../events/catalogue.ts';
import { shownText } from '../events/long-text.ts';
import { eventText } from './event-text.ts';
import { stdout } from './print.ts';
import { sanitizeText } from './sanitize.ts';

interface Line {
  iteration: number;
  n: number;
  at: string;
  stream: 'stdout' | 'stderr';
  line?: string;
  bytes?: string;
}

type Entry = { event: LogEvent } | { line: Line };

/** Not worth a line while one watches; the timeline has them. */
const QUIET = new Set(['usage.reported', 'thread.started', 'session.created', 'worktree.added']);

/** A line as text, whatever its bytes. */
export const textOf = ({ line, bytes }: { line?: string; bytes?: string }): string =>
  line ?? Buffer.from(bytes ?? '', 'base64').toString('utf8');

/** The agent's own line for a person: inert on a terminal, byte for byte in a pipe, where programs read it. */
const rawLine = (line: Line): string | Uint8Array => {
  if (line.bytes !== undefined && !stdout.isTerminal)
    return Buffer.concat([Buffer.from(line.bytes, 'base64'), Buffer.from('\n')]);
  const text = textOf(line);
  return `${stdout.isTerminal ? sanitizeText(text) : text}\n`;
};

const eventLines = (event: LogEvent, color: ChalkInstance): string | undefined => {
  if (QUIET.has(event.type)) return undefined;
  if (event.type === 'agent-message.received') {
    const { text } = event.data as EventData<'agent-message.received'>;
    return sanitizeText(shownText(text));
  }
  return eventText(event, color);
};

/** Shows what the agent says and does as it comes in; with `--json` it only gathers. */
export const logsView = (options: { raw: boolean; json: boolean; color: ChalkInstance }) => {
  const items: (LogEvent | Line)[] = [];
  const show = (entry: Entry): void => {
    if (options.json) items.push('event' in entry ? entry.event : entry.line);
    else if ('line' in entry) stdout.write(options.raw ? rawLine(entry.line) : `${sanitizeText(textOf(entry.line))}\n`);
    else {
      const text = eventLines(entry.event, options.color);
      if (text !== undefined) stdout.line(text);
    }
  };
  return { show, items };
};
