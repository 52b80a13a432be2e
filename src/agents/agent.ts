import type { Sandbox } from '../process/sandbox.ts';

/**
 * The port through which every coding agent speaks to the rest: start it with a prompt, listen to facts, stop it.
 * An adapter turns its agent's own stream into these facts and decides nothing else.
 */
export interface AgentRequest {
  prompt: string;
  /** The thread to continue, so that context is kept; undefined starts a new one. */
  threadId?: string;
  /** What that thread has cost so far in USD, when it is known: saves asking. */
  threadCostUsd?: number;
  /** Amp's mode, or another agent's model. */
  mode?: string;
  /** Absolute path of the session's worktree: the agent's working directory. */
  worktree: string;
  session: string;
  sessionName: string;
  iteration: number;
  /** Milliseconds for the whole run; undefined: no limit. */
  timeoutMs?: number;
  /** Milliseconds until the first output, and between outputs; undefined: the agent's own defaults. */
  firstOutputMs?: number;
  idleMs?: number;
  /** What the agent's processes see of the file system; undefined: all. */
  sandbox?: Sandbox;
}

export type AgentFact =
  | { kind: 'line'; stream: 'stdout' | 'stderr'; bytes: Buffer; more?: true }
  | { kind: 'thread'; threadId: string; mode: string | null; model: string | null }
  | { kind: 'message'; text: string }
  | { kind: 'tool-started'; toolCallId: string; tool: string; summary: string }
  | {
      kind: 'tool-finished';
      toolCallId: string;
      tool: string | null;
      durationMs: number | null;
      isError: boolean;
      exitCode: number | null;
    }
  | {
      kind: 'usage';
      tokensInput: number;
      tokensOutput: number;
      tokensCacheRead: number;
      tokensCacheWrite: number;
      model: string | null;
    }
  | { kind: 'cost'; costUsd: number; costSource: 'reported' | 'computed' | 'billed'; threadCostUsd: number | null }
  | AgentEnd;

/** Always the last fact, exactly once. */
export interface AgentEnd {
  kind: 'finished';
  exitCode: number | null;
  signal: string | null;
  durationMs: number;
  /** The agent's own last word; null when it gave none. */
  result: { subtype: string; isError: boolean; turns: number | null; text: string | null } | null;
  /** What went wrong, with the code of `errors.ts` (`agent.login`, …); null when the run succeeded. */
  failure: { code: AgentFailureCode; message: string; hint: string } | null;
  stopped: 'no' | 'user' | 'timeout' | 'silent';
  unknownLines: number;
  unreadableLines: number;
  survivors: number;
}

export type AgentFailureCode =
  | 'agent.missing'
  | 'agent.stub'
  | 'agent.login'
  | 'agent.offline'
  | 'agent.credits'
  | 'agent.outdated'
  | 'agent.rejected'
  | 'agent.timeout'
  | 'agent.silent'
  | 'agent.failed'
  | 'sandbox.failed';

export interface AgentRun {
  facts: AsyncIterable<AgentFact>;
  /** `gently` asks (SIGINT, then SIGTERM, then SIGKILL after a grace); `now` kills. The facts still end with `finished`. */
  stop(how: 'gently' | 'now'): void;
}

export interface Agent {
  readonly name: string;
  /** Version as the agent prints it, null when it cannot be told cheaply. */
  version(): Promise<string | null>;
  /** @throws AppError `agent.missing`, `agent.stub`, `agent.login`: what would make the start fail or hang. */
  check(): Promise<void>;
  start(request: AgentRequest): Promise<AgentRun>;
}
