import type { Iteration, Session } from './state.ts';

/** What an event changes of a session: some of its fields, and some of one of its iterations. */
export interface Change extends Partial<Session> {
  edit?: { at: number; fields: Partial<Iteration> };
}

export const NOTHING: Change = {};

/** Which iteration an event speaks of: two clones that went on apart have the same numbers. */
export interface Named {
  writer: string;
  data: { iteration?: number | undefined };
}

/**
 * Where it is in the list: nearly always the last, so the search begins there. One that its own clone began comes
 * first; what another clone began was ended by this one after its name had changed. -1 where there is none.
 */
export const placeOf = ({ iterations }: Session, { writer, data }: Named): number => {
  const isNumbered = ({ iteration }: Iteration): boolean => iteration === data.iteration;
  const own = iterations.findLastIndex((it) => isNumbered(it) && it.writer === writer);
  return own >= 0 ? own : iterations.findLastIndex(isNumbered);
};

/** Changes the iteration that an event speaks of. An unknown one changes nothing. */
export const edited = (session: Session, event: Named, edit: (it: Iteration) => Partial<Iteration>): Change => {
  const at = placeOf(session, event);
  return at < 0 ? NOTHING : { edit: { at, fields: edit(session.iterations[at]!) } };
};

/** Iterations as a clone has them that goes on: what another one is in the midst of is that clone's to end. */
export const leaveOthers = ({ iterations }: Session, writer: string): Iteration[] =>
  iterations.map((it) => (it.outcome === null && it.writer !== writer ? { ...it, left: true as const } : it));

/** Key by key, which takes a tenth of the time of a copy. */
const assign = <Target extends object>(target: Target, fields: Partial<Target>): void => {
  for (const key in fields) if (key !== 'edit') target[key] = fields[key]!;
};

/** A session that changes may be brought into: what it shares with another one is copied before it is changed. */
export class Draft {
  readonly session: Session;
  readonly #own = new Set<Iteration>();

  constructor(from: Session) {
    this.session = { ...from, iterations: from.iterations.slice() };
  }

  apply(change: Change): void {
    assign(this.session, change);
    if (!change.edit) return;
    const { at, fields } = change.edit;
    const list = this.session.iterations;
    if (!this.#own.has(list[at]!)) {
      list[at] = { ...list[at]! };
      this.#own.add(list[at]);
    }
    assign(list[at]!, fields);
  }
}
