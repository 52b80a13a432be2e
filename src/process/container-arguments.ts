import { dirname } from 'node:path';
import { REPOSITORY_LABEL } from './containers.ts';
import { RUN_MARKER } from './marker.ts';
import { type Container, holdsSystem, outerFirst, type Sandbox, within } from './sandbox.ts';

/** What a container is made for. */
export interface ContainerRun {
  name: string;
  sandbox: Sandbox;
  container: Container;
  /** The whole environment of the program. */
  env: Record<string, string>;
  /** Where a path really is, undefined where there is nothing: links are bound as what they lead to. */
  real(path: string): string | undefined;
}

/** They speak of the machine outside: of its programs, its folders, its own shell. */
const OF_THE_MACHINE = new Set([
  'PATH',
  'TMPDIR',
  'TMP',
  'TEMP',
  'SHELL',
  'PWD',
  'OLDPWD',
  'SHLVL',
  'HOSTNAME',
  'LD_LIBRARY_PATH',
  'LD_PRELOAD',
  'XDG_RUNTIME_DIR',
  '_',
]);

/** By these a process is known as one of a run; the engine's own processes must not be taken for it. */
const MARKS = [RUN_MARKER, 'AMP_SESSIONS_SESSION', 'AMP_SESSIONS_ITERATION'];

const OURS = /^(HOME|AMP_SESSIONS_\w+)$/;

/** The environment of the engine's client: the values that `--env NAME` passes on come from here, and are in no `ps`. */
export const clientEnv = (env: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !MARKS.includes(name)));

/** The image's own variables stand: they belong to the programs in it. */
const variables = ({ env, container }: ContainerRun): string[] => {
  const isPassed = (name: string): boolean =>
    OURS.test(name) ||
    (/^[A-Za-z_]\w*$/.test(name) && !OF_THE_MACHINE.has(name) && !container.variables.includes(name));
  return Object.entries(env)
    .filter(([name]) => isPassed(name))
    .flatMap(([name, value]) => ['--env', MARKS.includes(name) ? `${name}=${value}` : name]);
};

/** One field of a line of CSV, as `--mount` takes it. */
const field = (name: string, value: string): string => {
  const text = `${name}=${value}`;
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

const OPEN_TMPFS = 'rw,exec,nosuid,nodev,mode=1777';

/** Folders between the home folder and what is bound below it: an engine would make them root's, and closed to others. */
const between = (home: string, bound: readonly string[]): string[] =>
  bound.flatMap((path) => {
    const above: string[] = [];
    for (let at = dirname(path); at !== home && within(at, [home]); at = dirname(at)) above.push(at);
    return above.filter((folder) => !within(folder, bound));
  });

/**
 * By where they are seen, a later one instead of an earlier one. The engines mount outer folders before what is in
 * them, so that the order does not matter.
 */
const mounts = ({ sandbox, container, real }: ContainerRun): string[] => {
  const { home, readable, hidden, writable } = sandbox;
  const found = new Map<string, string[]>();
  const bindAs = (source: string, path: string, ...how: string[]): void => {
    const fields = ['type=bind', field('source', source), field('destination', path), ...how];
    found.set(path, ['--mount', fields.join(',')]);
  };
  const bind = (paths: readonly string[], ...how: string[]): void => {
    for (const path of paths) {
      const source = real(path);
      if (source !== undefined) bindAs(source, path, ...how);
    }
  };
  const bound = [...readable, ...writable].filter((path) => real(path) !== undefined);
  const own = holdsSystem(home) ? [] : [home, ...outerFirst(between(home, bound))];
  for (const path of ['/tmp', '/var/tmp', ...own]) found.set(path, ['--tmpfs', `${path}:${OPEN_TMPFS}`]);
  bind(outerFirst(readable), 'readonly');
  for (const path of hidden.filter((one) => within(one, readable) && real(one) !== undefined))
    found.set(path, ['--mount', ['type=tmpfs', field('destination', path), 'tmpfs-mode=0755'].join(',')]);
  bind(outerFirst(writable));
  if (container.users !== undefined) bindAs(container.users, '/etc/passwd', 'readonly');
  return [...found.values()].flat();
};

/**
 * The arguments of `docker run` or `podman run` for a shell that gets `script` and then `words`. Nothing is fetched,
 * nothing is kept: no container, no log of what it prints. The network is the machine's own, as without a container.
 */
export const containerArguments = (run: ContainerRun, script: string, words: string[]): string[] => [
  ...['run', '--rm', '--interactive', '--init', '--pull=never', '--log-driver', 'none', '--no-healthcheck'],
  ...['--name', run.name, '--label', `${REPOSITORY_LABEL}=${run.container.repository}`],
  ...run.container.user,
  ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--security-opt', 'label=disable'],
  ...['--pids-limit', '16384', '--shm-size', '1g', '--network', 'host', '--workdir', run.sandbox.cwd],
  ...mounts(run),
  ...variables(run),
  ...['--entrypoint', '/bin/sh', run.container.image.id, '-c', script, 'init', ...words],
];
