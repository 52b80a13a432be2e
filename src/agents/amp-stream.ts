import type { Clock } from '../clock.ts';
import type { AgentEnd, AgentFact } from './agent.ts';
import { asArray, asCount, asObject, asString, type Json, parseJson } from './json.ts';
import type { Line } from './lines.ts';
import { shellExitCode, toolSummary } from './tool-text.ts';

export type AgentResult = NonNullable<AgentEnd['result']>;

/** What a line turned out to be. `noise` is no JSON at all. */
export type LineKind = 'message' | 'unknown' | 'noise' | 'blank';

const decoder = new TextDecoder('utf-8');

/**
 * Reads Amp's `--stream-json` lines, one object a line: `system/init`, `user` (the prompt's echo, tool results),
 * `assistant` (text and tool calls, tokens), `result`. Everything unknown is counted and passed over: types, blocks and
 * fields come and go with each build.
 */
export class AmpStream {
  result: AgentResult | null = null;
  /** The thread that was named last. */
  threadId: string | undefined;
  /** A failure code that our own scripted agent put beside its error. */
  code: string | undefined;
  unknownLines = 0;
  unreadableLines = 0;
  readonly #clock: Clock;
  readonly #tools = new Map<string, { name: string; startedAt: number }>();
  readonly #countedMessages = new Set<string>();
  #mode: string | null = null;
  #isInPart = false;
  #hasUnknown = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  read(line: Line): { kind: LineKind; facts: AgentFact[]; text: string } {
    if (line.more || this.#isInPart) return this.#part(line);
    const text = decoder.decode(line.bytes).trim();
    if (text === '') return { kind: 'blank', facts: [], text };
    const value = parseJson(text);
    if (value === undefined) {
      this.unreadableLines += 1;
      return { kind: 'noise', facts: [], text };
    }
    this.#hasUnknown = false;
    const facts = this.#message(asObject(value) ?? {});
    if (!facts || this.#hasUnknown) this.unknownLines += 1;
    return { kind: facts ? 'message' : 'unknown', facts: facts ?? [], text };
  }

  /** A line too long to hold counts once. */
  #part(line: Line): { kind: LineKind; facts: AgentFact[]; text: string } {
    if (!this.#isInPart) this.unreadableLines += 1;
    this.#isInPart = line.more === true;
    return { kind: 'unknown', facts: [], text: '' };
  }

  /** The facts of one message; undefined when we do not know its kind. */
  #message(message: Json): AgentFact[] | undefined {
    const subtype = asString(message['subtype']) ?? '';
    switch (message['type']) {
      case 'system':
        return this.#system(message, subtype);
      case 'assistant':
        return [...this.#thread(message), ...this.#assistant(message)];
      case 'user':
        return [...this.#thread(message), ...this.#toolResults(message)];
      case 'result':
        return [...this.#thread(message), ...this.#result(message, subtype)];
      default:
        return undefined;
    }
  }

  #system(message: Json, subtype: string): AgentFact[] | undefined {
    if (subtype === 'init') return this.#thread(message, asString(message['agent_mode']) ?? null);
    if (!subtype.startsWith('error')) return undefined;
    this.#keepResult({ subtype, isError: true, turns: null, text: asString(message['error']) ?? null });
    return this.#thread(message);
  }

  /** The thread names itself on nearly every line; some results leave it out, and it may change in mid-stream. */
  #thread(message: Json, mode: string | null = null): AgentFact[] {
    const threadId = asString(message['session_id']);
    if (threadId === undefined || threadId === '') return [];
    if (threadId === this.threadId && (mode === null || mode === this.#mode)) return [];
    this.threadId = threadId;
    this.#mode = mode;
    return [{ kind: 'thread', threadId, mode, model: asString(message['model']) ?? null }];
  }

  #assistant(line: Json): AgentFact[] {
    const message = asObject(line['message']) ?? {};
    const content = asString(message['content']);
    const blocks = content === undefined ? asArray(message['content']) : [{ type: 'text', text: content }];
    const facts = blocks.flatMap((block) => this.#block(asObject(block) ?? {}));
    return [...facts, ...this.#usage(message)];
  }

  #block(block: Json): AgentFact[] {
    const text = asString(block['text']);
    switch (block['type']) {
      case 'text':
        return text === undefined || text.trim() === '' ? [] : [{ kind: 'message', text }];
      case 'tool_use':
        return this.#toolUse(block);
      case 'thinking':
      case 'redacted_thinking':
        return [];
      default:
        this.#hasUnknown = true;
        return [];
    }
  }

  #toolUse(block: Json): AgentFact[] {
    const toolCallId = asString(block['id']) ?? '';
    const tool = asString(block['name']) ?? '';
    this.#tools.set(toolCallId, { name: tool, startedAt: this.#clock.elapsed() });
    return [{ kind: 'tool-started', toolCallId, tool, summary: toolSummary(asObject(block['input'])) }];
  }

  /** Tokens of one message; a message that comes in several lines is counted once. */
  #usage(message: Json): AgentFact[] {
    const usage = asObject(message['usage']);
    const id = asString(message['id']);
    if (!usage || (id !== undefined && this.#countedMessages.has(id))) return [];
    if (id !== undefined) this.#countedMessages.add(id);
    return [
      {
        kind: 'usage',
        tokensInput: asCount(usage['input_tokens']),
        tokensOutput: asCount(usage['output_tokens']),
        tokensCacheRead: asCount(usage['cache_read_input_tokens']),
        tokensCacheWrite: asCount(usage['cache_creation_input_tokens']),
        model: asString(message['model']) ?? null,
      },
    ];
  }

  #toolResults(line: Json): AgentFact[] {
    return asArray(asObject(line['message'])?.['content']).flatMap((value) => {
      const block = asObject(value) ?? {};
      if (block['type'] === 'text') return [];
      if (block['type'] === 'tool_result') return [this.#toolResult(block)];
      this.#hasUnknown = true;
      return [];
    });
  }

  #toolResult(block: Json): AgentFact {
    const toolCallId = asString(block['tool_use_id']) ?? '';
    const call = this.#tools.get(toolCallId);
    this.#tools.delete(toolCallId);
    const tool = call?.name ?? null;
    return {
      kind: 'tool-finished',
      toolCallId,
      tool,
      durationMs: call ? this.#clock.elapsed() - call.startedAt : null,
      isError: block['is_error'] === true,
      exitCode: shellExitCode(tool, block['content']),
    };
  }

  #result(message: Json, subtype: string): AgentFact[] {
    const isError = message['is_error'] === true || subtype !== 'success';
    const turns = Number.isSafeInteger(message['num_turns']) ? (message['num_turns'] as number) : null;
    const [first, second] = isError ? ['error', 'result'] : ['result', 'error'];
    const text = asString(message[first!]) ?? asString(message[second!]) ?? null;
    this.#keepResult({ subtype, isError, turns, text });
    this.code ??= asString(message['code']);
    const cost = message['total_cost_usd'];
    if (typeof cost !== 'number' || !Number.isFinite(cost) || cost < 0) return [];
    return [{ kind: 'cost', costUsd: cost, costSource: 'reported', threadCostUsd: null }];
  }

  /** Of several last words an error stands. */
  #keepResult(result: AgentResult): void {
    if (!this.result?.isError) this.result = result;
  }
}
