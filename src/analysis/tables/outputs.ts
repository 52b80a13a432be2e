import type { TranscriptLine } from '../../store/log-store.ts';
import { asData, asList, asText, type Data } from './read.ts';

/** What a line says beside itself. */
export interface Output {
  /** What a tool answered, or a program wrote. */
  text: string;
  /** The call that it is the answer to. */
  toolCallId: string | null;
}

/** Lines that are no messages go together into one text, up to so many lines and characters. */
const MOST_LINES = 200;
const MOST_CHARACTERS = 64 * 1024;

const parsed = (line: string): Data | undefined => {
  if (!line.startsWith('{')) return undefined;
  try {
    return asData(JSON.parse(line));
  } catch {
    return undefined;
  }
};

/** Texts within a value of unknown shape, in their order. */
const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
};

/** A tool may put its output into JSON: `{"output":…,"exitCode":1}`. */
const plain = (text: string): string => {
  const inner = parsed(text.trim());
  return inner === undefined ? text : textsIn(inner).join('\n');
};

/** Blocks of text, one text, or something of the tool's own. */
const answerOf = (content: unknown): string => {
  if (typeof content === 'string') return plain(content);
  if (!Array.isArray(content)) return textsIn(content).join('\n');
  return content.map((block) => plain(asText(asData(block)['text']) ?? '')).join('\n');
};

/** Messages that agents write a line each; what they say themselves is in the events. */
const MESSAGES = new Set<unknown>(['system', 'assistant', 'user', 'result']);

/** Undefined for a line that is no message. */
const answersIn = (line: string): Output | null | undefined => {
  const message = parsed(line);
  if (!message || !MESSAGES.has(message['type'])) return undefined;
  const blocks = asList(asData(message['message'])['content']).map(asData);
  const results = blocks.filter(({ type }) => type === 'tool_result');
  const text = results.map(({ content }) => answerOf(content)).join('\n');
  return text.trim() === '' ? null : { text, toolCallId: asText(results[0]!['tool_use_id']) };
};

/** Finds what programs wrote among the lines of one writer, in their order. */
export class Outputs {
  readonly #found = new Map<TranscriptLine, Output>();
  #first: TranscriptLine | undefined;
  #lines: string[] = [];
  #size = 0;

  /** @param lines of one iteration after the other */
  static of(lines: readonly TranscriptLine[]): Map<TranscriptLine, Output> {
    const outputs = new Outputs();
    for (const line of lines) outputs.#add(line);
    outputs.#end();
    return outputs.#found;
  }

  #add(line: TranscriptLine): void {
    const text = line.line;
    const answers = text === undefined ? null : answersIn(text);
    if (answers !== undefined) {
      this.#end();
      if (answers) this.#found.set(line, answers);
      return;
    }
    const isOther = this.#first && (this.#first.iteration !== line.iteration || this.#first.stream !== line.stream);
    if (isOther || this.#lines.length >= MOST_LINES || this.#size > MOST_CHARACTERS) this.#end();
    this.#first ??= line;
    this.#lines.push(text!);
    this.#size += text!.length;
  }

  #end(): void {
    const text = this.#lines.join('\n');
    if (this.#first && text.trim() !== '') this.#found.set(this.#first, { text, toolCallId: null });
    this.#first = undefined;
    this.#lines = [];
    this.#size = 0;
  }
}
