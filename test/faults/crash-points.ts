import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { program as executable } from '../git/support.ts';
import { PROGRAM } from '../support/cli.ts';
import { sh, tempDir } from '../support/repo.ts';

/** One moment to die at: just before a system call that changes the repository. */
export interface Point {
  /** The program itself, or the git that it starts as the n-th, from 1. */
  who: 'program' | number;
  call: string;
  /** Which call of that name in its thread, from 1: strace counts so. */
  nth: number;
  /** Only that git dies, and the program hears of it; otherwise all processes die. */
  alone: boolean;
  /** The call as it was when the points were found, for a person. */
  text: string;
}

export const hasStrace = process.platform === 'linux' && existsSync('/usr/bin/strace');

const CALLS = [
  ...['openat', 'creat', 'write', 'pwrite64', 'writev', 'ftruncate', 'truncate', 'copy_file_range'],
  ...['rename', 'renameat', 'renameat2', 'mkdir', 'mkdirat', 'unlink', 'unlinkat', 'rmdir'],
  ...['link', 'linkat', 'symlink', 'symlinkat', 'chmod', 'fchmod', 'fchmodat'],
];

/** Whether a traced call changed something below a folder. */
const changes = (dir: string, call: string, rest: string): boolean => {
  if (/= -1 E[A-Z]+/.test(rest)) return false;
  if (call === 'openat' && !/O_CREAT|O_TRUNC/.test(rest)) return false;
  if (/^(write|pwrite64|writev|ftruncate|fchmod|copy_file_range)$/.test(call))
    return rest.startsWith(`${/^\d+/.exec(rest)}<${dir}/`);
  const paths = [...rest.matchAll(/"([^"]*)"/g)].map(([, path]) => path!);
  return paths.some((path) => !path.startsWith('/') || path.startsWith(`${dir}/`));
};

/** The points of one traced program, in order. Each thread has counters of its own. */
const parse = (who: Point['who'], dir: string, trace: string): Point[] => {
  const counters = new Map<string, number>();
  const points = new Map<string, Point>();
  for (const line of trace.split('\n')) {
    const [, pid, call, rest] = /^(\d+) +([a-z_0-9]+)\((.*)$/.exec(line) ?? [];
    if (pid === undefined || call === undefined || rest === undefined) continue;
    const nth = (counters.get(`${pid} ${call}`) ?? 0) + 1;
    counters.set(`${pid} ${call}`, nth);
    const key = `${call} ${nth}`;
    if (changes(dir, call, rest) && !points.has(key)) {
      const text = `${who === 'program' ? who : `git ${who}`}: ${call}(${rest.slice(0, 160)}`;
      points.set(key, { who, call, nth, alone: false, text });
    }
  }
  return [...points.values()];
};

/** Every git is counted; `at` says what is done with one of them. */
const gitInFolder = async (
  counters: string,
  at: { all: string } | { nth: number; with: string; alone: boolean },
): Promise<string> => {
  const bin = tempDir('amp-dying-');
  const real = (await sh('/', 'command -v git')).stdout.trim();
  const died = `touch '${counters}/died'`;
  const how =
    'all' in at
      ? `exec ${at.all} '${real}' "$@"`
      : `[ $k -eq ${at.nth} ] || exec '${real}' "$@"
${at.with} '${real}' "$@"
code=$?
[ $code -lt 128 ] || ${at.alone ? died : `{ ${died}; kill -9 $(cat '${counters}/leader'); }`}
exit $code`;
  const count = `k=1; while ! mkdir '${counters}/'$k 2>/dev/null; do k=$((k+1)); done`;
  executable(join(bin, 'git'), `${count}\n${how}`);
  return bin;
};

export interface Ended {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** In a process group of its own, of which nobody is left afterwards. */
const inGroup = (command: string[], env: NodeJS.ProcessEnv, counters?: string): Promise<Ended> =>
  new Promise((resolve) => {
    const [file, ...args] = command;
    const child = spawn(file!, args, { cwd: '/', env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    // Whoever is to die with its git is known before it starts one.
    if (counters !== undefined) writeFileSync(join(counters, 'leader'), String(child.pid));
    const out = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (chunk) => (out[stream] += chunk));
    child.on('exit', () => {
      try {
        process.kill(-child.pid!, 'SIGKILL');
      } catch {
        // Nobody was left.
      }
    });
    child.on('close', (exitCode) => resolve({ exitCode, ...out }));
  });

// One thread for files: calls come in one order.
const environment = (bin?: string): NodeJS.ProcessEnv => ({
  ...process.env,
  UV_THREADPOOL_SIZE: '1',
  ...(bin && { PATH: `${bin}:${process.env['PATH']}` }),
});

const nodeLine = (dir: string, args: string[]): string[] => [process.execPath, PROGRAM, '-C', dir, ...args];

const strace = (output: string, what: string[]): string[] => ['strace', '-f', '-qq', '-o', output, ...what];

/** Runs the program once and tells every moment at which it, or one of its gits, changes the repository. */
export const findPoints = async (dir: string, args: string[]): Promise<Point[]> => {
  const counters = tempDir('amp-traces-');
  const traced = ['-y', '-e', `trace=${CALLS.join(',')}`];
  const all = strace(`'${counters}/'$k/trace`, traced).join(' ');
  const env = environment(await gitInFolder(counters, { all }));
  const own = join(counters, 'program');
  const ran = await inGroup([...strace(own, ['-b', 'execve', ...traced]), ...nodeLine(dir, args)], env);
  if (ran.exitCode !== 0) throw new Error(`${args.join(' ')}: ${ran.stderr}`);
  const gits = readdirSync(counters).filter((name) => /^\d+$/.test(name));
  const ofGit = gits
    .map(Number)
    .sort((a, b) => a - b)
    .flatMap((k) => parse(k, dir, readFileSync(join(counters, String(k), 'trace'), 'utf8')));
  const alone = ofGit.map((point) => ({ ...point, alone: true, text: `alone, ${point.text}` }));
  return [...parse('program', dir, readFileSync(own, 'utf8')), ...ofGit, ...alone];
};

/** Runs the program, somebody of which is killed at a point; when it is never reached, nobody is. */
export const dieAt = async (point: Point, dir: string, args: string[]): Promise<Ended & { died: boolean }> => {
  const inject = ['-e', `trace=${point.call}`, '-e', `inject=${point.call}:signal=KILL:when=${point.nth}`];
  if (point.who === 'program') {
    const line = [...strace('/dev/null', ['-b', 'execve', ...inject]), ...nodeLine(dir, args)];
    const ended = await inGroup(line, environment());
    return { ...ended, died: ended.exitCode === null || ended.exitCode > 128 };
  }
  const counters = tempDir('amp-traces-');
  const fatal = strace('/dev/null', inject).join(' ');
  const bin = await gitInFolder(counters, { nth: point.who, with: fatal, alone: point.alone });
  const ended = await inGroup(nodeLine(dir, args), environment(bin), counters);
  const died = existsSync(join(counters, 'died'));
  for (const folder of [counters, bin]) rmSync(folder, { recursive: true, force: true });
  return { ...ended, died };
};
