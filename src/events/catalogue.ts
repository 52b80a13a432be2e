import type { z } from 'zod';
import { batchEvents } from './batch-events.ts';
import type { EventDefinition } from './define.ts';
import type { Actor, Envelope } from './envelope.ts';
import { iterationEvents } from './iteration-events.ts';
import { landingEvents } from './landing-events.ts';
import { sessionEvents } from './session-events.ts';
import { snapshotEvents } from './snapshot-events.ts';

/**
 * Every event there is. Types, JSON Schema (`schemas/event.schema.json`) and the reference in `src/events/README.md`
 * are made from this list. A name on disk is never renamed, reused or removed: a new shape gets a new `v` and one
 * step in `upcast.ts`.
 */
export const catalogue = [
  ...sessionEvents,
  ...iterationEvents,
  ...landingEvents,
  ...snapshotEvents,
  ...batchEvents,
] as const;

type Definition = (typeof catalogue)[number];
export type EventType = Definition['type'];
export type EventData<Type extends EventType> = z.infer<Extract<Definition, { type: Type }>['data']>;

/** An event as it is in the log, for each type of the catalogue. */
export type KnownEvent = { [Type in EventType]: Envelope<Type, EventData<Type>> }[EventType];

/** What a log holds: also events of a newer version of this program, kept and passed over. */
export type LogEvent = Envelope;

/** A fact on its way into a log: the store adds the rest of the envelope. */
export type Draft = { [Type in EventType]: { type: Type; by: Actor; data: EventData<Type> } }[EventType];

const byType = new Map<string, EventDefinition>(catalogue.map((definition) => [definition.type, definition]));

export const definitionOf = (type: string): EventDefinition | undefined => byType.get(type);
