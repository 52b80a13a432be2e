import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import { builtProgram } from '../process/built-program.ts';
import type { StopStrength } from '../process/strength.ts';
import type { Agent, AgentRequest, AgentRun } from './agent.ts';
import { agentEnv, type Environment } from './agent-env.ts';
import { AmpListener } from './amp-listener.ts';
import { playAgent } from './play-agent.ts';
import { readScript } from './read-script.ts';
import type { Script } from './script.ts';
import type { ScriptedPart } from './scripted-part.ts';

export interface ScriptedOptions {
  env: Environment;
  clock: Clock;
  /** Absolute path of the script; undefined when nothing names one. */
  script: string | undefined;
  mode: string | null;
  strength?: StopStrength;
  /** The program that plays; default `scriptedEntry()`. */
  entry?: string;
}

/** The program that plays scripts. @throws AppError `agent.missing` where it is not built */
export const scriptedEntry = (from: string = import.meta.dirname): string => {
  const file = builtProgram('agents/scripted-main', from);
  if (file !== undefined) return file;
  throw new AppError('agent.missing', 'The program that plays scripts is not built.', { hint: 'Run `npm run build`.' });
};

/** A thread id in Amp's form that is the same for all iterations of a session. */
const threadIdOf = (session: string): string => {
  const hex = createHash('sha256').update(session).digest('hex');
  return `T-${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
};

const stepsFor = ({ iterations, after }: Script, iteration: number): Script['iterations'][number] | undefined =>
  iterations[iteration - 1] ?? (after === 'repeat' ? iterations.at(-1) : undefined);

/** Plays a script instead of thinking: a real child process that speaks Amp's stream, edits files and runs commands. */
export class ScriptedAgent implements Agent {
  readonly name = 'scripted';
  readonly #options: ScriptedOptions;

  constructor(options: ScriptedOptions) {
    this.#options = options;
  }

  async version(): Promise<string | null> {
    return null;
  }

  /** @throws AppError `agent.missing`, `file.missing`, `script.invalid` */
  async check(): Promise<void> {
    this.#entry();
    await this.#script();
  }

  #entry(): string {
    return this.#options.entry ?? scriptedEntry();
  }

  #script(): Promise<Script> {
    const { script } = this.#options;
    if (script !== undefined) return readScript(script);
    throw new AppError('agent.missing', 'The agent `scripted` has no script to play.', {
      hint: 'Set agents.scripted.script in your configuration.',
    });
  }

  async start(request: AgentRequest): Promise<AgentRun> {
    const script = await this.#script();
    const { clock, env, strength } = this.#options;
    const part: ScriptedPart = {
      prompt: request.prompt,
      threadId: request.threadId ?? threadIdOf(request.session),
      mode: request.mode ?? this.#options.mode ?? script.mode ?? null,
      model: script.model ?? null,
      steps: stepsFor(script, request.iteration),
    };
    return playAgent({
      request,
      clock,
      child: {
        command: process.execPath,
        args: [this.#entry()],
        cwd: request.worktree,
        env: agentEnv(env, request),
        stdin: JSON.stringify(part),
        strength,
      },
      listener: new AmpListener({ clock, name: 'The scripted agent', strictStart: false }),
      defaults: { firstOutputMs: 120_000 },
      startFailure: ({ code }) => ({
        code: 'agent.missing',
        message: `Node cannot be started in ${request.worktree} (${code}).`,
        hint: 'Look whether the worktree is there: `amp-sessions doctor`.',
      }),
    });
  }
}
