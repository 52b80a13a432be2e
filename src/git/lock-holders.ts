import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { listProcesses } from '../process/processes.ts';
import { isInside } from './paths.ts';

/** A lock file of git, and the folders in which a git at work could be its owner. */
export interface LockFile {
  path: string;
  folders: string[];
}

/** Subcommands of git that take no lock: they run beside us all the time. */
const READERS = new Set(['cat-file', 'log', 'show', 'diff-tree', 'rev-list', 'for-each-ref', 'ls-tree', 'rev-parse']);

const onLinux = process.platform === 'linux';

const tryRead = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

const hasOpen = (pid: number, path: string): boolean =>
  (tryRead(() => readdirSync(`/proc/${pid}/fd`)) ?? []).some(
    (fd) => tryRead(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) === path,
  );

const subcommandOf = (pid: number): string | undefined => {
  const [program, ...args] = (tryRead(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '').split('\0');
  const name = basename(program ?? '').replace(/\.exe$/, '');
  if (name.startsWith('git-')) return name.slice('git-'.length);
  return name === 'git' ? (args.find((arg) => !arg.startsWith('-')) ?? '') : undefined;
};

/** Where a process works; a process of another user hides it, and then only its owner's locks are in doubt. */
const worksIn = (pid: number, lock: LockFile): boolean => {
  const cwd = tryRead(() => readlinkSync(`/proc/${pid}/cwd`));
  if (cwd === undefined) {
    const owner = tryRead(() => statSync(`/proc/${pid}`).uid);
    return owner !== undefined && owner === tryRead(() => statSync(lock.path).uid) && owner !== process.getuid?.();
  }
  if (lock.folders.some((folder) => isInside(folder, cwd))) return true;
  const variables = (tryRead(() => readFileSync(`/proc/${pid}/environ`, 'utf8')) ?? '').split('\0');
  const named = variables.filter((text) => /^GIT_(DIR|WORK_TREE|COMMON_DIR|INDEX_FILE)=/.test(text));
  return named.some((text) => lock.folders.some((folder) => isInside(folder, text.slice(text.indexOf('=') + 1))));
};

/**
 * A living process that may hold a lock: it has the file open, or it is a git at work there. Git closes a lock before
 * it is done with it (`git commit` while the editor is open), so an open file alone would not tell.
 * Where processes cannot be looked into, any other git that is alive counts.
 * @returns its pid, or undefined when the lock is a dead one's
 */
export const findHolder = (lock: LockFile): number | undefined => {
  const others = listProcesses().filter(({ pid }) => pid !== process.pid);
  if (!onLinux) return undefined;
  return others.find(({ pid }) => {
    if (hasOpen(pid, lock.path)) return true;
    const subcommand = subcommandOf(pid);
    return subcommand !== undefined && !READERS.has(subcommand) && worksIn(pid, lock);
  })?.pid;
};
