import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../clock.ts';
import { isAlive, ownIdentity, type ProcessIdentity } from './identity.ts';

/** Whole content of a lock file, as JSON. */
export interface LockHolder extends ProcessIdentity {
  /** What the holder is doing, for the person who has to wait. */
  command: string;
  nonce: string;
  /** ISO-8601; for reading only, never for judging. */
  since: string;
}

/** Somebody who is not provably dead holds the lock. */
export class LockHeld extends Error {
  readonly holder: LockHolder;

  constructor(path: string, holder: LockHolder) {
    super(`${path} is held by process ${holder.pid} on ${holder.host} (${holder.command}) since ${holder.since}.`);
    this.name = 'LockHeld';
    this.holder = holder;
  }
}

export interface Lock {
  holder: LockHolder;
  /** Gives the lock back; also done when the process exits. A second call does nothing. */
  release(): void;
}

/** A lock file that no program of ours wrote: nothing proves its holder dead. */
const UNKNOWN: LockHolder = {
  pid: 0,
  startTime: '',
  bootId: '',
  host: 'an unknown host',
  pidNamespace: '',
  command: 'unknown',
  nonce: '',
  since: 'an unknown time',
};

const hasCode = (error: unknown, ...codes: string[]): boolean =>
  codes.includes((error as NodeJS.ErrnoException).code ?? '');

const parse = (text: string): LockHolder => {
  try {
    const value = JSON.parse(text) as LockHolder;
    return typeof value?.pid === 'number' && typeof value.nonce === 'string' ? value : UNKNOWN;
  } catch {
    return UNKNOWN;
  }
};

/** The holder that the file names, dead or alive; undefined when there is no file. */
const readHolder = (file: string): LockHolder | undefined => {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
};

const isDead = (holder: LockHolder): boolean => holder !== UNKNOWN && !isAlive(holder);

const writeNew = (file: string, text: string): void => {
  const fd = openSync(file, 'wx', 0o644);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};

const remove = (file: string): void => {
  try {
    unlinkSync(file);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
};

/**
 * Makes the file with its whole content in one step: a link to a finished file. False when it is there already.
 * File systems without links get an exclusive create, whose content follows a moment later.
 */
const place = (file: string, holder: LockHolder): boolean => {
  const text = `${JSON.stringify(holder)}\n`;
  const draft = `${file}.${holder.nonce}`;
  writeNew(draft, text);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    // Somebody who swept took it for one that a dead process had left: the caller tries again.
    if (hasCode(error, 'ENOENT')) return false;
    if (!hasCode(error, 'EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP', 'EMLINK')) throw error;
  } finally {
    remove(draft);
  }
  try {
    writeNew(file, text);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
};

const held = new Map<string, () => void>();
let isWatchingExit = false;

const createLock = (file: string, holder: LockHolder): Lock => {
  if (!isWatchingExit) process.on('exit', () => held.forEach((release) => void release()));
  isWatchingExit = true;
  const release = (): void => {
    if (!held.delete(holder.nonce)) return;
    if (readHolder(file)?.nonce === holder.nonce) remove(file);
  };
  held.set(holder.nonce, release);
  return { holder, release };
};

/** How often somebody else's breaking of the same lock is waited for, 10 ms each. */
const GUARD_WAITS = 200;

/**
 * Removes the lock of a dead holder. Only under a guard, taken by the same protocol, and only while the file is still
 * the dead one's: between our look and our removal another process may have broken it and taken it.
 */
const breakLock = async (file: string, dead: LockHolder): Promise<void> => {
  const guardFile = `${file}.break`;
  for (let waits = 0; ; waits++) {
    try {
      const guard = await acquireLock(guardFile, { command: 'break a lock' });
      try {
        if (readHolder(file)?.nonce === dead.nonce) remove(file);
      } finally {
        guard.release();
      }
      return;
    } catch (error) {
      if (!(error instanceof LockHeld) || waits >= GUARD_WAITS) throw error;
      if (readHolder(file)?.nonce !== dead.nonce) return;
      await sleep(10);
    }
  }
};

/**
 * Takes a lock, or tells who has it. The lock of a provably dead holder is broken, never one that is merely old.
 * The folder is made when it is missing.
 * @throws LockHeld
 */
export const acquireLock = async (file: string, info: { command: string }): Promise<Lock> => {
  mkdirSync(path.dirname(file), { recursive: true });
  const holder: LockHolder = {
    ...ownIdentity(),
    command: info.command,
    nonce: systemClock.newId() + systemClock.newId(),
    since: systemClock.now(),
  };
  for (;;) {
    if (place(file, holder)) return createLock(file, holder);
    const other = readHolder(file);
    if (other === undefined) continue;
    if (!isDead(other)) throw new LockHeld(file, other);
    await breakLock(file, other);
  }
};

/** One that says nothing yet may belong to the living: they write it again. */
const isLeft = (draft: string): boolean => {
  const holder = readHolder(draft);
  return holder !== undefined && (holder === UNKNOWN || isDead(holder));
};

/** Removes what processes left in a folder of locks that died while they were about to take one: it holds nothing. */
export const sweepDrafts = (dir: string): void => {
  if (!existsSync(dir)) return;
  for (const name of readdirSync(dir)) {
    const draft = path.join(dir, name);
    if (/\.[a-z0-9]{20}$/.test(name) && isLeft(draft)) remove(draft);
  }
};

/** Who holds a lock; undefined when it is free, or its holder provably dead. */
export const readLock = (file: string): LockHolder | undefined => {
  const holder = readHolder(file);
  return holder === undefined || isDead(holder) ? undefined : holder;
};
