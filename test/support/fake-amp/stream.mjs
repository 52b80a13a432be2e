import { randomUUID } from 'node:crypto';

/** Writes to a stream and waits until it is taken, so that nothing is lost at the exit. */
export const write = (stream, data) => new Promise((resolve) => stream.write(data, () => resolve()));

export const newThreadId = () => `T-${randomUUID()}`;

const TOOLS = [
  'apply_patch',
  'create_thread',
  'finder',
  'oracle',
  'shell_command',
  'shell_command_kill',
  'shell_command_status',
  'Task',
];

/** Makes the lines of the protocol: compact JSON, one object a line. */
export class Lines {
  constructor(threadId, mode) {
    this.threadId = threadId;
    this.mode = mode;
    this.turns = 0;
    this.startedAt = Date.now();
    this.lastText = '';
  }

  #line(value) {
    return `${JSON.stringify(value)}\n`;
  }

  init() {
    return this.#line({
      type: 'system',
      subtype: 'init',
      cwd: process.cwd(),
      session_id: this.threadId,
      tools: TOOLS,
      mcp_servers: [],
      ...(this.mode === null ? {} : { agent_mode: this.mode }),
    });
  }

  user(content) {
    return this.#line({
      type: 'user',
      message: { role: 'user', content },
      parent_tool_use_id: null,
      session_id: this.threadId,
    });
  }

  assistant(content, stop_reason, usage) {
    this.turns += 1;
    for (const block of content) if (block.type === 'text') this.lastText = block.text;
    const message = { type: 'message', role: 'assistant', content, stop_reason, ...(usage === null ? {} : { usage }) };
    return this.#line({ type: 'assistant', message, parent_tool_use_id: null, session_id: this.threadId });
  }

  result(changes = {}) {
    return this.#line({
      type: 'result',
      subtype: 'success',
      duration_ms: Date.now() - this.startedAt,
      is_error: false,
      num_turns: this.turns,
      result: this.lastText,
      session_id: this.threadId,
      ...changes,
    });
  }

  error(error, changes = {}) {
    const subtype = 'error_during_execution';
    return this.result({ subtype, is_error: true, error, result: undefined, ...changes });
  }
}
