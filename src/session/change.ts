import type { Iteration, Session } from './state.ts';

/** What an event changes of a session: some of its fields, and at most one iteration of those there are. */
export interface Change extends Partial<Session> {
  edit?: { at: number; iteration: Iteration };
}

export const NOTHING: Change = {};

/** Changes one iteration; nearly always the last, so the search begins there. An unknown one changes nothing. */
export const edited = (session: Session, iteration: number, edit: (it: Iteration) => Partial<Iteration>): Change => {
  const list = session.iterations;
  for (let at = list.length - 1; at >= 0; at--) {
    const found = list[at]!;
    if (found.iteration === iteration) return { edit: { at, iteration: Object.assign({ ...found }, edit(found)) } };
  }
  return NOTHING;
};

/** Brings a change into a session that is the caller's own, its list of iterations too. */
export const applyChange = (draft: Session, { edit, ...fields }: Change): void => {
  Object.assign(draft, fields);
  if (edit) draft.iterations[edit.at] = edit.iteration;
};
