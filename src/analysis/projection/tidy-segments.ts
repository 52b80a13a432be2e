import { logId } from '../../events/envelope.ts';
import type { LogEntry } from './entries.ts';
import { mergeSegments, type Workshop } from './segments.ts';
import type { Segment } from './state.ts';

/** A segment with fewer events is small; so many small ones may stand side by side. */
const SMALL = 50_000;
const MOST_SMALL = 8;
/** Of a segment's rows, this part may count no more. */
const MOST_DEAD = 0.25;

/** The events of a segment that count. */
const live = ({ events, deadEvents }: Segment): number => events - deadEvents;

/** Which segments are to be made one. Those with what was forgotten in any case: it must not stay in a file. */
const groupsOf = (segments: Segment[], forgotten: ReadonlySet<string>): Segment[][] => {
  const small = segments.filter((one) => live(one) < SMALL);
  const isRotten = (one: Segment): boolean => forgotten.has(one.id) || one.deadEvents > MOST_DEAD * one.events;
  const together = small.length > MOST_SMALL ? small : [];
  const alone = segments.filter((one) => isRotten(one) && !together.includes(one)).map((one) => [one]);
  return together.length > 0 ? [together, ...alone] : alone;
};

/** There is nothing to merge or to mend. */
export const isTidy = (segments: Segment[]): boolean => groupsOf(segments, new Set()).length === 0;

/** Merges what has become many and mends what holds too much that does not count. Changes `entries`. */
export const tidySegments = async (
  workshop: () => Promise<Workshop>,
  { segments, entries, forgotten }: { segments: Segment[]; entries: LogEntry[]; forgotten: ReadonlySet<string> },
): Promise<Segment[]> => {
  let all = segments;
  for (const group of groupsOf(segments, forgotten)) {
    const ids = new Set(group.map(({ id }) => id));
    const own = entries.filter(({ segment }) => ids.has(segment));
    all = all.filter(({ id }) => !ids.has(id));
    if (own.length === 0) continue;
    const made = await mergeSegments(await workshop(), { segments: group, entries: own });
    for (const entry of own) entry.segment = made.id;
    all = [...all, made];
  }
  return all;
};

/** These rows count no more where they are: a log is read anew, or gone. */
export const bury = (segments: Segment[], gone: readonly LogEntry[]): void => {
  const byId = new Map(segments.map((one) => [one.id, one]));
  for (const entry of gone) {
    const segment = byId.get(entry.segment);
    if (!segment) continue;
    segment.dead.push(logId(entry.log));
    segment.deadEvents += entry.events;
  }
};
