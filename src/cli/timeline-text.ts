import type { ChalkInstance } from 'chalk';
import type { LogEvent } from '../events/catalogue.ts';
import { eventText } from './event-text.ts';

/** Events as lines: number, local time (with the day where it changes), what happened. */
export const timelineText = (events: LogEvent[], color: ChalkInstance): string => {
  const width = String(events.length).length;
  let day = '';
  const lines: string[] = [];
  events.forEach((event, i) => {
    const at = new Date(Date.parse(event.at) || 0);
    const pad = (part: number): string => String(part).padStart(2, '0');
    const date = `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
    if (date !== day) lines.push(color.bold(date));
    day = date;
    const time = `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
    lines.push(`${color.dim(String(i + 1).padStart(width))} ${color.dim(time)} ${eventText(event, color)}`);
  });
  return lines.join('\n');
};
