import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AppError, inShell } from '../errors.ts';
import type { Draft, LogEvent } from '../events/catalogue.ts';
import { encodeEvent, lineHash } from '../events/codec.ts';
import { sessionLog } from '../events/envelope.ts';
import { acquireLock, LockHeld, type LockHolder, readLock } from '../process/lock.ts';
import { decide, type Intent, isRefusal } from '../session/decide.ts';
import { evolve, replay } from '../session/evolve.ts';
import { notesOfOperation } from '../session/landing.ts';
import { type View, viewOf } from '../session/lines.ts';
import type { Session } from '../session/state.ts';
import type { Head } from '../store/log-store.ts';
import type { Context } from './context.ts';
import { learnSession, othersEnds } from './summary.ts';
import { isAlone, writersHere } from './view.ts';

/**
 * One session, held by this process alone: its state, and the only way to add to its record. Every fact goes to the
 * store first (acknowledged there), then into the state.
 */
export interface Journal {
  readonly id: string;
  readonly session: Session;
  /** What other clones did too; undefined where none did anything. */
  view(): View | undefined;
  /** Adds facts; resolved means they are on disk. */
  record(drafts: Draft[]): Promise<LogEvent[]>;
  /** Asks the rules and records what they answer. @throws AppError with the refusal's code */
  decide(intent: Intent): Promise<LogEvent[]>;
  onEvent(listener: (event: LogEvent) => void): void;
  /** Lets `git log --notes=amp` tell of these events at the commit they speak of, from the next flush on. */
  note(commit: string, events: LogEvent[]): void;
  /** Keeps commits reachable through the session's code ref, from the next flush on. */
  keep(commits: string[]): void;
  /** Brings events, notes and kept commits into git. */
  flush(): Promise<void>;
}

export const lockPath = (ctx: Context, id: string): string =>
  join(ctx.repo.commonDir, 'amp', 'locks', `session.${id}.lock`);

/** Who works on the session right now; undefined when nobody does. */
export const holderOf = (ctx: Context, id: string): LockHolder | undefined => readLock(lockPath(ctx, id));

const busy = (name: string, holder: LockHolder): AppError =>
  new AppError(
    'session.busy',
    `Session ${name} is held by \`${holder.command}\` (process ${holder.pid} on ${holder.host}, since ${holder.since}).`,
    { hint: `Wait for it, or end it with \`amp-sessions stop ${inShell(name)}\`.` },
  );

/** For what costs a person time before the lock is taken, such as an editor. @throws AppError `session.busy` */
export const refuseHeld = (ctx: Context, which: { id: string; name: string }): void => {
  const holder = holderOf(ctx, which.id);
  if (holder) throw busy(which.name, holder);
};

/**
 * Takes the session's lock, puts in order what a dead process left in the store, reads the log and hands it over.
 * What was recorded is flushed into git at the end, also when `work` fails.
 * @throws AppError `session.busy` when a living process holds the session
 */
export const withJournal = async <T>(
  ctx: Context,
  where: { id: string; name: string; command: string },
  work: (journal: Journal) => Promise<T>,
): Promise<T> => {
  const path = lockPath(ctx, where.id);
  const lock = await acquireLock(path, { command: where.command }).catch((error) => {
    throw error instanceof LockHeld ? busy(where.name, error.holder) : error;
  });
  // There as long as notes and kept commits may not be in git yet: a holder that died, or whose flush failed, leaves it.
  const unsettled = `${path.slice(0, -'.lock'.length)}.unsettled`;
  try {
    const isUnsettled = existsSync(unsettled);
    writeFileSync(unsettled, '');
    const others = await othersEnds(ctx, where.id);
    const journal = await openJournal(ctx, where.id, isUnsettled);
    const result = await work(journal).catch(async (error) => {
      // What went wrong first is what a person must hear; its cause may well stop the flush too.
      await settle(journal, unsettled).catch(() => {});
      throw error;
    });
    await settle(journal, unsettled);
    await learnSession(ctx, journal.view()?.session ?? journal.session, others);
    return result;
  } finally {
    lock.release();
  }
};

const settle = async (journal: Journal, unsettled: string): Promise<void> => {
  await journal.flush();
  rmSync(unsettled, { force: true });
};

