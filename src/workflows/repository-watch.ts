import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFileAtomically } from '../config/write-file.ts';
import type { EventData } from '../events/catalogue.ts';
import { sessionLog } from '../events/envelope.ts';
import { isAncestor } from '../git/commits.ts';
import { type ChangedItem, compareFingerprints, type Fingerprint, fingerprint } from '../git/guard.ts';
import { type GuardedFiles, guardedFiles, guardedName } from '../git/guarded-files.ts';
import { putBackAdmin } from '../git/put-back-links.ts';
import type { Worktree } from '../git/repository.ts';
import { guardDir } from '../store/layout.ts';
import { holdOwnObjects, type OwnChange, type OwnRefs, putBackOwnRefs, rememberOwnRefs } from '../store/own-refs.ts';
import { putBackWriter } from '../store/wal/put-back-writer.ts';
import { findWriter } from '../store/wal/writer.ts';
import { changeWarnings } from './change-warnings.ts';
import type { Context } from './context.ts';
import { mendLink } from './finish-iteration.ts';
import type { Journal } from './journal.ts';

/** How the repository stood before an agent ran. */
export interface Watch {
  before: Fingerprint;
  own: OwnRefs;
  /** Ends the keeping of our objects. */
  release?(): void;
}

type FoundData = EventData<'repository-change.found'>;
type FoundItem = NonNullable<FoundData['items']>[number];

/** Also on disk, for the process that finds ours dead. */
const watchFile = (ctx: Context, id: string): string => join(guardDir(ctx.repo), `${id}.json`);

/** Looks at everything that an agent could change beside its worktree, right before it runs. */
export const watchRepository = async (ctx: Context, id: string, wt: Worktree): Promise<Watch> => {
  const watch = { before: await fingerprint(ctx.repo, wt), own: await rememberOwnRefs(ctx.repo, findWriter(ctx.repo)) };
  const release = holdOwnObjects(ctx.repo, { log: sessionLog(id), writer: ctx.store.writer });
  const file = watchFile(ctx, id);
  mkdirSync(dirname(file), { recursive: true });
  writeFileAtomically(file, JSON.stringify(watch));
  return { ...watch, release };
};

const readWatch = (ctx: Context, id: string): Watch | undefined => {
  try {
    const watch = JSON.parse(readFileSync(watchFile(ctx, id), 'utf8')) as Partial<Watch>;
    const { before, own } = watch;
    const isWhole = [before?.files, before?.refs, own?.refs].every((one) => typeof one === 'object' && one !== null);
    return isWhole && Array.isArray(before?.worktrees) && Array.isArray(own?.tips) ? (watch as Watch) : undefined;
  } catch {
    return undefined;
  }
};

/** Branches that are asked about, one process each; of the rest it is only told that they moved. */
const MOST_ASKED = 20;

const howMoved = async (ctx: Context, { from, to }: { from: string | null; to: string | null }) => {
  if (from === null) return 'made';
  if (to === null) return 'deleted';
  const isForward = await isAncestor(ctx.repo, from, to).catch(() => false);
  return isForward ? 'forward' : 'rewritten';
};

const withHow = async (ctx: Context, refs: FoundData['refs']): Promise<FoundData['refs']> => {
  const told: FoundData['refs'] = [];
  let asked = 0;
  for (const moved of refs) {
    const isAsked = moved.ref.startsWith('refs/heads/') && asked++ < MOST_ASKED;
    told.push(isAsked ? { ...moved, how: await howMoved(ctx, moved) } : moved);
  }
  return told;
};

/** A branch that lost commits: nothing lands on it before somebody has looked. */
const branchItems = (refs: FoundData['refs']): FoundItem[] =>
  refs
    .filter(({ how }) => how === 'rewritten' || how === 'deleted')
    .map(({ ref, from, to }) => ({ item: ref, kind: 'branch', from, to, blocks: true }));

const ownItem = ({ ref, from, to, restored }: OwnChange): FoundItem => ({
  item: ref,
  kind: 'log',
  from,
  to,
  blocks: !restored,
  restored,
});

const putRight = (item: string): FoundItem => ({
  item,
  kind: 'log',
  from: null,
  to: null,
  blocks: false,
  restored: true,
});

