import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

/** Where the system's own tools are: never looked up on PATH, so a repository cannot plant one. */
const SYSTEM_DIRS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/run/current-system/sw/bin'];

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
};

/** Absolute path of one of the system's own tools. */
export const systemProgram = (name: string): string | undefined =>
  SYSTEM_DIRS.map((dir) => path.join(dir, name)).find(isProgram);

const spawnError = (code: 'ENOENT' | 'EACCES', command: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`spawn ${command} ${code}`), { code, path: command, syscall: `spawn ${command}` });

/**
 * Finds a command as execvp would: a name on PATH, or a path with a slash relative to `cwd`. POSIX.
 * @throws the error that `spawn` would give: `ENOENT`, or `EACCES` when it is there and cannot be run.
 */
export const resolveCommand = (command: string, options: { cwd: string; path: string | undefined }): string => {
  const candidates = command.includes('/')
    ? [path.resolve(options.cwd, command)]
    : (options.path ?? '/usr/bin:/bin').split(':').map((dir) => path.resolve(options.cwd, dir, command));
  const found = candidates.find(isProgram);
  if (found !== undefined) return found;
  const isThere = candidates.some((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
  throw spawnError(isThere ? 'EACCES' : 'ENOENT', command);
};
