import { spawn } from 'node:child_process';

/**
 * Runs a program that talks to the person itself (an editor, a pager, a diff tool) on this terminal, to its end.
 * While it runs, Ctrl-C is its own affair.
 * @returns its exit code, null when a signal ended it. @throws the raw spawn error (`ENOENT`, …)
 */
export const runInteractive = (options: {
  command: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  /** Written to its standard input, which is the terminal otherwise. */
  input?: Buffer;
}): Promise<number | null> =>
  new Promise((resolve, reject) => {
    const ignore = (): void => {};
    process.on('SIGINT', ignore);
    const child = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: options.env,
      stdio: [options.input === undefined ? 'inherit' : 'pipe', 'inherit', 'inherit'],
    });
    child.once('error', reject);
    child.once('close', (code) => resolve(code));
    child.stdin?.on('error', ignore);
    child.stdin?.end(options.input);
    child.once('close', () => process.off('SIGINT', ignore));
    child.once('error', () => process.off('SIGINT', ignore));
  });
