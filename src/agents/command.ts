import { stripVTControlCharacters } from 'node:util';
import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import type { StopStrength } from '../process/strength.ts';
import type { Agent, AgentRequest, AgentRun } from './agent.ts';
import { agentEnv, type Environment } from './agent-env.ts';
import { endedFailure } from './ended-failure.ts';
import type { Line } from './lines.ts';
import { type Failure, type Heard, type Listener, type ProcessEnd, playAgent, type Stream } from './play-agent.ts';
import { cutAtWord } from './tool-text.ts';

export interface CommandOptions {
  env: Environment;
  clock: Clock;
  /** Command line for the shell; undefined when nothing names one. */
  line: string | undefined;
  strength?: StopStrength;
}

/** Of a line that becomes a message. */
const MESSAGE_CHARACTERS = 4_000;

/** Listens to a program that speaks no protocol: its last line on stdout is what it had to say. */
class CommandListener implements Listener {
  readonly isDone = false;
  #lastLine = '';
  #lastError = '';
  #isInPart = false;

  hear(line: Line, stream: Stream): Heard {
    if (stream === 'stderr' || !this.#isInPart) this.#keep(line, stream);
    if (stream === 'stdout') this.#isInPart = line.more === true;
    return { facts: [] };
  }

  #keep(line: Line, stream: Stream): void {
    const text = stripVTControlCharacters(
      cutAtWord(line.bytes.toString('utf8', 0, 4 * MESSAGE_CHARACTERS), MESSAGE_CHARACTERS),
    ).trim();
    if (text === '') return;
    if (stream === 'stdout') this.#lastLine = text;
    else this.#lastError = text;
  }

  conclude(end: ProcessEnd): ReturnType<Listener['conclude']> {
    const failure = endedFailure('The agent command', end, this.#lastError || this.#lastLine);
    const text = this.#lastLine === '' ? null : this.#lastLine;
    const result = text === null ? null : { subtype: 'last-line', isError: failure !== null, turns: null, text };
    const facts = text === null ? [] : [{ kind: 'message' as const, text }];
    return { result, failure, facts, unknownLines: 0, unreadableLines: 0 };
  }
}

/** Any program, through the shell: the prompt comes on its stdin, what it prints is the transcript. */
export class CommandAgent implements Agent {
  readonly name = 'command';
  readonly #options: CommandOptions;

  constructor(options: CommandOptions) {
    this.#options = options;
  }

  async version(): Promise<string | null> {
    return null;
  }

  async check(): Promise<void> {
    if (this.#options.line?.trim()) return;
    throw new AppError('agent.missing', 'The agent `command` has no command to run.', {
      hint: "Set agents.command.run in your configuration, for example 'my-agent --prompt -'.",
    });
  }

  async start(request: AgentRequest): Promise<AgentRun> {
    await this.check();
    const { env, clock, strength } = this.#options;
    return playAgent({
      request,
      clock,
      child: {
        ...shell(this.#options.line!),
        cwd: request.worktree,
        env: agentEnv(env, request),
        stdin: request.prompt,
        strength,
      },
      listener: new CommandListener(),
      defaults: {},
      startFailure: ({ code }): Failure => ({
        code: 'agent.missing',
        message: `The shell cannot be started in ${request.worktree} (${code}).`,
        hint: 'Look whether the worktree is there: `amp-sessions doctor`.',
      }),
    });
  }
}

const shell = (line: string): { command: string; args: string[] } =>
  process.platform === 'win32'
    ? { command: process.env['ComSpec'] ?? 'cmd.exe', args: ['/d', '/s', '/c', line] }
    : { command: '/bin/sh', args: ['-c', line] };
