import type { Envelope } from './envelope.ts';

/** The order of a log on every clone: Lamport clock, then writer, then seq. Plain comparison, no locale. */
export const compareEvents = (a: Envelope, b: Envelope): number => {
  if (a.clock !== b.clock) return a.clock - b.clock;
  if (a.writer !== b.writer) return a.writer < b.writer ? -1 : 1;
  return a.seq - b.seq;
};

/** The union of several writers' events in order, each (writer, seq) once; the first one seen stands. */
export const mergeEvents = <Event extends Envelope>(events: Iterable<Event>): Event[] => {
  const seen = new Map<string, Event>();
  for (const event of events) {
    const key = `${event.writer} ${event.seq}`;
    if (!seen.has(key)) seen.set(key, event);
  }
  return [...seen.values()].sort(compareEvents);
};
