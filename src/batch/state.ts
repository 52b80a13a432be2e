import type { EventData } from '../events/catalogue.ts';
import type { BatchOptions, ItemState } from './plan.ts';

/** An item as it is on record: a long prompt is kept apart, and this says where. */
export type RecordedItem = EventData<'batch-item.planned'>;
export type AttemptEnd = Omit<EventData<'batch-attempt.finished'>, 'item' | 'attempt' | 'session' | 'retryable'>;
export type Cause = AttemptEnd['cause'];
export type FinalState = AttemptEnd['state'];
export type Grade = EventData<'batch-case.graded'>;
/** What an attempt made of a case of a benchmark. */
export type CaseAnswer = EventData<'batch-case.answered'>;

/** One try of an item: one session. */
export interface Attempt {
  attempt: number;
  session: string;
  /** Absolute path, on the machine of the writer. */
  repository: string;
  /** The clone that began it. */
  writer: string;
  startedAt: string;
  finishedAt: string | null;
  /** Null while it runs, or after its process died and nobody has put it in order yet. */
  end: (AttemptEnd & { retryable: boolean }) | null;
}

export interface BatchItem {
  plan: RecordedItem;
  /** Where each clone that planned it has the repository. */
  places: Record<string, string>;
  /** The clones that planned just this: the same prompt, and the same to be run. */
  planners: string[];
  state: ItemState;
  cause: Cause;
  attempts: Attempt[];
  /** Attempts before this one were followed by a wish to do it all again. */
  since: number;
  finishedAt: string | null;
  merged: { session: string; commit: string } | null;
  mergeRefused: { session: string; code: string; message: string } | null;
  graded: Grade | null;
  answer: CaseAnswer | null;
}

/** An agent that its provider turned away. */
export interface Pause {
  /** ISO-8601. */
  until: string;
  reason: string;
  /** One after the other, without a success between. */
  times: number;
}

export interface Worker {
  reason: EventData<'batch.started'>['reason'];
  host: string;
  pid: number;
  shard: { index: number; of: number } | null;
  isolation: string;
  writer: string;
  at: string;
}

export interface Batch {
  id: string;
  /** False before `batch.created`: nothing else is known then. */
  exists: boolean;
  options: BatchOptions;
  createdAt: string;
  lastActivityAt: string;
  /** In the order of the file. */
  items: BatchItem[];
  pauses: Record<string, Pause>;
  workers: Worker[];
  /** Milliseconds it was worked on before the last beginning. */
  workedMs: number;
  /** Since when it is worked on; null before the first beginning. */
  workingSince: string | null;
  /** The last word of a process that left it unfinished; null while one works on it, or when it is done. */
  stopped: EventData<'batch.stopped'>['how'] | null;
  finishedAt: string | null;
  unknownEvents: number;
  /** Events that say what cannot be: data that cannot be read, a second end of the same thing, another plan. */
  malformedEvents: number;
  events: number;
}

const NO_OPTIONS: BatchOptions = {
  name: '',
  file: null,
  sha256: '',
  concurrency: 1,
  budget: null,
  dayBudget: null,
  limits: {},
  kind: 'batch',
};

/** The batch before its first event. */
export const initialBatch: Batch = {
  id: '',
  exists: false,
  options: NO_OPTIONS,
  createdAt: '',
  lastActivityAt: '',
  items: [],
  pauses: {},
  workers: [],
  workedMs: 0,
  workingSince: null,
  stopped: null,
  finishedAt: null,
  unknownEvents: 0,
  malformedEvents: 0,
  events: 0,
};

/** Items are numbered in order, so that is where it nearly always is. */
export const itemOf = ({ items }: Pick<Batch, 'items'>, id: string): BatchItem | undefined => {
  const guess = items[Number(id) - 1];
  return guess?.plan.item === id ? guess : items.find(({ plan }) => plan.item === id);
};

/** An attempt that has begun and not ended. */
export const openAttempt = ({ attempts }: BatchItem): Attempt | undefined => {
  const last = attempts.at(-1);
  return last?.end === null ? last : undefined;
};

/** Attempts that count for what the item has come to, oldest first. */
export const attemptsNow = ({ attempts, since }: BatchItem): Attempt[] => attempts.slice(since);
