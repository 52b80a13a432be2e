import { isAncestor } from '../../git/commits.ts';
import { listRefs, readRef } from '../../git/refs.ts';
import { listRemoteRefs, presentCommits } from '../../git/sync-fetch.ts';
import { type OutgoingRef, pushRefs, type RefusedRef } from '../../git/sync-push.ts';
import type { SyncRemote } from '../../git/sync-remote.ts';
import { holdsForgotten } from '../../store/forget/forgotten-notes.ts';
import { NOTES_REF } from '../../store/layout.ts';
import { readTombstones } from '../../store/tombstones.ts';
import { missingObjects } from '../../store/verify/lane-history.ts';
import type { Context } from '../context.ts';
import type { Comparison, Difference, There } from './compare.ts';
import { tombstonesToSend } from './obey-tombstones.ts';
import { pullNotes } from './pull.ts';
import { scanCode } from './scan-code.ts';
import { type HeldRef, type Outgoing, scanLogs } from './scan-logs.ts';
import { scanNotes } from './scan-notes.ts';

export interface Sent {
  pushed: string[];
  /** Refs of forgotten sessions that the other side has no more. */
  deleted: string[];
  refused: RefusedRef[];
  held: HeldRef[];
  notes: boolean;
}

const outgoing = ({ ref, ours, theirs }: Difference): Outgoing => ({ ref, id: ours!, known: theirs ?? null });

/** Commits that the other side has in any case, as far as we know without asking for objects. */
const sharedCommits = async (ctx: Context, remote: SyncRemote, heads: string[]): Promise<string[]> => {
  const refs = await listRefs(ctx.repo, 'refs/');
  const tracked = remote.name === null ? [] : refs.filter(({ ref }) => ref.startsWith(`refs/remotes/${remote.name}/`));
  const here = new Set(refs.map(({ id }) => id));
  const shared = new Set([...tracked.map(({ id }) => id), ...heads.filter((id) => here.has(id))]);
  const missing = await missingObjects(ctx.repo, [...shared]);
  return [...shared].filter((id) => !missing.has(id));
};

const toSend = ({ differences }: Comparison, kind: Difference['kind']): Outgoing[] =>
  differences.filter((one) => one.kind === kind && one.relation === 'ahead').map(outgoing);

/** What would go, and what must not. */
const sift = async (
  ctx: Context,
  remote: SyncRemote,
  found: Comparison,
): Promise<{ refs: OutgoingRef[]; held: HeldRef[] }> => {
  ctx.secrets.watchAll();
  const logs = toSend(found, 'log');
  const code = [...toSend(found, 'code'), ...toSend(found, 'snapshot')];
  const shared = code.length > 0 ? await sharedCommits(ctx, remote, found.heads) : [];
  const held = [...(await scanLogs(ctx, logs)), ...(await scanCode(ctx, code, shared))];
  const stays = new Set(held.map(({ ref }) => ref));
  return { refs: [...logs, ...code].filter(({ ref }) => !stays.has(ref)), held };
};

/** Others move the notes too: so often they are fetched, merged and pushed again. */
const NOTES_TRIES = 8;

type NotesSent = Pick<Sent, 'refused' | 'held' | 'notes'>;

const nothing: NotesSent = { refused: [], held: [], notes: false };

/** Pushes the notes; where the other side's have moved, theirs are taken in first. */
const pushNotes = async (ctx: Context, remote: SyncRemote, isDry: boolean): Promise<NotesSent> => {
  for (let tries = 1; ; tries++) {
    const theirs = (await listRemoteRefs(ctx.repo, remote, [NOTES_REF])).get(NOTES_REF);
    const isHere = theirs === undefined || (await presentCommits(ctx.repo, [theirs])).has(theirs);
    const before = await readRef(ctx.repo, NOTES_REF);
    if (before === undefined || before === theirs) return nothing;
    if (isDry) return { ...nothing, notes: true };
    const { isForgotten } = await readTombstones(ctx.repo);
    const isKnown = theirs === undefined || (isHere && (await isAncestor(ctx.repo, theirs, before)));
    if (!isKnown) await pullNotes(ctx, remote, theirs);
    const id = (await readRef(ctx.repo, NOTES_REF))!;
    if (id === theirs) return nothing;
    ctx.secrets.watchAll();
    const held = await scanNotes(ctx, { ref: NOTES_REF, id, known: theirs ?? null });
    if (held) return { ...nothing, held: [held] };
    const lease = theirs !== undefined && !(await isAncestor(ctx.repo, theirs, id)) ? theirs : undefined;
    if (lease !== undefined && !(await holdsForgotten(ctx.repo, { tip: lease, without: id, isForgotten })))
      return { ...nothing, refused: [{ ref: NOTES_REF, reason: 'neither side goes on from the other' }] };
    const { refused } = await pushRefs(ctx.repo, remote, [{ ref: NOTES_REF, id, ...(lease && { lease }) }]);
    if (refused.length === 0) return { ...nothing, notes: true };
    const now = (await listRemoteRefs(ctx.repo, remote, [NOTES_REF])).get(NOTES_REF);
    if (now === theirs || tries === NOTES_TRIES) return { ...nothing, refused };
  }
};

/** Looks through everything that would go out, and pushes what is clean, each ref for itself. */
export const push = async (
  ctx: Context,
  remote: SyncRemote,
  found: Comparison,
  { dryRun, there }: { dryRun: boolean; there: There },
): Promise<Sent> => {
  const { refs, held } = await sift(ctx, remote, found);
  const tombstones = await tombstonesToSend(ctx, there);
  const gone = found.forgotten.map(({ ref, id }) => ({ ref, id: null, lease: id }));
  const send = async (what: OutgoingRef[]) =>
    dryRun ? { pushed: what, refused: [] } : pushRefs(ctx.repo, remote, what);
  // The reason goes before the deed: nobody takes the refs for lost and brings them back.
  const told = await send(tombstones);
  const deleted = await send(gone);
  const { pushed, refused } = await send(refs);
  const notes = await pushNotes(ctx, remote, dryRun);
  return {
    pushed: [...told.pushed, ...pushed].map(({ ref }) => ref),
    deleted: deleted.pushed.map(({ ref }) => ref),
    refused: [...told.refused, ...deleted.refused, ...refused, ...notes.refused],
    held: [...held, ...notes.held],
    notes: notes.notes,
  };
};
