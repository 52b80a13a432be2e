import { diskUsage, fileUsage } from '../../git/disk-usage.ts';
import { listRefs, lookAtRefs } from '../../git/refs.ts';
import { ampDir } from '../../store/layout.ts';
import type { Context } from '../context.ts';
import { folderBytes } from '../folder-size.ts';
import { summaries } from '../summaries.ts';
import { isOwnRef, kindOfRef, ownBranches, ownRefs } from './inventory.ts';

export interface KindSize {
  kind: string;
  refs: number;
  bytes: number;
}

export interface HistorySize {
  /** By kind of ref; what several lead to counts for the first. */
  kinds: KindSize[];
  refs: { all: number; loose: number | null };
  /** Of everything in git that only the program's refs lead to. */
  bytes: number;
  /** Of `<git-common-dir>/amp`. */
  files: { wal: number; cache: number; all: number };
  /** What a clone that has nothing yet gets by `sync`. */
  fetch: { bytes: number; withoutCode: number };
  /** What each of the user's own pushes and fetches from here has to list. */
  advertisedBytes: number;
  /** The biggest logs. */
  sessions: { session: string; name: string; bytes: number }[];
}

/** These lead to commits of the user. */
const CODE = ['code', 'code-archive', 'snapshots'];
/** Most of what these lead to is what refs of other kinds lead to. */
const ASIDE = ['incoming', 'outgoing', 'damaged'];
const LOCAL = new Set(['snapshots', ...ASIDE]);
const BIGGEST = 10;

/** A file of a log says in its name whose it is; of a payload, which is named by its hash, nobody can tell. */
const sessionOf = (file: string): string | undefined =>
  /(?:^|\/)(?:events|transcript)-\d+-([A-Za-z0-9_-]+)\.ndjson$/.exec(file)?.[1];

const biggest = async (ctx: Context, ids: string[], names: Map<string, string>): Promise<HistorySize['sessions']> => {
  const bytes = new Map<string, number>();
  for (const [file, size] of await fileUsage(ctx.repo, ids)) {
    const session = sessionOf(file);
    if (session !== undefined) bytes.set(session, (bytes.get(session) ?? 0) + size);
  }
  const sorted = [...bytes].sort((a, b) => b[1] - a[1]).slice(0, BIGGEST);
  return sorted.map(([session, size]) => ({ session, name: names.get(session) ?? '', bytes: size }));
};

/** What the history costs: bytes on disk, refs, and what others have to fetch. */
export const historySize = async (ctx: Context): Promise<HistorySize> => {
  const all = await summaries(ctx);
  const refs = await ownRefs(ctx);
  const branches = await ownBranches(ctx, all);
  const byKind = new Map<string, string[]>();
  for (const { ref, id } of refs) {
    const kind = kindOfRef(ref);
    if (byKind.has(kind)) byKind.get(kind)!.push(id);
    else byKind.set(kind, [id]);
  }
  const isOwn = new Set(branches.map(({ ref }) => ref));
  const others = (await listRefs(ctx.repo, 'refs/'))
    .filter(({ ref }) => !isOwn.has(ref) && !isOwnRef(ref))
    .map(({ id }) => id);
  const kinds: KindSize[] = [];
  const before = [...others];
  const order = [
    ...[...byKind.keys()].filter((kind) => ![...CODE, ...ASIDE].includes(kind)).sort(),
    ...[...CODE, ...ASIDE].filter((kind) => byKind.has(kind)),
  ];
  for (const kind of order) {
    const ids = byKind.get(kind)!;
    const isShared = CODE.includes(kind) || ASIDE.includes(kind);
    const first = ASIDE.includes(kind)
      ? refs.filter(({ ref }) => !ASIDE.includes(kindOfRef(ref))).map(({ id }) => id)
      : [];
    const bytes = await diskUsage(ctx.repo, { of: ids, ...(isShared && { not: [...before, ...first] }) });
    if (isShared) before.push(...ids);
    kinds.push({ kind, refs: ids.length, bytes });
  }
  const work = branches.map(({ id }) => id);
  kinds.push({ kind: 'branches', refs: work.length, bytes: await diskUsage(ctx.repo, { of: work, not: before }) });
  const sum = (wanted: (kind: string) => boolean) =>
    kinds.filter(({ kind }) => wanted(kind)).reduce((total, { bytes }) => total + bytes, 0);
  const names = new Map(all.map(({ id, name }) => [id, name]));
  const folder = ampDir(ctx.repo);
  return {
    kinds,
    refs: { all: refs.length, loose: lookAtRefs(ctx.repo, 'refs/amp/')?.loose.length ?? null },
    bytes: sum(() => true),
    files: {
      wal: await folderBytes(`${folder}/wal`),
      cache: await folderBytes(`${folder}/cache`),
      all: await folderBytes(folder),
    },
    fetch: {
      bytes: sum((kind) => !LOCAL.has(kind) && kind !== 'branches'),
      withoutCode: sum((kind) => !LOCAL.has(kind) && kind !== 'branches' && !CODE.includes(kind)),
    },
    advertisedBytes: refs.reduce((total, { ref, id }) => total + ref.length + id.length + 6, 0),
    sessions: await biggest(ctx, byKind.get('sessions') ?? [], names),
  };
};
