import type { KnownEvent } from '../events/catalogue.ts';
import type { LandingEventType } from '../events/landing-events.ts';
import { type Change, leaveOthers, NOTHING } from './change.ts';
import type { Operation, Session } from './state.ts';

type Event<Type extends LandingEventType> = Extract<KnownEvent, { type: Type }>;
type On<Type extends LandingEventType> = (session: Session, event: Event<Type>) => Change;

const beforeOf = ({ base, baseCommit, head, merged, baseTests }: Session): Operation['before'] => ({
  base,
  baseCommit,
  head,
  merged,
  baseTests,
});

type Opening = Pick<Operation, 'operation' | 'verb' | 'moves'> & Partial<Operation>;

const open = (session: Session, at: string, opening: Opening): Change => ({
  openOperation: {
    rewritten: [],
    squash: null,
    target: null,
    joins: [],
    iteration: null,
    undoes: null,
    startedAt: at,
    finishedAt: null,
    undone: false,
    before: beforeOf(session),
    after: { base: session.base, baseCommit: session.baseCommit },
    ...opening,
  },
});

/** The open operation, done: it joins the others, and the session stands on its new base. */
const close = (session: Session, { data, at }: Event<'squash.finished'> | Event<'merge.finished'>): Change => {
  const opened = session.openOperation;
  if (opened?.operation !== data.operation) return { head: data.commit };
  const { base, baseCommit } = opened.after;
  return {
    openOperation: null,
    operations: [...session.operations, { ...opened, finishedAt: at }],
    head: data.commit,
    base,
    baseCommit,
    // What the tests said of another base says nothing of this one.
    ...(baseCommit !== session.baseCommit && { baseTests: null }),
  };
};

/** The operation that is taken back gives the session what it had before. */
const takeBack = (session: Session, event: Event<'undo.finished'>): Change => {
  const { undoes } = event.data;
  const undone = session.operations.find(({ operation }) => operation === undoes);
  const { operations = session.operations, ...closed } = close(session, event as never);
  return {
    ...closed,
    operations: operations.map((one) => (one.operation === undoes ? { ...one, undone: true } : one)),
    ...undone?.before,
    head: event.data.commit,
  };
};

/** What each event on the way to a branch of the user means. */
export const landingHandlers: { [Type in LandingEventType]: On<Type> } = {
  'squash.started': (session, { data, at }) =>
    open(session, at, {
      operation: data.operation,
      verb: 'squash',
      moves: data.moves,
      rewritten: data.rewritten,
      squash: { commit: data.commit, replaced: data.replaced, mergeBase: data.mergeBase },
      after: { base: session.base, baseCommit: data.mergeBase },
    }),
  'squash.finished': (session, event) => close(session, event),
  'rebase.started': (session, { data, at, writer }) => ({
    ...(data.joins && { iterations: leaveOthers(session, writer) }),
    ...open(session, at, {
      operation: data.operation,
      verb: 'rebase',
      moves: data.moves,
      rewritten: data.rewritten,
      target: data.onto,
      joins: data.joins ?? [],
      // Another line of the same session is nothing to stand upon: the base stays.
      after: data.joins
        ? { base: session.base, baseCommit: session.baseCommit }
        : { base: data.onto.name, baseCommit: data.onto.commit },
    }),
  }),
  'rebase.finished': (session, event) => ({ ...close(session, event as never), conflict: null }),
  'rebase.conflicted': (_, { data }) => ({ conflict: { ...data, shown: false } }),
  'conflict.shown': ({ conflict, leftovers }, { data }) =>
    conflict ? { conflict: { ...conflict, shown: true }, leftovers: data.leftovers ?? leftovers } : NOTHING,
  'conflict.resolved': ({ conflict }, { data }) =>
    conflict ? { conflict: { ...conflict, resolved: { as: data.as } } } : NOTHING,
  'rebase-abort.started': ({ conflict }, { data }) =>
    conflict ? { conflict: { ...conflict, leaving: { kept: data.kept } } } : NOTHING,
  'rebase.aborted': () => ({ conflict: null }),
  'merge.started': (session, { data, at }) =>
    open(session, at, {
      operation: data.operation,
      verb: 'merge',
      moves: data.moves,
      rewritten: data.rewritten,
      squash: data.squash && {
        commit: data.squash.commit,
        replaced: data.squash.replaced,
        mergeBase: data.squash.mergeBase,
      },
      target: { name: data.target, commit: data.targetCommit },
      after: { base: session.base, baseCommit: data.targetCommit },
    }),
  'merge.finished': (session, event) => ({
    ...close(session, event),
    merged: { target: event.data.target, commit: event.data.mergeCommit, head: event.data.commit },
  }),
  'rewind.started': (session, { data, at }) =>
    open(session, at, {
      operation: data.operation,
      verb: 'rewind',
      moves: data.moves,
      iteration: data.iteration,
      after: { base: session.base, baseCommit: data.baseCommit },
    }),
  'rewind.finished': (session, event) => close(session, event as never),
  'undo.started': (session, { data, at }) =>
    open(session, at, { operation: data.operation, verb: 'undo', moves: data.moves, undoes: data.undoes }),
  'undo.finished': (session, event) => takeBack(session, event),
  // A rebase that came to nothing after all leaves its conflict as undecided as it was.
  'operation.abandoned': ({ conflict }) => ({
    openOperation: null,
    ...(conflict && { conflict: { ...conflict, resolved: undefined } }),
  }),
  'branch.pushed': () => NOTHING,
  'pull-request.opened': (_, { data }) => ({ pullRequest: data }),
};
