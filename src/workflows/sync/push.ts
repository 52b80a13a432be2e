import { isAncestor } from '../../git/commits.ts';
import { listRefs, readRef } from '../../git/refs.ts';
import { listRemoteRefs, presentCommits } from '../../git/sync-fetch.ts';
import { type OutgoingRef, pushRefs, type RefusedRef } from '../../git/sync-push.ts';
import type { SyncRemote } from '../../git/sync-remote.ts';
import { parseArchiveRef } from '../../store/archive/archive-refs.ts';
import { holdsForgotten } from '../../store/forget/forgotten-notes.ts';
import { NOTES_REF } from '../../store/layout.ts';
import { readTombstones } from '../../store/tombstones.ts';
import { missingObjects } from '../../store/verify/lane-history.ts';
import type { Context } from '../context.ts';
import type { Comparison, Difference, Stale, There } from './compare.ts';
import { tombstonesToSend } from './obey-tombstones.ts';
import { pullNotes } from './pull.ts';
import { scanArchives } from './scan-archives.ts';
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

const outgoing = ({ ref, ours, theirs, lease }: Difference): Outgoing & OutgoingRef => ({
  ref,
  id: ours!,
  known: lease === undefined ? (theirs ?? null) : null,
  ...(lease && { lease }),
});

/** Commits that the other side has in any case, as far as we know without asking for objects. */
const sharedCommits = async (ctx: Context, remote: SyncRemote, { heads, stale }: Comparison): Promise<string[]> => {
  const refs = await listRefs(ctx.repo, 'refs/');
  const tracked = remote.name === null ? [] : refs.filter(({ ref }) => ref.startsWith(`refs/remotes/${remote.name}/`));
  const here = new Set(refs.map(({ id }) => id));
  const packed = stale.flatMap(({ kind, theirs }) => (kind === 'code' ? [theirs] : []));
  const shared = new Set([...tracked.map(({ id }) => id), ...heads.filter((id) => here.has(id)), ...packed]);
  const missing = await missingObjects(ctx.repo, [...shared]);
  return [...shared].filter((id) => !missing.has(id));
};

/**
 * A log that the other side has not may lie in an archive there that is not here yet: it waits for a fetch, or an old
 * clone would bring back what was packed away.
 */
const maybePacked = ({ differences }: Comparison): ((one: Difference) => boolean) => {
  const archives = differences.filter(({ kind, relation }) => kind.endsWith('archive') && relation !== 'ahead');
  const writers = new Set(archives.map(({ writer }) => writer));
  return ({ theirs, packed, writer, kind }) =>
    theirs === undefined && !packed && (kind === 'log' || kind === 'code') && writers.has(writer);
};

const toSend = (found: Comparison, kind: Difference['kind']): (Outgoing & OutgoingRef)[] => {
  const mustWait = maybePacked(found);
  return found.differences
    .filter((one) => one.kind === kind && one.relation === 'ahead' && !mustWait(one))
    .map(outgoing);
};

/** What would go, and what must not. */
const sift = async (
  ctx: Context,
  remote: SyncRemote,
  found: Comparison,
): Promise<{ refs: OutgoingRef[]; held: HeldRef[] }> => {
  ctx.secrets.watchAll();
  const logs = toSend(found, 'log');
  const archives = toSend(found, 'archive');
  const code = [...toSend(found, 'code-archive'), ...toSend(found, 'code'), ...toSend(found, 'snapshot')];
  const shared = code.length > 0 ? await sharedCommits(ctx, remote, found) : [];
  const held = [
    ...(await scanLogs(ctx, logs)),
    ...(await scanArchives(ctx, archives)),
    ...(await scanCode(ctx, code, shared)),
  ];
  const stays = new Set(held.map(({ ref }) => ref));
  return { refs: [...archives, ...code, ...logs].filter(({ ref }) => !stays.has(ref)), held };
};

/** What is in an archive that the other side has: it may go there. */
const outdated = ({ stale, differences }: Comparison, pushed: OutgoingRef[]): Stale[] => {
  const isThere = new Map(differences.map(({ ref, relation }) => [ref, relation === 'behind']));
  for (const { ref } of pushed) isThere.set(ref, true);
  return stale.filter((one) => isThere.get(one.archive) !== false);
};

/**
 * Pushes in an order that loses nothing wherever it stops: archives, then the refs that they stand for go, then what
 * goes on from there.
 */
const send = async (
  ctx: Context,
  remote: SyncRemote,
  { found, refs }: { found: Comparison; refs: OutgoingRef[] },
): Promise<Pick<Sent, 'refused'> & { pushed: OutgoingRef[] }> => {
  const isArchive = ({ ref }: OutgoingRef): boolean => parseArchiveRef(ref) !== undefined;
  const archives = await pushRefs(ctx.repo, remote, refs.filter(isArchive));
  const gone = outdated(found, archives.pushed).map(({ ref, theirs }) => ({ ref, id: null, lease: theirs }));
  // What the other side keeps all the same does no harm.
  await pushRefs(ctx.repo, remote, gone);
  const others = refs.filter((one) => !isArchive(one));
  const rest = await pushRefs(ctx.repo, remote, others);
  return { pushed: [...archives.pushed, ...rest.pushed], refused: [...archives.refused, ...rest.refused] };
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
  const forgotten = found.forgotten.map(({ ref, id }) => ({ ref, id: null, lease: id }));
  const sendAll = async (what: OutgoingRef[]) =>
    dryRun ? { pushed: what, refused: [] } : pushRefs(ctx.repo, remote, what);
  // The reason goes before the deed: nobody takes the refs for lost and brings them back.
  const told = await sendAll(tombstones);
  const deleted = await sendAll(forgotten);
  const { pushed, refused } = dryRun ? { pushed: refs, refused: [] } : await send(ctx, remote, { found, refs });
  const notes = await pushNotes(ctx, remote, dryRun);
  return {
    pushed: [...told.pushed, ...pushed].map(({ ref }) => ref),
    deleted: deleted.pushed.map(({ ref }) => ref),
    refused: [...told.refused, ...deleted.refused, ...refused, ...notes.refused],
    held: [...held, ...notes.held],
    notes: notes.notes,
  };
};
