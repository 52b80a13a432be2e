import type { Envelope } from './envelope.ts';

/** Takes the data of version `from` one version up. */
type Step = (data: unknown) => unknown;

/** `steps['session.created'][1]` turns version 1 into version 2. Old steps stay for ever. */
export type Steps = Readonly<Record<string, Readonly<Record<number, Step>>>>;

const steps: Steps = {};

/** Brings an old event to the newest shape; one without steps, or of an unknown type, comes back as it is. */
export const upcast = (event: Envelope, table: Steps = steps): Envelope => {
  const ladder = table[event.type];
  if (!ladder) return event;
  let { v, data } = event;
  for (let step = ladder[v]; step; step = ladder[v]) {
    data = step(data);
    v += 1;
  }
  return v === event.v ? event : { ...event, v, data };
};
