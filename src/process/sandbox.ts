import type { EngineKind } from './engine.ts';
import { systemProgram } from './programs.ts';
import { type NamespacePrefix, prefixWorks } from './strength.ts';

/** What a sandboxed process sees of the file system beside the system's own folders. All paths absolute. */
export interface Sandbox {
  /** Its home folder: empty, gone afterwards, but for what is bound below it. */
  home: string;
  /** Seen, and not written to; those that do not exist are passed over. */
  readable: readonly string[];
  /** Below `readable`, and yet not seen. */
  hidden: readonly string[];
  writable: readonly string[];
  cwd: string;
  /** The container that it is; undefined: bubblewrap, with the system's own programs. */
  container?: Container;
}

/** A container of an engine. Programs and the system's folders are those of its image. */
export interface Container {
  engine: EngineKind;
  /** The engine's program. */
  program: string;
  /** As the settings name it, and by what it is started. */
  image: { name: string; id: string };
  /** Names of the variables that the image sets. */
  variables: readonly string[];
  /** Arguments of `run` that say who it runs as. */
  user: readonly string[];
  /** File to be seen as `/etc/passwd`; undefined: the image's own. */
  users?: string;
  /** Folders that programs are looked for in after the image's own. */
  path: readonly string[];
  /** Word for the repository, by which its containers are found. */
  repository: string;
}

/** Programs, libraries and the machine's settings; nothing of a person, and no data. */
const SYSTEM = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/etc',
  '/opt',
  '/nix/store',
  '/run/current-system',
  '/run/systemd/resolve',
];

/** Whether a path is one of these folders, or in one. */
export const within = (path: string, folders: readonly string[]): boolean =>
  folders.some((folder) => path === folder || path.startsWith(`${folder}/`));

/** Whether a path is one of the system's own, of which an image has its own. What is below `/opt` was put there. */
export const isOfSystem = (path: string): boolean =>
  path === '/opt' ||
  within(
    path,
    SYSTEM.filter((folder) => folder !== '/opt'),
  );

/** A home folder that is the root, or holds the system, is left as it is. */
export const holdsSystem = (home: string): boolean => home === '/' || SYSTEM.some((folder) => within(folder, [home]));

/** Folders before what is in them, so that one mount does not cover another. */
export const outerFirst = (paths: readonly string[]): string[] =>
  [...new Set(paths)].sort((a, b) => a.length - b.length);

const pairs = (flag: string, paths: readonly string[]): string[] => paths.flatMap((path) => [flag, path, path]);

/**
 * The program and arguments that put what follows them into a namespace of processes, as `namespacePrefix` does, and of
 * files. Its first process is what follows.
 * @returns undefined where bubblewrap is not installed
 */
export const sandboxPrefix = ({ home, readable, hidden, writable, cwd }: Sandbox): NamespacePrefix | undefined => {
  const [setpriv, bwrap] = [systemProgram('setpriv'), systemProgram('bwrap')];
  if (process.platform !== 'linux' || !setpriv || !bwrap) return undefined;
  const covered = hidden.filter((path) => within(path, readable));
  const isHome = !holdsSystem(home);
  return [
    setpriv,
    ...['--pdeathsig', 'KILL', bwrap, '--unshare-pid', '--unshare-ipc', '--die-with-parent', '--as-pid-1'],
    ...pairs('--ro-bind-try', SYSTEM),
    ...['--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp', '--tmpfs', '/var/tmp'],
    ...(isHome ? ['--tmpfs', home] : []),
    ...pairs('--ro-bind-try', outerFirst(readable)),
    ...outerFirst(covered).flatMap((path) => ['--tmpfs', path]),
    ...pairs('--bind-try', outerFirst(writable)),
    ...['--chdir', cwd, '--'],
  ];
};

let probed: Promise<boolean> | undefined;

/** Whether a sandbox can be had here, tried once a process. */
export const sandboxWorks = (): Promise<boolean> => {
  const prefix = sandboxPrefix({ home: '/nowhere', readable: [], hidden: [], writable: [], cwd: '/' });
  probed ??= prefix ? prefixWorks(prefix) : Promise.resolve(false);
  return probed;
};

/** That a sandbox cannot be had, in a sentence. */
export const sandboxError = (message: string): Error => Object.assign(new Error(message), { code: 'ESANDBOX' });
