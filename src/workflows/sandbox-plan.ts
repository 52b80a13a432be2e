import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { findAmp } from '../agents/amp-program.ts';
import { scriptedEntry } from '../agents/scripted.ts';
import { isAppError } from '../errors.ts';
import { isOfSystem, type Sandbox } from '../process/sandbox.ts';
import type { Context } from './context.ts';
import { repositoryWord, type UsableContainer } from './engines.ts';

/** What agents keep in the home folder and cannot do without: their login, their threads. */
const OF_AGENTS: Record<string, { readable: string[]; writable: string[] }> = {
  amp: { readable: ['.config/amp'], writable: ['.local/share/amp', '.cache/amp', '.amp'] },
};

/**
 * What is in a folder, one by one: Amp ends at once where it cannot write beside its settings. So the folder is one of
 * the home that is thrown away, and only what is in it is the user's.
 */
const entriesOf = (path: string): string[] =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path];

/** The user's git: who they are. */
const OF_GIT = ['.gitconfig', '.config/git'];

const isProgramFolder = (dir: string): boolean => ['bin', 'sbin', 'shims'].includes(basename(dir));

const foldersOf = (path: string): string[] => path.split(delimiter).filter((dir) => isAbsolute(dir) && existsSync(dir));

/**
 * Where programs on PATH are, with what they are installed with: of `<prefix>/bin` the prefix, unless other things of
 * the user are in it (`~/.local`, the home folder itself).
 */
const programFolders = (folders: string[], home: string): string[] =>
  folders.map((dir) => {
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

/** The package that npm installed a program with; of another the file alone. */
const packageOf = (file: string): string => /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? file;

/** The agent's own program, wherever it is installed: an image has none, or another. */
const ownProgram = (ctx: Context, agent: string): string[] => {
  if (agent === 'scripted') return [dirname(dirname(scriptedEntry()))];
  if (agent !== 'amp') return [];
  try {
    return [packageOf(findAmp({ configured: ctx.config.config.agents.amp.path, env: ctx.env, root: ctx.repo.root }))];
  } catch (error) {
    if (isAppError(error, 'agent.missing')) return [];
    throw error;
  }
};

/** Authorities that the user trusts beside the image's: without them nobody is reached from behind many a proxy. */
const authorities = (env: Context['env']): string[] =>
  ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'].flatMap((name) => (isAbsolute(env[name] ?? '') ? [env[name]!] : []));

const withoutSystem = (paths: string[]): string[] => paths.filter((path) => !isOfSystem(path));

/**
 * What an agent sees of the machine: programs, its worktree, the repository's git directory, and a home of its own. In
 * a container the system's programs are the image's, and those installed elsewhere are found after them.
 */
export const planFor = (ctx: Context, cwd: string, agent: string, usable?: UsableContainer): Sandbox => {
  const home = resolve(ctx.env['HOME'] || homedir());
  const { readable = [], writable = [] } = Object.hasOwn(OF_AGENTS, agent) ? OF_AGENTS[agent]! : {};
  const inHome = (paths: readonly string[]): string[] => paths.map((path) => resolve(home, path));
  const node = dirname(dirname(real(process.execPath)));
  const path = foldersOf(ctx.env['PATH'] ?? '');
  const programs = [...programFolders(path, home), ...(node === '/' ? [] : [node])];
  return {
    home,
    readable: [
      ...(usable ? withoutSystem(programs) : programs),
      ...ownProgram(ctx, agent),
      ...inHome(OF_GIT),
      ...inHome(readable).flatMap(entriesOf),
      ...alternatesOf(ctx.repo.commonDir),
      ...(usable ? authorities(ctx.env) : []),
    ],
    hidden: [ctx.home.data, ctx.home.state, ctx.home.config],
    writable: [cwd, ctx.repo.commonDir, ...inHome([...writable, ...(ctx.config.config.sandbox.home ?? [])])],
    cwd,
    ...(usable && {
      container: { ...usable.container, path: withoutSystem(path), repository: repositoryWord(ctx) },
    }),
  };
};