const openJournal = async (ctx: Context, id: string, isUnsettled: boolean): Promise<Journal> => {
  const log = sessionLog(id);
  const recovery = await ctx.store.recoverLog(log);
  for (const warning of recovery.warnings) ctx.warn(warning);
  const view = await ctx.store.read(log);
  for (const warning of view.warnings) ctx.warn(warning);
  const listeners: ((event: LogEvent) => void)[] = [];
  const own = writersHere(ctx);
  const known = view.events;
  const look = (): View | undefined => (isAlone(known, own) ? undefined : viewOf(known, own));
  let session = { ...begin(known, look()), id };
  let head: Head = view.head;
  const record = async (drafts: Draft[], expected?: Head): Promise<LogEvent[]> => {
    if (drafts.length === 0) return [];
    const events = await ctx.store.append(log, drafts, expected);
    for (const event of events) {
      known.push(event);
      session = isTurn(event) ? { ...begin(known, look()), id } : evolve(session, event);
      if (event.type === 'worktree.added') watchWorktree(ctx, session);
      for (const listener of listeners) listener(event);
    }
    const last = events.at(-1)!;
    head = { seq: last.seq, prev: lineHash(encodeEvent(last)), clock: last.clock };
    return events;
  };
  watchWorktree(ctx, session);
  await record(
    recovery.tornBytes.map(({ bytes, quarantine }) => ({
      type: 'log.recovered',
      by: 'program',
      data: { tornBytes: bytes, quarantine },
    })),
  );
  const flusher = makeFlusher(ctx, id);
  if (isUnsettled) {
    const own = view.events.filter(({ writer }) => writer === ctx.store.writer);
    repeatAttachments(flusher, own);
    repeatOperation(flusher, session, own);
  }
  return {
    id,
    get session() {
      return session;
    },
    view: look,
    record: (drafts) => record(drafts),
    // A decision stands on what was read, so it names it: had the head moved, the store refuses.
    decide: async (intent) => record(judge(session, intent), head),
    onEvent: (listener) => listeners.push(listener),
    ...flusher,
  };
};

/** What its `.env` files hold is not to go on record. */
const watchWorktree = (ctx: Context, { worktree }: Session): void => {
  if (worktree !== '') ctx.secrets.watch(resolve(ctx.repo.root, worktree));
};

/** A verb goes on from where this clone itself is, and does not wait for what others are in the midst of. */
const begin = (events: LogEvent[], view: View | undefined): Session => {
  if (!view) return replay(events);
  if (view.own) return view.own;
  const { iterations } = view.session;
  const left = iterations.map((it) => (it.outcome === null ? { ...it, left: true as const } : it));
  return { ...view.session, iterations: left, conflict: null, openOperation: null, openRestore: null };
};

/** After these this clone's line is another one. */
const isTurn = ({ type }: LogEvent): boolean => type === 'session.resumed' || type === 'rebase.finished';

type Flusher = Pick<Journal, 'note' | 'keep' | 'flush'>;

/** Gives our own notes and kept commits that may never have reached git to the next flush again; both are unions. */
const repeatAttachments = (flusher: Flusher, events: LogEvent[]): void => {
  for (const event of events) {
    const { commit, target } = (event.data ?? {}) as { commit?: string; target?: string };
    if (commit === undefined || target === 'base') continue;
    if (event.type === 'agent-commit.folded') flusher.keep([commit]);
    if (!NOTED.has(event.type)) continue;
    flusher.keep([commit]);
    flusher.note(commit, [event]);
  }
};

/** The same for the last operation: those before it were followed by others, so their flushes are done. */
const repeatOperation = (flusher: Flusher, { operations }: Session, events: LogEvent[]): void => {
  const last = operations.at(-1);
  if (!last) return;
  flusher.keep([...new Set(last.moves.flatMap(({ from, to }) => [from, to]))]);
  for (const [commit, told] of notesOfOperation(last, events)) flusher.note(commit, told);
};

const NOTED = new Set(['iteration.finished', 'test-run.finished', 'manual-commit.found']);

/** Asks the rules without recording anything: for `--dry-run`. @throws AppError with the refusal's code */
export const judge = (session: Session, intent: Intent): Draft[] => {
  const decision = decide(session, intent);
  if (isRefusal(decision)) throw new AppError(decision.refused, decision.message, { hint: decision.hint });
  return decision;
};

/** What waits for the next flush beside the events themselves. */
const makeFlusher = (ctx: Context, id: string): Flusher => {
  let notes = new Map<string, LogEvent[]>();
  let code: string[] = [];
  return {
    note: (commit, events) => notes.set(commit, [...(notes.get(commit) ?? []), ...events]),
    keep: (commits) => code.push(...commits),
    flush: async () => {
      const extra = { notes, code };
      notes = new Map();
      code = [];
      try {
        await ctx.store.flush(sessionLog(id), extra);
      } catch (error) {
        // Nothing was added meanwhile: a journal does one thing after the other.
        ({ notes, code } = extra);
        throw error;
      }
    },
  };
};
