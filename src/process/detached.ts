import { spawn } from 'node:child_process';

export interface DetachedOptions {
  command: string;
  args: string[];
  cwd: string;
  env: Record<string, string | undefined>;
}

/**
 * Starts a program that outlives us, in a session of its own, with no terminal, no input and nobody who reads its
 * output. That it cannot be started is not told: whoever needs its work sees that it was not done.
 */
export const startDetached = ({ command, args, cwd, env }: DetachedOptions): void => {
  const child = spawn(command, args, { cwd, env, detached: true, stdio: 'ignore', windowsHide: true });
  child.on('error', () => {});
  child.unref();
};
