import { isAscii, isUtf8 } from 'node:buffer';
import { hash as hashOf } from 'node:crypto';
import type { EventDefinition } from '../../events/define.ts';
import { GENESIS } from '../../events/envelope.ts';
import { HashList } from './hash-list.ts';
import type { Problem, ProblemKind } from './problem.ts';

/** A stretch of a writer's lines, in the order of their numbers. */
export interface Stretch {
  /** Object id, or path. */
  where: string;
  bytes: Buffer;
  /** A write-ahead file: a last line without its end is what a crash leaves. */
  isFile: boolean;
}

export interface Expected {
  log: string;
  writer: string;
  /** Knows the shape of an event type's data; undefined for a type of another version. */
  definitionOf(type: string): EventDefinition | undefined;
}

/** What was seen of a line. */
export interface SeenLine {
  seq: number;
  hash: string;
  event: Record<string, unknown>;
  where: string;
  byte: number;
  /** It may refer to a long text. */
  mayRefer: boolean;
}

const parse = (text: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
};

/** How bytes become text without loss: bytes that are no UTF-8 would be read as something else than what was hashed. */
const encodingOf = (bytes: Buffer): 'latin1' | 'utf8' | undefined => {
  if (isAscii(bytes)) return 'latin1';
  return isUtf8(bytes) ? 'utf8' : undefined;
};

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * Checks one writer's lines of one log: every line an event of this log and writer, numbers without a gap, each line
 * carrying the hash of the one before, the clock rising, the data of the shape its type has. Lines that lie both in
 * git and in the write-ahead file must be the same bytes.
 */
export class LaneCheck {
  readonly problems: Problem[] = [];
  readonly #expected: Expected;
  readonly #hashes = new HashList();
  #last = { seq: 0, hash: GENESIS, clock: 0 };
  /** What follows a line that could not be read has no chain to be held against. */
  #isChainKnown = true;

  constructor(expected: Expected) {
    this.#expected = expected;
  }

  /** Hash of a line that was seen, by its number. */
  hashAt(seq: number): string | undefined {
    return this.#hashes.get(seq);
  }

  get lastSeq(): number {
    return this.#last.seq;
  }

  add({ where, bytes, isFile }: Stretch, onLine: (line: SeenLine) => void): void {
    const encoding = encodingOf(bytes);
    for (let byte = 0; byte < bytes.length; ) {
      const newline = bytes.indexOf(10, byte);
      const end = newline < 0 ? bytes.length : newline;
      const line = bytes.subarray(byte, end);
      if (newline < 0)
        this.#tell(isFile ? 'torn' : 'line', { where, byte, seq: null }, 'the last line has no end', !isFile);
      else this.#line({ line, encoding: encoding ?? encodingOf(line) }, { where, byte }, onLine);
      byte = end + 1;
    }
  }

  #tell(
    kind: ProblemKind,
    at: { where: string; byte: number; seq: number | null },
    detail: string,
    isDamage = true,
  ): void {
    const { log, writer } = this.#expected;
    this.problems.push({ kind, log, writer, ...at, detail, isDamage });
  }

  #line(
    { line, encoding }: { line: Buffer; encoding: 'latin1' | 'utf8' | undefined },
    place: { where: string; byte: number },
    onLine: (line: SeenLine) => void,
  ): void {
    const text = encoding === undefined ? '' : line.toString(encoding);
    const event = parse(text);
    const seq = event?.['seq'];
    if (!event || !Number.isSafeInteger(seq) || (seq as number) < 1) {
      this.#tell('line', { ...place, seq: null }, 'a line is no event');
      this.#isChainKnown = false;
      return;
    }
    const at = { ...place, seq: seq as number };
    const hash = hashOf('sha256', line);
    if (this.#hashes.has(at.seq)) {
      if (this.#hashes.get(at.seq) !== hash)
        this.#tell('repeated', at, `event ${at.seq} is there twice, with different content`);
      else if (at.where === this.#lastWhere) this.#tell('repeated', at, `event ${at.seq} is there twice`);
      return;
    }
    this.#lastWhere = at.where;
    this.#hashes.set(at.seq, hash);
    this.#envelope(event, at);
    this.#chain(event, at);
    this.#schema(event, at);
    this.#last = { seq: Math.max(at.seq, this.#last.seq), hash, clock: Number(event['clock']) || this.#last.clock };
    this.#isChainKnown = true;
    onLine({ ...at, hash, event, mayRefer: text.includes('"payload":') });
  }

  #lastWhere = '';

  #envelope(event: Record<string, unknown>, at: { where: string; byte: number; seq: number }): void {
    const { log, writer } = this.#expected;
    if (event['log'] !== log) this.#tell('place', at, `event ${at.seq} belongs to another log`);
    if (event['writer'] !== writer) this.#tell('place', at, `event ${at.seq} was written by another writer`);
    if (!Number.isSafeInteger(event['clock']) || (event['clock'] as number) <= this.#last.clock)
      this.#tell('clock', at, `the clock of event ${at.seq} does not rise`);
    const isWhole =
      Number.isSafeInteger(event['v']) &&
      typeof event['type'] === 'string' &&
      ['user', 'agent', 'program'].includes(event['by'] as string) &&
      TIME.test(String(event['at'])) &&
      'data' in event;
    if (!isWhole) this.#tell('schema', at, `event ${at.seq} lacks a part of what every event has`);
  }

  #chain(event: Record<string, unknown>, at: { where: string; byte: number; seq: number }): void {
    const next = this.#last.seq + 1;
    if (at.seq !== next)
      this.#tell(
        'gap',
        at,
        at.seq > next
          ? `events ${next} to ${at.seq - 1} are missing`
          : `event ${at.seq} comes after event ${this.#last.seq}`,
      );
    else if (this.#isChainKnown && event['prev'] !== this.#last.hash)
      this.#tell(
        'chain',
        at,
        `event ${at.seq} does not follow from event ${this.#last.seq} as that is now: one of them was changed`,
      );
  }

  #schema(event: Record<string, unknown>, at: { where: string; byte: number; seq: number }): void {
    const definition = this.#expected.definitionOf(String(event['type']));
    if (!definition || definition.v !== event['v']) return;
    const checked = definition.data.safeParse(event['data']);
    if (checked.success) return;
    const [issue] = checked.error.issues;
    const path = issue && issue.path.length > 0 ? ` (${issue.path.join('.')})` : '';
    this.#tell('schema', at, `the data of event ${at.seq}, ${String(event['type'])}, has not its shape${path}`);
  }
}
