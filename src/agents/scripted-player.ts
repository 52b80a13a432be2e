import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../clock.ts';
import { run } from '../process/run.ts';
import type { Step } from './script.ts';
import { applyEdit, type Edit } from './scripted-edit.ts';
import type { ScriptedPart } from './scripted-part.ts';

export interface Stage {
  /** The worktree. */
  cwd: string;
  write(line: string): void;
}

type Usage = NonNullable<Step['usage']>;

/** Of a command's output that goes into the stream. */
const OUTPUT_BYTES = 64 * 1024;

/** The step's end of the part: an exit code, or undefined to go on. */
type Played = number | undefined;

/** Acts as an agent: does what the steps say and tells of it in Amp's stream. */
export class ScriptedPlayer {
  /** Signals are ignored from here on. */
  isStubborn = false;
  readonly #part: ScriptedPart;
  readonly #stage: Stage;
  readonly #startedAt = systemClock.elapsed();
  #turns = 0;
  #calls = 0;
  #cost: number | undefined;
  #lastMessage = '';

  constructor(part: ScriptedPart, stage: Stage) {
    this.#part = part;
    this.#stage = stage;
  }

  /** Plays every step; resolves with the exit code. */
  async play(): Promise<number> {
    const { threadId, mode, prompt, steps = [{ message: 'The script has nothing more to do.' }] } = this.#part;
    const tools = ['apply_patch', 'shell_command'];
    const agent_mode = mode ?? undefined;
    this.#say({
      type: 'system',
      subtype: 'init',
      cwd: this.#stage.cwd,
      session_id: threadId,
      tools,
      mcp_servers: [],
      agent_mode,
    });
    this.#user([{ type: 'text', text: prompt }]);
    for (const step of steps) {
      const code = await this.#step(step);
      if (code !== undefined) return code;
    }
    const { result, ...rest } = { result: this.#lastMessage, ...this.#last() };
    this.#say({ type: 'result', subtype: 'success', is_error: false, result, ...rest });
    return 0;
  }

  /** The last line of a part that was interrupted. */
  cancelled(): string {
    return `${JSON.stringify(this.#errorResult('User cancelled (SIGINT/SIGTERM)'))}\n`;
  }

  async #step(step: Step): Promise<Played> {
    if (step.message !== undefined) return this.#message(step.message);
    if (step.edit) return this.#edit(step.edit);
    if (step.run !== undefined) return this.#run(step.run);
    if (step.usage) return this.#usage(step.usage);
    if (step.cost !== undefined) return this.#addCost(step.cost);
    if (step.delay !== undefined) return sleep(step.delay).then(() => undefined);
    if (step.noise !== undefined) return this.#noise(step.noise);
    if (step.hang !== undefined) return this.#hang(step.hang === 'stubborn');
    if (step.fail) return this.#fail(step.fail.message, step.fail.code);
    return step.exit;
  }

  #message(text: string): Played {
    this.#lastMessage = text;
    this.#assistant([{ type: 'text', text }], 'end_turn');
    return undefined;
  }

  #usage({ input, output, cacheRead, cacheWrite, model = this.#part.model ?? undefined }: Usage): Played {
    const usage = {
      input_tokens: input,
      output_tokens: output,
      cache_read_input_tokens: cacheRead,
      cache_creation_input_tokens: cacheWrite,
    };
    this.#assistant([], null, { model, usage });
    return undefined;
  }

  #addCost(cost: number): Played {
    this.#cost = (this.#cost ?? 0) + cost;
    return undefined;
  }

  #noise(noise: NonNullable<Step['noise']>): Played {
    if (typeof noise === 'string') this.#stage.write(`${noise}\n`);
    else process.stderr.write(`${noise.stderr}\n`);
    return undefined;
  }

  #hang(isStubborn: boolean): Promise<Played> {
    this.isStubborn = isStubborn;
    return new Promise(() => setInterval(() => {}, 60_000));
  }

  #fail(message: string, code: string): Played {
    this.#say({ ...this.#errorResult(message), code });
    return 1;
  }

  #edit(edit: Edit): Played {
    const id = this.#call('apply_patch', { path: edit.path });
    try {
      this.#answer(id, JSON.stringify(applyEdit(this.#stage.cwd, edit)));
      return undefined;
    } catch (error) {
      const text = `The edit of ${edit.path} cannot be made: ${(error as Error).message}`;
      this.#answer(id, text, true);
      return this.#fail(text, 'agent.failed');
    }
  }

  async #run(command: string): Promise<Played> {
    const id = this.#call('shell_command', { command, workdir: this.#stage.cwd });
    const shell = process.platform === 'win32' ? ['cmd.exe', '/d', '/s', '/c'] : ['/bin/sh', '-c'];
    const env = Object.fromEntries(
      Object.entries(process.env).filter((entry): entry is [string, string] => !!entry[1]),
    );
    const ran = await run({
      command: shell[0]!,
      args: [...shell.slice(1), command],
      cwd: this.#stage.cwd,
      env,
      tailBytes: OUTPUT_BYTES,
    });
    const exitCode = ran.exitCode ?? 1;
    this.#answer(id, JSON.stringify({ output: ran.tail.toString('utf8'), exitCode }));
    return undefined;
  }

  #call(name: string, input: object): string {
    this.#calls += 1;
    const id = `TU-${String(this.#calls).padStart(4, '0')}`;
    this.#assistant([{ type: 'tool_use', id, name, input }], 'tool_use');
    return id;
  }

  #answer(tool_use_id: string, content: string, is_error = false): void {
    this.#user([{ type: 'tool_result', tool_use_id, content, is_error }]);
  }

  #assistant(content: object[], stop_reason: string | null, more: object = {}): void {
    this.#turns += 1;
    this.#speak('assistant', { type: 'message', role: 'assistant', content, stop_reason, ...more });
  }

  #user(content: object[]): void {
    this.#speak('user', { role: 'user', content });
  }

  #speak(type: 'assistant' | 'user', message: object): void {
    this.#say({ type, message, parent_tool_use_id: null, session_id: this.#part.threadId });
  }

  #errorResult(error: string): object {
    return { type: 'result', subtype: 'error_during_execution', is_error: true, error, ...this.#last() };
  }

  #last() {
    return {
      duration_ms: Math.round(systemClock.elapsed() - this.#startedAt),
      num_turns: this.#turns,
      session_id: this.#part.threadId,
      total_cost_usd: this.#cost,
    };
  }

  #say(line: object): void {
    this.#stage.write(`${JSON.stringify(line)}\n`);
  }
}
