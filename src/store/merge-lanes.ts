import type { LogEvent } from '../events/catalogue.ts';
import { compareEvents, mergeEvents } from '../events/order.ts';

/** A stretch of lines as it was found in one blob or file, in the order of the lines. */
export type Segment = LogEvent[];

interface Joined {
  events: LogEvent[];
  /** seq and clock go up all the way: nothing needs to be sorted. */
  regular: boolean;
}

/** One writer's segments as one list. What a dead process left both in git and in its file is there once. */
const joinSegments = (segments: Segment[]): Joined => {
  segments.sort((a, b) => a[0]!.seq - b[0]!.seq);
  if (segments.length === 1 && isRising(segments[0]!)) return { events: segments[0]!, regular: true };
  const events: LogEvent[] = [];
  let last: LogEvent | undefined;
  let gapless = true;
  for (const segment of segments) {
    for (const event of segment) {
      if (last !== undefined) {
        if (event.seq <= last.seq && gapless && event.seq >= events[0]!.seq) continue;
        if (event.seq <= last.seq || event.clock <= last.clock)
          return { events: mergeEvents(segments.flat()), regular: false };
        gapless &&= event.seq === last.seq + 1;
      }
      events.push(event);
      last = event;
    }
  }
  return { events, regular: true };
};

const isRising = (segment: Segment): boolean => {
  for (let i = 1; i < segment.length; i += 1)
    if (segment[i]!.seq <= segment[i - 1]!.seq || segment[i]!.clock <= segment[i - 1]!.clock) return false;
  return true;
};

/** Takes the least of the lists' heads again and again; there are few lists, so no heap. */
const interleave = (lists: LogEvent[][]): LogEvent[] => {
  const merged: LogEvent[] = [];
  const at = lists.map(() => 0);
  for (;;) {
    let best = -1;
    for (let i = 0; i < lists.length; i += 1) {
      const event = lists[i]![at[i]!];
      if (event === undefined) continue;
      if (best < 0 || compareEvents(event, lists[best]![at[best]!]!) < 0) best = i;
    }
    if (best < 0) return merged;
    merged.push(lists[best]![at[best]!++]!);
  }
};

/** Splits what lies mixed in one blob (only a stranger's) into one segment a writer. */
const byWriter = (segments: Segment[]): Map<string, Segment[]> => {
  const lanes = new Map<string, Segment[]>();
  const put = (writer: string, segment: Segment): void => {
    const lane = lanes.get(writer);
    if (lane) lane.push(segment);
    else lanes.set(writer, [segment]);
  };
  for (const segment of segments) {
    const writer = segment[0]?.writer;
    if (writer === undefined) continue;
    if (segment.every((event) => event.writer === writer)) put(writer, segment);
    else for (const event of segment) put(event.writer, [event]);
  }
  return lanes;
};

/**
 * The order of a log, whatever the order of arrival: (clock, writer, seq), each (writer, seq) once.
 * Same answer as sorting everything, in the time of one pass when each writer's lines lie in their own order.
 */
export const mergeLanes = (segments: Segment[]): LogEvent[] => {
  const lanes = [...byWriter(segments).values()].map(joinSegments);
  if (lanes.length === 0) return [];
  if (lanes.length === 1) return lanes[0]!.events;
  const lists = lanes.map((lane) => lane.events);
  return lanes.every((lane) => lane.regular) ? interleave(lists) : lists.flat().sort(compareEvents);
};
