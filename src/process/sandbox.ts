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

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** Folders before what is in them, so that one mount does not cover another. */
const outerFirst = (paths: readonly string[]): string[] => [...new Set(paths)].sort((a, b) => a.length - b.length);

const pairs = (flag: string, paths: readonly string[]): string[] => paths.flatMap((path) => [flag, path, path]);

/**
 * The program and arguments that put what follows them into a namespace of processes, as `namespacePrefix` does, and of
 * files. Its first process is what follows.
 * @returns undefined where bubblewrap is not installed
 */
export const sandboxPrefix = ({ home, readable, hidden, writable, cwd }: Sandbox): NamespacePrefix | undefined => {
  const [setpriv, bwrap] = [systemProgram('setpriv'), systemProgram('bwrap')];
  if (process.platform !== 'linux' || !setpriv || !bwrap) return undefined;
  const covered = hidden.filter((path) => readable.some((folder) => isWithin(path, folder)));
  const isHome = home !== '/' && !SYSTEM.some((folder) => isWithin(folder, home));
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
