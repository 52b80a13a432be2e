import { execFile } from 'node:child_process';
import { systemProgram } from './programs.ts';

/**
 * How surely a stop reaches every process: `namespace` (Linux: the kernel kills all of a PID namespace with its first
 * process), or `group` (process group, descendants and marked environments; a process that hides from all three stays).
 */
export type StopStrength = 'namespace' | 'group';

/** The program and arguments that put what follows them into a PID namespace that dies with us. */
export type NamespacePrefix = readonly [string, ...string[]];

const PID_NAMESPACE = ['--pid', '--fork', '--kill-child', '--mount-proc'];

/** Root needs no user namespace; everybody else gets one in which they stay who they are. */
export const namespacePrefixes = (): NamespacePrefix[] => {
  const setpriv = systemProgram('setpriv');
  const unshare = systemProgram('unshare');
  if (process.platform !== 'linux' || !setpriv || !unshare) return [];
  const start = [setpriv, '--pdeathsig', 'KILL', unshare] as const;
  return [
    [...start, ...PID_NAMESPACE],
    [...start, '--user', '--map-current-user', ...PID_NAMESPACE],
  ];
};

export const prefixWorks = ([program, ...args]: NamespacePrefix): Promise<boolean> =>
  new Promise((resolve) => {
    execFile(program, [...args, '/bin/sh', '-c', 'echo $$'], { timeout: 5_000, env: {} }, (error, stdout) =>
      resolve(error === null && stdout.trim() === '1'),
    );
  });

const probe = async (): Promise<NamespacePrefix | undefined> => {
  for (const prefix of namespacePrefixes()) if (await prefixWorks(prefix)) return prefix;
  return undefined;
};

let probed: Promise<NamespacePrefix | undefined> | undefined;

/** The prefix that works here, tried once a process. */
export const namespacePrefix = (): Promise<NamespacePrefix | undefined> => {
  probed ??= probe();
  return probed;
};

/** What a stop is worth on this machine. */
export const stopStrength = async (): Promise<StopStrength> => ((await namespacePrefix()) ? 'namespace' : 'group');
