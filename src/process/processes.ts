import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process as the system lists it. Pid and start time together name it: a pid alone is used again. */
export interface ListedProcess {
  pid: number;
  parent: number;
  group: number;
  /** Opaque; two processes with the same pid differ in it. Empty where the system does not tell. */
  startTime: string;
}

const onLinux = process.platform === 'linux';

/** One process by its /proc entry; undefined when it is gone or only a zombie. Linux. */
const readStat = (pid: number | string): ListedProcess | undefined => {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The name in parentheses may hold anything, also parentheses: fields start after the last one. man 5 proc.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return { pid: Number(pid), parent: Number(fields[1]), group: Number(fields[2]), startTime: fields[19] ?? '' };
};

const listFromProc = (): ListedProcess[] => {
  const found: ListedProcess[] = [];
  for (const name of readdirSync('/proc')) {
    const entry = /^\d+$/.test(name) ? readStat(name) : undefined;
    if (entry) found.push(entry);
  }
  return found;
};

/** `ps` of POSIX: macOS and the BSDs. Its start time has a resolution of a second. */
const listFromPs = (): ListedProcess[] => {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,pgid=,stat=,lstart='], {
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const found: ListedProcess[] = [];
  for (const line of (stdout ?? '').split('\n')) {
    const [pid, parent, group, state, ...start] = line.trim().split(/\s+/);
    if (pid && !state?.startsWith('Z'))
      found.push({ pid: Number(pid), parent: Number(parent), group: Number(group), startTime: start.join(' ') });
  }
  return found;
};

/** Every living process that the system shows us, zombies left out. Windows: none, `taskkill` does its own looking. */
export const listProcesses = (): ListedProcess[] => {
  if (onLinux) return listFromProc();
  return process.platform === 'win32' ? [] : listFromPs();
};

/** Start time of a living process; undefined when it is gone, empty when the system does not tell. */
export const startTimeOf = (pid: number): string | undefined => {
  if (onLinux) return readStat(pid)?.startTime;
  if (process.platform !== 'win32') return listFromPs().find((entry) => entry.pid === pid)?.startTime;
  try {
    process.kill(pid, 0);
    return '';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? '' : undefined;
  }
};

export const isRunning = (entry: ListedProcess): boolean => startTimeOf(entry.pid) === entry.startTime;

/** All descendants of a process, in a list made earlier. */
export const descendantsIn = (list: ListedProcess[], root: number): ListedProcess[] => {
  const byParent = new Map<number, ListedProcess[]>();
  for (const entry of list) {
    const siblings = byParent.get(entry.parent);
    if (siblings) siblings.push(entry);
    else byParent.set(entry.parent, [entry]);
  }
  const found: ListedProcess[] = [];
  const queue = [root];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop())
    for (const child of byParent.get(pid) ?? []) {
      found.push(child);
      queue.push(child.pid);
    }
  return found;
};

/** Pids of the direct children, cheaply where the kernel keeps the list (CONFIG_PROC_CHILDREN). Linux. */
export const childrenOf = (pid: number): number[] => {
  try {
    const found: number[] = [];
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const list = readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1');
      for (const child of list.split(' ')) if (child !== '') found.push(Number(child));
    }
    return found;
  } catch {
    return listProcesses().flatMap((entry) => (entry.parent === pid ? [entry.pid] : []));
  }
};

/** The living processes whose environment at their start held `name=value`. Linux; elsewhere none. */
export const processesWithEnv = (list: ListedProcess[], name: string, value: string): ListedProcess[] => {
  if (!onLinux) return [];
  const needle = Buffer.from(`\0${name}=${value}\0`);
  return list.filter(({ pid }) => {
    try {
      const environ = readFileSync(`/proc/${pid}/environ`);
      return Buffer.concat([Buffer.of(0), environ, Buffer.of(0)]).includes(needle);
    } catch {
      return false;
    }
  });
};

/** The pipes and sockets behind a process's stdout and stderr, by inode: `socket:[4711]`. Linux; elsewhere none. */
export const openPipes = (pid: number): string[] =>
  [1, 2].flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/${pid}/fd/${fd}`);
      return /^(socket|pipe):/.test(target) ? [target] : [];
    } catch {
      return [];
    }
  });

/** Sends a signal; false when there was nobody to get it. */
export const sendSignal = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
};
