import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { scriptedEntry } from '../agents/scripted.ts';
import { AppError } from '../errors.ts';
import type { Worktree } from '../git/repository.ts';
import { type Sandbox, sandboxWorks } from '../process/sandbox.ts';
import type { Context } from './context.ts';

/** What agents keep in the home folder and cannot do without: their login, their threads. */
const OF_AGENTS: Record<string, { readable: string[]; writable: string[] }> = {
  amp: { readable: ['.config/amp'], writable: ['.local/share/amp', '.cache/amp', '.amp'] },
};

/** The user's git: who they are. */
const OF_GIT = ['.gitconfig', '.config/git'];

const isProgramFolder = (dir: string): boolean => ['bin', 'sbin', 'shims'].includes(basename(dir));

/**
 * Where programs on PATH are, with what they are installed with: of `<prefix>/bin` the prefix, unless other things of
 * the user are in it (`~/.local`, the home folder itself).
 */
const programFolders = (path: string, home: string): string[] =>
  path
    .split(delimiter)
    .filter((dir) => isAbsolute(dir) && existsSync(dir))
    .map((dir) => {
      const prefix = dirname(dir);
      const isShared = prefix === '/' || `${home}/`.startsWith(`${prefix}/`) || prefix === join(home, '.local');
      return isProgramFolder(dir) && !isShared ? prefix : dir;
    });

/** Folders that the repository borrows objects from. */
const alternatesOf = (commonDir: string): string[] => {
  const file = join(commonDir, 'objects', 'info', 'alternates');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => resolve(commonDir, 'objects', line));
};

/** Links are bound as what they lead to, under their own name: a path has to be the one that programs will use. */
const real = (path: string): string => {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
};

/** What an agent sees of the machine: programs, its worktree, the repository's git directory, and a home of its own. */
const planFor = (ctx: Context, wt: Worktree, agent: string): Sandbox => {
  const home = ctx.env['HOME'] || homedir();
  const { readable = [], writable = [] } = Object.hasOwn(OF_AGENTS, agent) ? OF_AGENTS[agent]! : {};
  const inHome = (paths: readonly string[]): string[] => paths.map((path) => resolve(home, path));
  const own = agent === 'scripted' ? [dirname(dirname(scriptedEntry()))] : [];
  const node = dirname(dirname(real(process.execPath)));
  return {
    home,
    readable: [
      ...programFolders(ctx.env['PATH'] ?? '', home),
      ...(node === '/' ? [] : [node]),
      ...own,
      ...inHome([...OF_GIT, ...readable]),
      ...alternatesOf(ctx.repo.commonDir),
    ],
    hidden: [ctx.home.data, ctx.home.state, ctx.home.config],
    writable: [wt.path, ctx.repo.commonDir, ...inHome([...writable, ...(ctx.config.config.sandbox.home ?? [])])],
    cwd: wt.path,
  };
};

/**
 * The sandbox that the configuration asks for around an agent's run.
 * @returns undefined: none is wanted, or with `auto` none can be had, which the user is told
 * @throws AppError sandbox.missing when one is wanted and cannot be had; config.untrusted
 */
export const sandboxFor = async (ctx: Context, wt: Worktree, agent: string): Promise<Sandbox | undefined> => {
  const { use } = ctx.config.config.sandbox;
  ctx.config.requireTrust(['sandbox.use', 'sandbox.home']);
  if (use === 'none') return undefined;
  if (await sandboxWorks()) return planFor(ctx, wt, agent);
  if (use === 'bwrap')
    throw new AppError('sandbox.missing', 'The agent is to run in a sandbox, and bubblewrap does not work here.', {
      hint: 'Install bubblewrap (`bwrap`) and allow unprivileged user namespaces, or set sandbox.use to none.',
    });
  ctx.warn('The agent runs without a sandbox: bubblewrap (`bwrap`) is not installed, or not allowed to work.');
  return undefined;
};

/** What holds the agents of a run, in one word. */
export const isolationWord = async (ctx: Context, stops: string): Promise<string> =>
  ctx.config.config.sandbox.use !== 'none' && (await sandboxWorks()) ? 'bwrap' : stops;
