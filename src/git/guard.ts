import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readTextIfAny } from './files.ts';
import { type GuardedFiles, type GuardedKind, guardedFiles } from './guarded-files.ts';
import { readIndex } from './index-file.ts';
import { isQuietChange } from './quiet-config.ts';
import { listRefs } from './refs.ts';
import type { Repository, Worktree } from './repository.ts';

export { type HookRun, runHook } from './hooks.ts';

/** What an agent could change in the shared git directory to have the user's own git do or believe something; JSON. */
export interface Fingerprint {
  files: GuardedFiles;
  /** Administrative folders of worktrees: what comes and goes with them is nobody's doing. */
  worktrees: string[];
  /** All refs but our own. */
  refs: Record<string, string>;
  /** The main checkout: what its HEAD says, and a hash of what its index holds. Null in a bare repository. */
  checkout: { head: string; index: string } | null;
}

/** Something that is not as it was before. `from` and `to` are hashes, or ids of objects; null: it was not there. */
export interface ChangedItem {
  item: string;
  kind: GuardedKind | 'replace';
  from: string | null;
  to: string | null;
  /** Whether a person has to look before anything lands. */
  blocks: boolean;
  /** What it said, where that is a short text. */
  before?: string;
  after?: string;
}

export interface RepositoryChange {
  config: boolean;
  /** Names of hooks that came, went or changed. */
  hooks: string[];
  attributes: boolean;
  refs: { ref: string; from: string | null; to: string | null }[];
  items: ChangedItem[];
  /** What became of the main checkout; absent when nothing did. */
  checkout?: { head?: { from: string; to: string }; index: boolean };
}

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
};

/** Larger ones are told by nothing but their size: to read them twice a run would cost more than it tells. */
const MOST_ENTRIES = 200_000;

const indexHash = async (repo: Repository, main: Worktree): Promise<string> => {
  const entries = (await readIndex(repo, main).catch(() => undefined)) ?? [];
  if (entries.length > MOST_ENTRIES) return String(entries.length);
  const digest = createHash('sha256');
  for (const { mode, id, path } of entries) digest.update(`${mode} ${id} ${path}\0`);
  return digest.digest('hex');
};

const checkoutOf = async (repo: Repository): Promise<Fingerprint['checkout']> => {
  if (repo.bare) return null;
  const main = { path: repo.root, gitDir: repo.commonDir };
  return { head: (readTextIfAny(join(repo.commonDir, 'HEAD')) ?? '').trim(), index: await indexHash(repo, main) };
};

const OURS = /^refs\/(amp(-\w+)?|notes\/amp)(\/|$)/;

/**
 * Taken before an agent runs and compared after. Reads files only; starts git only with a reftable or a split index.
 * @param wt the agent's worktree
 */
export const fingerprint = async (repo: Repository, wt?: Worktree): Promise<Fingerprint> => ({
  files: guardedFiles(repo, wt),
  worktrees: namesIn(join(repo.commonDir, 'worktrees')),
  refs: Object.fromEntries(
    (await listRefs(repo, 'refs/')).filter(({ ref }) => !OURS.test(ref)).map(({ ref, id }) => [ref, id]),
  ),
  checkout: await checkoutOf(repo),
});

const differing = <T>(a: Record<string, T>, b: Record<string, T>, same: (a?: T, b?: T) => boolean): string[] =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => !same(a[name], b[name])).sort();

/** `exclude` only hides files from a listing; a note of a branch is what everybody's git writes all the time. */
const mustBeSeen = ({ item, kind, before, after }: Omit<ChangedItem, 'blocks'>): boolean =>
  kind !== 'exclude' && !(kind === 'config' && !item.includes('/modules/') && isQuietChange(before, after));

const changedFile = (item: string, a: Fingerprint, b: Fingerprint): ChangedItem => {
  const [was, is] = [a.files[item], b.files[item]];
  const change = {
    item,
    kind: (is ?? was)!.kind,
    from: was?.hash ?? null,
    to: is?.hash ?? null,
    ...(was?.text !== undefined && { before: was.text }),
    ...(is?.text !== undefined && { after: is.text }),
  };
  return { ...change, blocks: mustBeSeen(change) };
};

const WORKTREE_CONFIG = /(?:^|\/)worktrees\/([^/]+)\/config\.worktree$/;

const changedItems = (a: Fingerprint, b: Fingerprint): ChangedItem[] => {
  const stayed = new Set(a.worktrees.filter((name) => b.worktrees.includes(name)));
  const isNobodys = (item: string): boolean => {
    const worktree = WORKTREE_CONFIG.exec(item)?.[1];
    return worktree !== undefined && !stayed.has(worktree);
  };
  return differing(a.files, b.files, (x, y) => x?.hash === y?.hash)
    .filter((item) => !isNobodys(item))
    .map((item) => changedFile(item, a, b));
};

const CONFIG_KINDS = new Set<string>(['config', 'include', 'exclude', 'objects', 'link']);

/** The short form that the first version of the record knows. */
const inShort = (items: ChangedItem[]): Pick<RepositoryChange, 'config' | 'hooks' | 'attributes'> => ({
  config: items.some(({ kind }) => CONFIG_KINDS.has(kind)),
  hooks: items.filter(({ kind }) => kind === 'hook').map(({ item }) => basename(item)),
  attributes: items.some(({ kind }) => kind === 'attributes'),
});

const checkoutChange = (a: Fingerprint['checkout'], b: Fingerprint['checkout']): RepositoryChange['checkout'] => {
  if (!a || !b || (a.head === b.head && a.index === b.index)) return undefined;
  return { ...(a.head !== b.head && { head: { from: a.head, to: b.head } }), index: a.index !== b.index };
};

/**
 * What changed between two fingerprints; null when nothing did.
 * @param options.ignoreRefs full refs, and prefixes that end at a slash
 */
export const compareFingerprints = (
  a: Fingerprint,
  b: Fingerprint,
  options: { ignoreRefs: string[] },
): RepositoryChange | null => {
  const isIgnored = (ref: string): boolean =>
    options.ignoreRefs.some((ignored) => ref === ignored || (ignored.endsWith('/') && ref.startsWith(ignored)));
  const refs = differing(a.refs, b.refs, (x, y) => x === y)
    .filter((ref) => !isIgnored(ref))
    .map((ref) => ({ ref, from: a.refs[ref] ?? null, to: b.refs[ref] ?? null }));
  const replaced = refs
    .filter(({ ref }) => ref.startsWith('refs/replace/'))
    .map(({ ref, from, to }): ChangedItem => ({ item: ref, kind: 'replace', from, to, blocks: true }));
  const items = [...changedItems(a, b), ...replaced];
  const checkout = checkoutChange(a.checkout, b.checkout);
  if (items.length === 0 && refs.length === 0 && !checkout) return null;
  return { ...inShort(items), refs, items, ...(checkout && { checkout }) };
};