const nameOf = (ctx: Context, item: string): string =>
  item.startsWith('refs/') ? item : guardedName(ctx.repo, join(ctx.repo.commonDir, item));

/** Letters of contents that one event holds; over that it only tells that they changed. */
const MOST_TEXT = 256 * 1024;

const withoutMuch = (items: ChangedItem[]): FoundItem[] => {
  let left = MOST_TEXT;
  return items.map(({ before, after, ...item }) => {
    left -= (before?.length ?? 0) + (after?.length ?? 0);
    return left < 0
      ? item
      : { ...item, ...(before !== undefined && { before }), ...(after !== undefined && { after }) };
  });
};

/** Puts back what is ours: refs, write-ahead files, the name we write under, the links of the worktree. */
const putBackOurs = async (ctx: Context, journal: Journal, wt: Worktree, watch: Watch): Promise<FoundItem[]> => {
  const { before, own } = watch;
  const mended = await ctx.store.mended(sessionLog(journal.id));
  const refs = await putBackOwnRefs(ctx.repo, own);
  if (own.writer !== undefined && putBackWriter(ctx.repo, { clock: ctx.clock, id: own.writer }))
    mended.push('amp/writer');
  putBackAdmin(ctx.repo, wt, { branch: journal.session.branch, before: before.files });
  await mendLink(ctx, wt);
  const known = new Set(refs.map(({ ref }) => ref));
  return [
    ...refs.map(ownItem),
    ...mended.filter((item) => !known.has(item)).map((item) => putRight(nameOf(ctx, item))),
  ];
};

/** Those that are again as they were, by what was just put back. */
const withRestored = (items: FoundItem[], now: GuardedFiles): FoundItem[] =>
  items.map((item) =>
    item.kind === 'link' && (now[item.item]?.hash ?? null) === item.from
      ? { ...item, blocks: false, restored: true }
      : item,
  );

interface Found {
  data: Omit<FoundData, 'iteration'>;
  head: string | undefined;
}

const findChanges = async (ctx: Context, journal: Journal, wt: Worktree, watch: Watch): Promise<Found | undefined> => {
  const after = await fingerprint(ctx.repo, wt);
  const ignoreRefs = [`refs/heads/${ctx.config.config.branchPrefix}/`];
  const change = compareFingerprints(watch.before, after, { ignoreRefs });
  const ours = await putBackOurs(ctx, journal, wt, watch);
  if (!change && ours.length === 0) return undefined;
  const refs = await withHow(ctx, change?.refs ?? []);
  const files = withRestored(withoutMuch(change?.items ?? []), guardedFiles(ctx.repo, wt));
  const { config = false, hooks = [], attributes = false, checkout } = change ?? {};
  const items = [...files, ...ours, ...branchItems(refs)];
  return {
    data: { config, hooks, attributes, refs, items, ...(checkout && { checkout }) },
    head: after.checkout?.head,
  };
};

/**
 * Says what changed beside the worktree while the agent ran, and undoes what is ours to undo. What the user's own
 * processes did meanwhile looks the same from outside: it is told as a fact.
 */
export const reportChanges = async (
  ctx: Context,
  journal: Journal,
  wt: Worktree,
  { iteration, watch }: { iteration: number; watch: Watch },
): Promise<void> => {
  const found = await findChanges(ctx, journal, wt, watch);
  if (found) {
    const data = { iteration, ...found.data };
    await journal.record([{ type: 'repository-change.found', by: 'program', data }]);
    for (const text of changeWarnings(ctx, journal.session, data, found.head)) ctx.warn(text);
  }
  watch.release?.();
  rmSync(watchFile(ctx, journal.id), { force: true });
};

/** The same for a run whose process died. */
export const reportLeftChanges = async (
  ctx: Context,
  journal: Journal,
  wt: Worktree,
  iteration: number,
): Promise<void> => {
  const watch = readWatch(ctx, journal.id);
  if (watch) return reportChanges(ctx, journal, wt, { iteration, watch });
  const file = watchFile(ctx, journal.id);
  if (!existsSync(file)) return;
  ctx.warn(`What changed beside the worktree while the agent ran is not known: ${file} was damaged.`);
  rmSync(file, { force: true, recursive: true });
};
