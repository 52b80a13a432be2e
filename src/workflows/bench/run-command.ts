import { run } from '../../process/run.ts';
import { childEnv, shellCommand } from '../child-env.ts';
import type { Interrupts } from '../interrupts.ts';

export interface CommandRun {
  exitCode: number | null;
  timedOut: boolean;
  /** Both streams in the order in which they were written; of more than 64 MiB the end. */
  log: string;
}

const LOG_BYTES = 64 << 20;

/** One pipe for both streams: read from two, lines would come in another order than they were written. */
const asOneStream = (line: string): string => (process.platform === 'win32' ? line : `exec 2>&1\n${line}`);

/** Runs a case's command, with a time limit and its whole process tree contained, and keeps all it prints. */
export const runCommand = async (command: {
  line: string;
  cwd: string;
  env: Record<string, string | undefined>;
  timeoutSec: number | null;
  interrupts?: Interrupts;
}): Promise<CommandRun> => {
  const aborted = new AbortController();
  const off = command.interrupts?.onStop(() => aborted.abort());
  try {
    const { exitCode, timedOut, tail } = await run({
      ...shellCommand(asOneStream(command.line)),
      cwd: command.cwd,
      env: childEnv(command.env),
      timeoutMs: command.timeoutSec === null ? undefined : command.timeoutSec * 1000,
      tailBytes: LOG_BYTES,
      contain: true,
      signal: aborted.signal,
    });
    return { exitCode, timedOut, log: tail.toString('utf8') };
  } finally {
    off?.();
  }
};
