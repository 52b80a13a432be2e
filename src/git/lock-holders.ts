import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { listProcesses } from '../process/processes.ts';
import { run } from '../process/run.ts';
import { isInside } from './paths.ts';

/** A lock file of git, and the folders in which a git at work could be its owner. */
export interface LockFile {
  path: string;
  folders: string[];
}

/** Subcommands of git that take no lock: they run beside us all the time. */
const READERS = new Set(['cat-file', 'log', 'show', 'diff-tree', 'rev-list', 'for-each-ref', 'ls-tree', 'rev-parse']);

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

/** The subcommand of git that a command line starts; undefined when it is another program. */
const subcommandOf = ([program = '', ...args]: string[]): string | undefined => {
  const name = basename(program).replace(/\.exe$/, '');
  if (name.startsWith('git-')) return name.slice('git-'.length);
  return name === 'git' ? (args.find((arg) => !arg.startsWith('-')) ?? '') : undefined;
};

const isWriter = (commandLine: string[]): boolean => {
  const subcommand = subcommandOf(commandLine);
  return subcommand !== undefined && !READERS.has(subcommand);
};

const commandLineOf = (pid: number): string[] =>
  (tryRead(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '').split('\0');

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

const findInProc = (lock: LockFile): number | undefined =>
  listProcesses()
    .filter(({ pid }) => pid !== process.pid)
    .find(({ pid }) => hasOpen(pid, lock.path) || (isWriter(commandLineOf(pid)) && worksIn(pid, lock)))?.pid;

/** `ps` of POSIX shows what runs, not where: any git that may hold a lock counts. */
export const findByPs = async (): Promise<number | undefined> => {
  const { stdout } = await run({
    command: '/bin/ps',
    args: ['-A', '-o', 'pid=,args='],
    cwd: '/',
    env: { LC_ALL: 'C' },
    timeoutMs: 10_000,
  });
  const lines = stdout.toString('utf8').split('\n');
  const found = lines.map((line) => line.trim().split(/\s+/)).find(([, ...commandLine]) => isWriter(commandLine));
  return found && Number(found[0]);
};

/**
 * A living process that may hold a lock: it has the file open, or it is a git at work there. Git closes a lock before
 * it is done with it (`git commit` while the editor is open), so an open file alone would not tell.
 * Windows does not let go of a file that a living process has open, and is not asked.
 * @returns its pid, or undefined when the lock is a dead one's
 */
export const findHolder = async (lock: LockFile): Promise<number | undefined> => {
  if (process.platform === 'linux') return findInProc(lock);
  return process.platform === 'win32' ? undefined : findByPs();
};
