import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, isAppError } from '../errors.ts';
import { errorCode, lstatIfAny, syncFile, syncFolder, syncFoldersUpTo } from './files.ts';
import { git, gitText } from './git.ts';
import { assertFullRef, assertId, isId } from './ids.ts';
import { listLooseRefs, listRefFiles, packedRefsStamp, type RefEntry, readHeadFile, readRefFile } from './ref-files.ts';
import type { Repository, Worktree } from './repository.ts';
import { clearStaleLock } from './stale-locks.ts';

export type { RefEntry } from './ref-files.ts';

const placeOf = (repo: Repository) => ({ commonDir: repo.commonDir, gitDir: repo.commonDir });

/**
 * The object a ref names; undefined when there is no such ref. Starts git only where refs are kept in a reftable.
 * @throws AppError ref.missing when the name is no full ref name
 */
export const readRef = async (repo: Repository, fullRef: string): Promise<string | undefined> => {
  assertFullRef(fullRef);
  if (repo.refFormat === 'files') return readRefFile(placeOf(repo), fullRef);
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', fullRef];
  const answer = await gitText(repo, args, { ok: [0, 1, 128] });
  return isId(answer) ? answer : undefined;
};

/** All refs below a prefix that ends at a slash, such as `refs/amp/`, sorted by name. */
export const listRefs = async (repo: Repository, prefix: string): Promise<RefEntry[]> => {
  const folder = prefix.endsWith('/') ? prefix : `${prefix}/`;
  if (repo.refFormat === 'files') return listRefFiles(placeOf(repo), folder);
  const text = await gitText(repo, ['for-each-ref', '--format=%(objectname) %(refname)', folder]);
  const lines = text === '' ? [] : text.split('\n');
  return lines.map((line) => ({ id: line.slice(0, line.indexOf(' ')), ref: line.slice(line.indexOf(' ') + 1) }));
};

/** How the refs below a prefix stand, as far as can be told without reading the packed ones. */
export interface RefsLook {
  /** The same while those that are packed are the same. */
  packed: string;
  loose: RefEntry[];
}

/** A glance at the refs below a prefix that ends at a slash; undefined where they are kept in a reftable. */
export const lookAtRefs = (repo: Repository, prefix: string): RefsLook | undefined =>
  repo.refFormat === 'files'
    ? { packed: packedRefsStamp(repo.commonDir), loose: listLooseRefs(placeOf(repo), prefix) }
    : undefined;

/**
 * The commit that a person's words name: a branch, a tag, a short id, `HEAD~2`.
 * @throws AppError ref.missing
 */
