import type { Clock } from '../clock.ts';
import { isAppError } from '../errors.ts';
import { run } from '../process/run.ts';
import type { StopStrength } from '../process/strength.ts';
import type { Agent, AgentFact, AgentRequest, AgentRun } from './agent.ts';
import { agentEnv, type Environment } from './agent-env.ts';
import { askThreadCost, costFacts } from './amp-cost.ts';
import { AmpListener } from './amp-listener.ts';
import { requireAmpLogin } from './amp-login.ts';
import { findAmp, packagedVersion, refuseStub, stubError } from './amp-program.ts';
import { type Failure, failedStart, type Play, playAgent } from './play-agent.ts';
import type { AgentSettings } from './settings.ts';

export interface AmpOptions {
  env: Environment;
  clock: Clock;
  settings: AgentSettings['amp'];
  /** Top of the repository: an `amp` inside it is never run. */
  root: string;
  mode: string | null;
  strength?: StopStrength;
  /** Milliseconds between SIGINT, SIGTERM and SIGKILL of a gentle stop. */
  graceMs?: number;
  /** Milliseconds that the question for the cost may take; default 10 s. */
  costTimeoutMs?: number;
}

const DEFAULTS = { firstOutputMs: 120_000, idleMs: 20 * 60_000 };
const COST_TIMEOUT_MS = 10_000;
const VERSION_TIMEOUT_MS = 5_000;

/** Amp, driven by `amp -x --stream-json` with the prompt on stdin; a thread is continued, so that it keeps its context. */
export class Amp implements Agent {
  readonly name = 'amp';
  readonly #options: AmpOptions;
  #version: Promise<string | null> | undefined;

  constructor(options: AmpOptions) {
    this.#options = options;
  }

  #program(): string {
    const { settings, env, root } = this.#options;
    return findAmp({ configured: settings.path, env, root });
  }

  /** From npm's package where there is one: the program itself takes a second to tell. */
  version(): Promise<string | null> {
    this.#version ??= this.#askVersion();
    return this.#version;
  }

  async #askVersion(): Promise<string | null> {
    try {
      const program = this.#program();
      const packaged = packagedVersion(program);
      if (packaged !== undefined) return packaged;
      const env = this.#environment();
      const ran = await run({
        command: program,
        args: ['--version'],
        cwd: '/',
        env,
        timeoutMs: VERSION_TIMEOUT_MS,
        maxBytes: 4096,
      });
      return ran.exitCode === 0 ? (ran.stdout.toString('utf8').trim().split(/\s/)[0] ?? null) : null;
    } catch {
      return null;
    }
  }

  #environment(): Record<string, string> {
    const { settings } = this.#options;
    return {
      ...definedOf(this.#options.env),
      AMP_SKIP_UPDATE_CHECK: '1',
      ...(settings.threadTrailer ? {} : { AMP_DISABLE_AMP_THREAD_TRAILER: '1' }),
      ...(settings.coauthorTrailer ? {} : { AMP_DISABLE_AMP_COAUTHOR_TRAILER: '1' }),
    };
  }

  async check(): Promise<void> {
    refuseStub(this.#program());
    requireAmpLogin(this.#options.env);
    void this.version();
  }

  async start(request: AgentRequest): Promise<AgentRun> {
    try {
      await this.check();
    } catch (error) {
      if (!isAppError(error)) throw error;
      return failedStart({ code: error.code as Failure['code'], message: error.message, hint: error.hint ?? '' });
    }
    if (request.threadId !== undefined && !THREAD_ID.test(request.threadId))
      return failedStart(badThread(request.threadId));
    const program = this.#program();
    const { clock, strength, mode, graceMs } = this.#options;
    const env = agentEnv(this.#environment(), request);
    const listener = new AmpListener({ clock, name: 'Amp', strictStart: true });
    const args = ampArguments({ ...request, mode: request.mode ?? mode ?? undefined }, this.#options.settings);
    const child = { command: program, args, cwd: request.worktree, env, stdin: request.prompt, strength, graceMs };
    const cost = this.#startCost(program, env, request);
    return playAgent({
      request,
      clock,
      child,
      listener,
      defaults: DEFAULTS,
      startFailure: startFailure(program),
      ...cost(listener),
    });
  }

  /**
   * The bill before the run is asked for while the run starts, which takes longer than the question; a new thread has
   * none, and a caller may know it.
   */
  #startCost(program: string, env: Record<string, string>, request: AgentRequest) {
    return (listener: AmpListener): Pick<Play, 'afterwards'> => {
      if (!this.#options.settings.cost) return {};
      const timeoutMs = this.#options.costTimeoutMs ?? COST_TIMEOUT_MS;
      const ask = (threadId: string, signal?: AbortSignal) =>
        askThreadCost({ program, env, cwd: request.worktree, threadId, timeoutMs, signal });
      const { threadId, threadCostUsd } = request;
      const before = threadId === undefined ? 0 : (threadCostUsd ?? ask(threadId));
      const afterwards = async (end: { failure: Failure | null }, signal: AbortSignal): Promise<AgentFact[]> => {
        const thread = listener.threadId;
        if (thread === undefined || HOPELESS.has(end.failure?.code ?? '')) return [];
        const had = thread === threadId || threadId === undefined ? await before : 0;
        return costFacts({ before: had, after: had === null ? null : await ask(thread, signal) });
      };
      return { afterwards };
    };
  }
}

/** A thread's id comes out of a log, and a log may come from anywhere: it must not read as an option. */
const THREAD_ID = /^T-[0-9a-zA-Z-]{1,80}$/;

const badThread = (threadId: string): Failure => ({
  code: 'agent.rejected',
  message: `The session's thread ${JSON.stringify(threadId.slice(0, 80))} is none of Amp's.`,
  hint: 'Iterate in a new session: this one cannot be continued where it was.',
});

/** After these there is nobody to ask for the cost. */
const HOPELESS = new Set(['agent.login', 'agent.offline', 'agent.outdated', 'agent.missing', 'agent.stub']);

const definedOf = (env: Environment): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));

/** Without `--no-archive-after-execute` Amp would archive a new thread at the end, and it could not be continued. */
const ampArguments = (request: AgentRequest, settings: AgentSettings['amp']): string[] => [
  ...(request.threadId === undefined ? [] : ['threads', 'continue', request.threadId]),
  '-x',
  '--stream-json',
  '--no-archive-after-execute',
  ...(request.mode === undefined ? [] : [`--mode=${request.mode}`]),
  ...(settings.labels ? ['-l', `amp-session-${request.session}`] : []),
];

const startFailure =
  (program: string) =>
  (error: NodeJS.ErrnoException): Failure => {
    if (error.code === 'ENOEXEC') {
      const { message, hint } = stubError(program);
      return { code: 'agent.stub', message, hint: hint ?? '' };
    }
    return {
      code: 'agent.missing',
      message: `${program} cannot be started (${error.code}).`,
      hint: 'Install it again with `npm install -g @ampcode/cli`.',
    };
  };
