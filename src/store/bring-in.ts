import { closeSync, existsSync, fsyncSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError } from '../errors.ts';
import { git } from '../git/git.ts';
import { addPack } from '../git/packs.ts';
import { moveRef } from '../git/refs.ts';
import type { Repository } from '../git/repository.ts';
import type { NewObjects } from './objects/new-objects.ts';
import { isMissing, storeError, syncDir } from './wal/files.ts';

/** A compare-and-swap of one ref; `from` null: it must not be there yet. */
export interface RefMove {
  ref: string;
  to: string;
  from: string | null;
}

const transaction = ({ ref, to, from }: RefMove): string =>
  `start\n${from === null ? `create ${ref} ${to}` : `update ${ref} ${to} ${from}`}\ncommit\n`;

/** A user's own `pack-refs` does not sync what it writes. */
const syncPackedRefs = (repo: Repository): void => {
  const fd = openSync(join(repo.commonDir, 'packed-refs'), 'r+');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  syncDir(repo.commonDir);
};

/**
 * Makes a moved ref last: git syncs its file, never the folder it lies in. A `pack-refs` may have been faster, and
 * have taken file and folder away.
 */
export const syncRef = (repo: Repository, { ref, from }: RefMove): void => {
  if (repo.refFormat === 'reftable') {
    syncDir(join(repo.commonDir, 'reftable'));
    return;
  }
  const path = join(repo.commonDir, ref);
  const top = join(repo.commonDir, 'refs');
  for (let dir = dirname(path); dir.length >= top.length; dir = from === null ? dirname(dir) : '') {
    try {
      syncDir(dir);
    } catch (error) {
      if (!isMissing(error)) throw storeError(error, dir);
    }
  }
  if (!existsSync(path) && existsSync(join(repo.commonDir, 'packed-refs'))) syncPackedRefs(repo);
};

/** How many of the moves, each a transaction of its own, one process got done before the first that failed. */
const moveTogether = async (repo: Repository, moves: RefMove[]): Promise<number> => {
  const { exitCode, stdout } = await git(repo, ['update-ref', '--no-deref', '--stdin'], {
    stdin: moves.map(transaction).join(''),
    settings: [['core.fsync', 'all']],
    trust: ['identity'],
    ok: [0, 128],
  });
  const moved = exitCode === 0 ? moves.length : stdout.toString().split('commit: ok').length - 1;
  for (const move of moves.slice(0, moved)) syncRef(repo, move);
  return moved;
};

/**
 * Moves refs in the order given, nearly always in one process. The answer says for each whether it moved; one that
 * did not was no longer at its old value.
 * @throws AppError `branch.blocked`, `git.failed`
 */
export const moveRefs = async (repo: Repository, moves: RefMove[]): Promise<boolean[]> => {
  const results: boolean[] = [];
  while (results.length < moves.length) {
    const moved = await moveTogether(repo, moves.slice(results.length));
    results.push(...Array.from({ length: moved }, () => true));
    const stuck = moves[results.length];
    // Why it is stuck (lost, a lock in the way, a name in the way), the patient way tells.
    if (stuck) results.push(await moveRef(repo, stuck.ref, { to: stuck.to, from: stuck.from }));
  }
  return results;
};

export interface Delivery {
  objects: NewObjects;
  moves: RefMove[];
  /** Stands in the pack's `.keep` file while the refs do not name it yet. */
  reason: string;
}

/**
 * Brings new objects into the repository the way a push does: as one pack, verified and synced by git, kept from
 * any gc until refs name it.
 */
export const bringIn = async (repo: Repository, { objects, moves, reason }: Delivery): Promise<boolean[]> => {
  const kept = await addPack(repo, await objects.pack(), reason);
  try {
    return await moveRefs(repo, moves);
  } finally {
    kept.release();
  }
};

const TRIES = 100;
const LONGEST_WAIT_MS = 40;

/** Different processes wait for different times. */
const waitAfter = (tries: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, (LONGEST_WAIT_MS * ((tries * 7919 + process.pid) % 13)) / 13));

/**
 * Tries a compare-and-swap again with what the others left, until it is won. `attempt` reads the ref anew, and
 * returns undefined when it lost.
 * @throws AppError `store.conflict` when it never is
 */
export const untilWon = async <T>(ref: string, attempt: () => Promise<{ won: T } | undefined>): Promise<T> => {
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const result = await attempt();
    if (result) return result.won;
    await waitAfter(tries);
  }
  throw new AppError('store.conflict', `${ref} was moved by others each of ${TRIES} times that it was tried.`, {
    hint: 'See what else works in this repository, then run the command again.',
  });
};
