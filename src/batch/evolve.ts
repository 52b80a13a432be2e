import type { BatchEventType } from '../events/batch-events.ts';
import type { EventType, KnownEvent, LogEvent } from '../events/catalogue.ts';
import { logId } from '../events/envelope.ts';
import { countedTokens } from './budget.ts';
import { LIMIT_CODES } from './causes.ts';
import { type BatchOptions, ITEM_STATES } from './plan.ts';
import { type Batch, type BatchItem, initialBatch, itemOf, openAttempt, type RecordedItem } from './state.ts';

type Event<Type extends EventType> = Extract<KnownEvent, { type: Type }>;

/** What cannot be, such as a second end: counted, and nothing changes. */
class Malformed extends Error {}

const refuse = (): never => {
  throw new Malformed();
};

/** Others reach into what is on record without looking: what they need has to be there, whoever wrote it. */
const need = (isThere: boolean): void => {
  if (!isThere) refuse();
};

const isGroup = (value: unknown): boolean => typeof value === 'object' && value !== null;

const FINAL: ReadonlySet<string> = new Set(ITEM_STATES.filter((state) => state !== 'queued' && state !== 'running'));

const isCounted = ({ state, usage, durationMs }: Event<'batch-attempt.finished'>['data']): boolean =>
  FINAL.has(state) && Number.isFinite(countedTokens(usage) + usage.tokensCacheRead + durationMs);

const placeIn = (batch: Batch, id: string): number => {
  const item = itemOf(batch, id) ?? refuse();
  return batch.items[Number(id) - 1] === item ? Number(id) - 1 : batch.items.indexOf(item);
};

/** Changes one item of a batch that is ours to change. */
const edit = (batch: Batch, id: string, change: (item: BatchItem) => Partial<BatchItem>): void => {
  const at = placeIn(batch, id);
  const item = batch.items[at]!;
  batch.items[at] = { ...item, ...change(item) };
};

/** Both were made from the same file. */
export const samePlan = (batch: Batch, options: BatchOptions): boolean => batch.options.sha256 === options.sha256;

/** What an item would have an agent, and a shell, do. */
const runs = ({ prompt, agent: { name, command }, test, setup }: RecordedItem): string =>
  JSON.stringify([prompt, name, command, test, setup]);

const plan = (batch: Batch, { writer, data }: Event<'batch-item.planned'>): void => {
  need(typeof data.item === 'string' && typeof data.agent.name === 'string' && Array.isArray(data.retryOn));
  const known = itemOf(batch, data.item);
  if (known === undefined) {
    batch.items.push({
      plan: data,
      places: { [writer]: data.repo },
      planners: [writer],
      state: 'queued',
      cause: null,
      attempts: [],
      since: 0,
      finishedAt: null,
      merged: null,
      mergeRefused: null,
      graded: null,
      answer: null,
    });
    return;
  }
  if (known.plan.name !== data.name) refuse();
  edit(batch, data.item, ({ places, planners, plan: counts }) => ({
    places: { ...places, [writer]: data.repo },
    planners: runs(data) === runs(counts) && !planners.includes(writer) ? [...planners, writer] : planners,
  }));
};

/** Time that nobody worked on it does not count. */
const workedSoFar = ({ workedMs, workingSince, lastActivityAt }: Batch): number =>
  workedMs + (workingSince === null ? 0 : Math.max(0, Date.parse(lastActivityAt) - Date.parse(workingSince)));

const started = (batch: Batch, { data, at, writer }: Event<'batch.started'>): void => {
  const { reason, host, pid, isolation, shard = null } = data;
  batch.workedMs = workedSoFar(batch);
  batch.workingSince = at;
  batch.workers = [...batch.workers, { reason, host, pid, shard, isolation, writer, at }];
  batch.stopped = null;
};

const attemptStarted = (batch: Batch, { data, at, writer }: Event<'batch-attempt.started'>): void =>
  edit(batch, data.item, (item) => {
    // Two clones may have done the same item without knowing of each other: what is on record first, counts.
    if (item.state !== 'queued' || openAttempt(item)) refuse();
    const { attempt, session, repository } = data;
    const begun = { attempt, session, repository, writer, startedAt: at, finishedAt: null, end: null };
    return { state: 'running', attempts: [...item.attempts, begun] };
  });