export const resolveCommit = async (repo: Repository, userGiven: string, worktree?: Worktree): Promise<string> => {
  const missing = (): AppError =>
    new AppError('ref.missing', `${JSON.stringify(userGiven)} names no commit in ${repo.root}.`, {
      hint: '`git branch --all` and `git tag` list what there is.',
    });
  if (userGiven === '' || userGiven.startsWith('-') || /[\0\n]/.test(userGiven)) throw missing();
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${userGiven}^{commit}`];
  const answer = await gitText(repo, args, { ok: [0, 1, 128], worktree });
  if (!isId(answer)) throw missing();
  return answer;
};

export interface RefMove {
  /** Null deletes the ref. */
  to: string | null;
  /** What it must be now; null: it must not exist. */
  from: string | null;
  /** For the reflog, where the ref has one. */
  reason?: string;
}

const instruction = (ref: string, { to, from }: RefMove): string => {
  if (to === null) return `delete ${ref} ${from}\n`;
  return from === null ? `create ${ref} ${to}\n` : `update ${ref} ${to} ${from}\n`;
};

/** Somebody packed the refs meanwhile, and the folder went with the last loose one. */
const syncPacked = (repo: Repository): void => {
  syncFile(join(repo.commonDir, 'packed-refs'));
  syncFolder(repo.commonDir);
};

/** A power cut must not take back a name that was acknowledged: git syncs the file, never its folder. */
const syncRef = (repo: Repository, ref: string, move: RefMove): void => {
  const folder = dirname(join(repo.commonDir, ref));
  try {
    if (repo.refFormat === 'reftable') syncFolder(join(repo.commonDir, 'reftable'));
    else if (move.to === null) syncFolder(repo.commonDir);
    else if (move.from === null) syncFoldersUpTo(folder, join(repo.commonDir, 'refs'));
    else syncFolder(folder);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    syncPacked(repo);
  }
};

/** A ref that is in the way: `amp` makes `amp/x` impossible, and the other way round. */
const findObstacle = async (repo: Repository, ref: string): Promise<string | undefined> => {
  for (let at = ref.lastIndexOf('/'); at > 'refs/heads'.length; at = ref.lastIndexOf('/', at - 1)) {
    const above = ref.slice(0, at);
    if ((await readRef(repo, above)) !== undefined) return above;
  }
  return (await listRefs(repo, `${ref}/`))[0]?.ref;
};

const ATTEMPTS = 40;

const retryAfter = async (repo: Repository, ref: string, attempt: number): Promise<boolean> => {
  const files = [`${ref}.lock`, 'packed-refs.lock'].map((name) => join(repo.commonDir, name));
  const found = files.find((file) => lstatIfAny(file));
  if (found === undefined) return attempt < 3;
  const folders = [repo.root, repo.commonDir];
  // A living owner is waited for by trying again; a dead one's lock goes.
  await clearStaleLock(repo, { path: found, folders }, 0).catch(() => sleep(25));
  return attempt < ATTEMPTS;
};

const blocked = (ref: string, obstacle: string): AppError => {
  const name = (full: string): string => full.replace(/^refs\/heads\//, '');
  return new AppError('branch.blocked', `The branch ${name(ref)} cannot exist beside the branch ${name(obstacle)}.`, {
    hint: `Rename ${name(obstacle)}, or set another branch prefix.`,
  });
};

/**
 * Compare-and-swap of one ref, on disk when this returns true.
 * @returns false when the ref was not at `from`: somebody else moved it
 * @throws AppError branch.blocked when another ref is in the way, git.failed
 */
export const moveRef = async (repo: Repository, ref: string, move: RefMove): Promise<boolean> => {
  assertFullRef(ref);
  for (const id of [move.to, move.from]) if (id !== null) assertId(id);
  if (move.to === null && move.from === null) return (await readRef(repo, ref)) === undefined;
  for (let attempt = 0; ; attempt++) {
    try {
      const args = ['update-ref', '--no-deref', ...(move.reason ? ['-m', move.reason] : []), '--stdin'];
      await git(repo, args, { stdin: instruction(ref, move), settings: [['core.fsync', 'all']], trust: ['identity'] });
      syncRef(repo, ref, move);
      return true;
    } catch (error) {
      if (!isAppError(error, 'git.failed')) throw error;
      if (((await readRef(repo, ref)) ?? null) !== move.from) return false;
      const obstacle = move.from === null ? await findObstacle(repo, ref) : undefined;
      if (obstacle !== undefined) throw blocked(ref, obstacle);
      if (!(await retryAfter(repo, ref, attempt))) throw error;
    }
  }
};

export interface Head {
  /** Null on a branch without a commit. */
  commit: string | null;
  /** Short name; null when HEAD is detached. */
  branch: string | null;
}

const shortBranch = (ref: string): string => ref.replace(/^refs\/heads\//, '');

const headByGit = async (repo: Repository, worktree: Worktree | undefined): Promise<Head> => {
  const ref = await gitText(repo, ['symbolic-ref', '--quiet', 'HEAD'], { worktree, ok: [0, 1] });
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', 'HEAD'];
  const commit = await gitText(repo, args, { worktree, ok: [0, 1, 128] });
  return { commit: isId(commit) ? commit : null, branch: ref === '' ? null : shortBranch(ref) };
};

/** Where a checkout stands; without one, the main one or the bare repository. Starts git only with a reftable. */
export const headOf = async (repo: Repository, worktree?: Worktree): Promise<Head> => {
  if (repo.refFormat !== 'files') return headByGit(repo, worktree);
  const gitDir = worktree?.gitDir ?? repo.commonDir;
  const head = readHeadFile(gitDir);
  if (!head) return { commit: null, branch: null };
  if ('id' in head) return { commit: head.id, branch: null };
  const commit = readRefFile({ commonDir: repo.commonDir, gitDir }, head.ref) ?? null;
  return { commit, branch: shortBranch(head.ref) };
};
