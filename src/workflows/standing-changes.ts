import { isChangeTrusted, trustChange } from '../config/trust.ts';
import { isAncestor } from '../git/commits.ts';
import { type GuardedFiles, guardedFiles } from '../git/guarded-files.ts';
import { readRef } from '../git/refs.ts';
import { findAdmin } from '../git/worktree-admin.ts';
import type { OpenChange, Session } from '../session/state.ts';
import { localWriters } from '../store/wal/writer.ts';
import type { Context } from './context.ts';
import { worktreePath } from './find-session.ts';
import { fullText } from './full-text.ts';
import { withJournal } from './journal.ts';
import { readSession } from './summaries.ts';

/** A change that still stands: it was neither taken back nor looked at. */
export interface StandingChange extends OpenChange {
  /** Hash or object id as it is now; null: it is not there. */
  now: string | null;
  /** What it says now, where that is a short text. */
  text?: string;
}

const filesOf = (ctx: Context, session: Session): GuardedFiles => {
  const path = worktreePath(ctx, session.worktree);
  const gitDir = session.hasWorktree ? findAdmin(ctx.repo, path) : undefined;
  return guardedFiles(ctx.repo, gitDir === undefined ? undefined : { path, gitDir });
};

const REFS = new Set(['replace', 'branch', 'log']);

/** Gone is as good as before, where what is gone leads git nowhere. */
const isHarmlessGone = ({ kind }: OpenChange): boolean => kind === 'link' || kind === 'include';

const isTakenBack = async (ctx: Context, change: OpenChange, now: string | null): Promise<boolean> => {
  if (now === change.from) return true;
  if (now === null) return isHarmlessGone(change);
  if (change.kind !== 'branch' && change.kind !== 'log') return false;
  // A branch that has all it had is as it was, and more.
  return change.from !== null && (await isAncestor(ctx.repo, change.from, now).catch(() => false));
};

const keyOf = (ctx: Context, item: string): { root: string; item: string } => ({ root: ctx.repo.root, item });

/**
 * What changed in this clone's repository while the session's agent ran, as far as it still stands and nobody has
 * trusted it. What happened in another clone says nothing of this one.
 */
export const standingChanges = async (ctx: Context, session: Session): Promise<StandingChange[]> => {
  const ours = new Set([ctx.store.writer, ...localWriters(ctx.repo)]);
  const open = session.openChanges.filter(({ writer }) => ours.has(writer));
  if (open.length === 0) return [];
  const files = filesOf(ctx, session);
  const standing: StandingChange[] = [];
  for (const change of open) {
    const file = files[change.item];
    const now = (REFS.has(change.kind) ? await readRef(ctx.repo, change.item) : file?.hash) ?? null;
    if (await isTakenBack(ctx, change, now)) continue;
    if (isChangeTrusted({ ...keyOf(ctx, change.item), now }, ctx.home)) continue;
    standing.push({ ...change, now, ...(file?.text !== undefined && { text: file.text }) });
  }
  return standing;
};

/** A change as it is shown: both texts with their secrets taken out, as the record has them. */
export interface ShownChange {
  item: string;
  kind: OpenChange['kind'];
  iteration: number;
  from: string | null;
  now: string | null;
  before: string | null;
  after: string | null;
}

const shown = async (ctx: Context, id: string, change: StandingChange): Promise<ShownChange> => {
  const { item, kind, iteration, from, now, before, text } = change;
  return {
    item,
    kind,
    iteration,
    from,
    now,
    before: before === undefined ? null : await fullText(ctx, id, before).catch(() => null),
    after: text === undefined ? null : await ctx.redact(text),
  };
};

/** As `status` tells of them; nothing where nothing stands. */
export const describeStanding = async (ctx: Context, session: Session) => {
  const standing = await standingChanges(ctx, session);
  if (standing.length === 0) return {};
  return {
    repositoryChanges: standing.map(({ item, kind, iteration, from, now }) => ({ item, kind, iteration, from, now })),
  };
};

/** For a person to look at. */
export const showChanges = async (ctx: Context, id: string): Promise<ShownChange[]> => {
  const session = await readSession(ctx, id);
  return Promise.all((await standingChanges(ctx, session)).map((change) => shown(ctx, id, change)));
};

/**
 * Takes what changed as it was shown: on record in the session, and kept by content outside the repository, so that
 * the same change does not stop the other sessions that ran at the same time. What changed again meanwhile stands.
 * @throws AppError `session.busy`
 */
export const trustChanges = async (ctx: Context, id: string, changes: ShownChange[]): Promise<void> => {
  if (changes.length === 0) return;
  for (const { item, now } of changes) await trustChange({ ...keyOf(ctx, item), now }, ctx.home);
  await withJournal(ctx, { id, name: id, command: 'config trust' }, async (journal) => {
    const items = changes.map(({ item, kind, from, now }) => ({ item, kind, from, to: now }));
    await journal.record([{ type: 'repository-change.trusted', by: 'user', data: { items } }]);
  });
};