const attemptFinished = (batch: Batch, { data, at }: Event<'batch-attempt.finished'>): void => {
  need(isCounted(data));
  const { item: id, attempt: _, session, ...end } = data;
  edit(batch, id, (item) => {
    const open = openAttempt(item);
    if (open?.session !== session) return refuse();
    const attempts = [...item.attempts.slice(0, -1), { ...open, finishedAt: at, end }];
    return { attempts, state: 'queued', cause: end.cause };
  });
  const agent = itemOf(batch, id)!.plan.agent.name;
  if (Object.hasOwn(batch.pauses, agent) && !LIMIT_CODES.has(end.cause?.code ?? '') && end.state !== 'cancelled') {
    const { [agent]: _over, ...rest } = batch.pauses;
    batch.pauses = rest;
  }
};

/** Where two clones did the same item, what is said of the attempt that counts is not replaced by the other's. */
const isNewest = ({ attempts }: BatchItem, { session }: { session: string }): boolean =>
  attempts.at(-1)?.session === session;

const handlers: { [Type in BatchEventType]: (batch: Batch, event: Event<Type>) => void } = {
  'batch.created': (batch, { data, at }) => {
    need(typeof data.options.sha256 === 'string' && isGroup(data.options.limits));
    if (batch.exists) return samePlan(batch, data.options) ? undefined : refuse();
    Object.assign(batch, { exists: true, options: data.options, createdAt: at });
  },
  'batch-item.planned': plan,
  'batch.started': started,
  'batch-attempt.started': attemptStarted,
  'batch-attempt.finished': attemptFinished,
  'batch-item.finished': (batch, { data, at }) =>
    edit(batch, data.item, ({ state }) => {
      need(state === 'queued' && FINAL.has(data.state));
      return { state: data.state, cause: data.cause, finishedAt: at };
    }),
  'batch-item.requeued': (batch, { data }) => {
    edit(batch, data.item, ({ state, attempts }) => {
      if (state === 'queued' || state === 'running') refuse();
      const anew = { merged: null, mergeRefused: null, graded: null, answer: null, finishedAt: null, cause: null };
      return { state: 'queued', since: attempts.length, ...anew };
    });
    batch.finishedAt = null;
  },
  'batch-item.merged': (batch, { data: { item, session, commit } }) =>
    edit(batch, item, () => ({ merged: { session, commit }, mergeRefused: null })),
  'batch-merge.refused': (batch, { data: { item, session, code, message } }) =>
    edit(batch, item, () => ({ mergeRefused: { session, code, message } })),
  'batch-agent.paused': (batch, { data: { agent, reason, until } }) => {
    need(Number.isFinite(Date.parse(until)));
    const times = (Object.hasOwn(batch.pauses, agent) ? batch.pauses[agent]!.times : 0) + 1;
    batch.pauses = { ...batch.pauses, [agent]: { until, reason, times } };
  },
  'batch-case.answered': (batch, { data }) =>
    edit(batch, data.item, (item) => (item.answer === null || isNewest(item, data) ? { answer: data } : {})),
  'batch-case.graded': (batch, { data }) =>
    edit(batch, data.item, (item) => (item.graded === null || isNewest(item, data) ? { graded: data } : {})),
  'batch.stopped': (batch, { data }) => {
    batch.stopped = data.how;
  },
  'batch.finished': (batch, { at }) => {
    if (batch.finishedAt !== null) refuse();
    batch.finishedAt = at;
    batch.stopped = null;
  },
};

const table = new Map<string, (batch: Batch, event: never) => void>(Object.entries(handlers));

/** Changes a batch that nobody else has. */
const add = (batch: Batch, event: LogEvent): void => {
  batch.events += 1;
  const handler = table.get(event.type);
  if (!handler) {
    batch.unknownEvents += 1;
    return;
  }
  try {
    handler(batch, event as never);
  } catch {
    batch.malformedEvents += 1;
    return;
  }
  batch.id ||= logId(event.log);
  batch.lastActivityAt = event.at;
};

/** The batch after more events. Total: what cannot be read or cannot be is counted and passed over; nothing throws. */
export const replay = (events: Iterable<LogEvent>, from: Batch = initialBatch): Batch => {
  const batch = { ...from, items: [...from.items] };
  for (const event of events) add(batch, event);
  return batch;
};

/** A step of a fold that begins with undefined: one batch that is told one event after the other. */
export const replayStep = (state: Batch | undefined, event: LogEvent): Batch => {
  const batch = state ?? { ...initialBatch, items: [] };
  add(batch, event);
  return batch;
};
