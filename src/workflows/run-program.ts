import { dirtyPaths } from '../git/commits.ts';
import type { Worktree } from '../git/repository.ts';
import { run } from '../process/run.ts';
import type { Leftover } from '../session/state.ts';
import { childEnv, shellCommand } from './child-env.ts';
import type { Context } from './context.ts';
import { requireOwnCommands } from './foreign-commands.ts';
import type { Interrupts } from './interrupts.ts';
import { LiveOutput, redactedTail, SEEN_BYTES } from './program-output.ts';

/** Left-behind files that are remembered one by one; a run that leaves more wants a `.gitignore`. */
const LEFTOVERS_MAX = 5_000;

export interface ProgramRun {
  exitCode: number | null;
  signal: string | null;
  timedOut: boolean;
  durationMs: number;
  outputTail: string;
  outputBytes: number;
  leftovers: Leftover[];
}

/**
 * Runs the session's test or set-up command in a worktree, with a time limit and its whole process tree contained,
 * and looks at what it left behind there.
 * @throws AppError `config.untrusted` when another clone put it on record and nobody here has confirmed it
 */
export const runProgram = async (
  ctx: Context,
  wt: Worktree,
  program: {
    line: string;
    timeoutSec: number;
    session: string;
    interrupts?: Interrupts;
    /** A person's uncommitted work: whatever the program does to it, it is not what the program left behind. */
    edits?: Leftover[];
    onOutput?(text: string): void;
  },
): Promise<ProgramRun> => {
  await requireOwnCommands(ctx, program.session, program.line);
  const aborted = new AbortController();
  const off = program.interrupts?.onStop(() => aborted.abort());
  const decoder = new TextDecoder();
  const live = program.onOutput && new LiveOutput(ctx.redact, program.onOutput);
  try {
    const ran = await run({
      ...shellCommand(program.line),
      cwd: wt.path,
      env: childEnv(ctx.env, { AMP_SESSIONS_SESSION: program.session, AMP_SESSIONS_WORKTREE: wt.path }),
      timeoutMs: program.timeoutSec > 0 ? program.timeoutSec * 1000 : undefined,
      tailBytes: SEEN_BYTES,
      contain: true,
      signal: aborted.signal,
      onOutput: live && ((chunk) => live.push(decoder.decode(chunk, { stream: true }))),
    });
    await live?.end();
    const edited = new Set(program.edits?.map(({ path }) => path));
    const leftovers = (await dirtyPaths(ctx.repo, wt)).filter(({ path }) => !edited.has(path));
    if (leftovers.length > LEFTOVERS_MAX)
      ctx.warn(
        `\`${program.line}\` left ${leftovers.length} files that no .gitignore names; only ${LEFTOVERS_MAX} are kept apart from the agent's work.`,
      );
    return {
      exitCode: ran.exitCode,
      signal: ran.signal,
      timedOut: ran.timedOut,
      durationMs: Math.round(ran.durationMs),
      outputTail: await redactedTail(ctx.redact, ran.tail),
      outputBytes: ran.outputBytes,
      leftovers: leftovers.slice(0, LEFTOVERS_MAX),
    };
  } finally {
    off?.();
  }
};
