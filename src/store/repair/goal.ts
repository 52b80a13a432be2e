import { GENESIS } from '../../events/envelope.ts';
import type { FoundLine } from './chain.ts';

/** What is known of a writer's lines, from wherever. */
export interface Evidence {
  lines: FoundLine[];
  /** Hashes that commits name as their last line's, by number. */
  heads: { seq: number; hash: string; source: string | null }[];
  /** Bytes that are the beginning of a line, at the end of the writer's file; empty when there are none. */
  torn: Buffer;
  /** The highest number that there was, as far as commits tell. */
  last: number;
}

export interface Goal {
  /** The lane's lines from the first on, without a gap. */
  lines: FoundLine[];
  /** Numbers of lines that were there once and that nobody has. */
  lost: { from: number; to: number } | null;
}

/** Fewer bytes say nothing about a line: they begin all alike. */
const TELLING = 200;

class Demands {
  readonly #bySeq = new Map<number, Set<string>>();

  add(seq: number, hash: string): void {
    const known = this.#bySeq.get(seq);
    if (known) known.add(hash);
    else this.#bySeq.set(seq, new Set([hash]));
  }

  has(seq: number, hash: string): boolean {
    return this.#bySeq.get(seq)?.has(hash) ?? false;
  }

  at(seq: number): boolean {
    return this.#bySeq.has(seq);
  }
}

const group = (lines: FoundLine[]): Map<number, FoundLine[]> => {
  const bySeq = new Map<number, FoundLine[]>();
  for (const line of lines) {
    const others = bySeq.get(line.seq);
    if (!others) bySeq.set(line.seq, [line]);
    else if (!others.some(({ hash }) => hash === line.hash)) others.push(line);
    else if (line.source === null) others[others.findIndex(({ hash }) => hash === line.hash)] = line;
  }
  return bySeq;
};

interface Calls {
  /** By what is of the lane here: its commits, its lines, and the lines that these call for in turn. */
  own: Demands;
  /** By others' commits; only what comes after all that was here may be taken on their word. */
  others: Demands;
}

const callsOf = ({ heads, torn }: Evidence, bySeq: Map<number, FoundLine[]>, ourLast: number): Calls => {
  const calls = { own: new Demands(), others: new Demands() };
  for (const { seq, hash, source } of heads) (source === null ? calls.own : calls.others).add(seq, hash);
  for (const line of bySeq.get(ourLast + 1) ?? [])
    if (torn.length >= TELLING && line.bytes.subarray(0, torn.length).equals(torn)) calls.own.add(line.seq, line.hash);
  for (const seq of [...bySeq.keys()].sort((a, b) => b - a))
    for (const line of bySeq.get(seq)!) {
      if (line.source === null || calls.own.has(seq, line.hash)) calls.own.add(seq - 1, line.prev);
      else if (calls.others.has(seq, line.hash)) calls.others.add(seq - 1, line.prev);
    }
  return calls;
};

/** The line that comes next: the one that is called for; else the lane's own; and past its end, what others vouch for. */
const next = (candidates: FoundLine[], { own, others }: Calls, isPast: boolean): FoundLine | undefined =>
  candidates.find(({ seq, hash }) => own.has(seq, hash)) ??
  candidates.find(({ source }) => source === null) ??
  (isPast ? candidates.find(({ seq, hash }) => others.has(seq, hash)) : undefined);

/**
 * Puts a writer's true lines together. A line from elsewhere is taken only where its hash is called for: nothing is
 * ever believed for its looks.
 */
export const findGoal = (evidence: Evidence): Goal => {
  const bySeq = group(evidence.lines);
  const isOurs = ({ source }: { source: string | null }): boolean => source === null;
  const lastOf = (given: { seq: number }[]): number => given.reduce((last, { seq }) => Math.max(last, seq), 0);
  const ourLast = lastOf(evidence.lines.filter(isOurs));
  const calls = callsOf(evidence, bySeq, ourLast);
  const lines: FoundLine[] = [];
  for (let prev = GENESIS; ; prev = lines.at(-1)!.hash) {
    const seq = lines.length + 1;
    const candidates = (bySeq.get(seq) ?? []).filter((one) => one.prev === prev);
    const line = next(candidates, calls, seq > ourLast);
    if (!line) break;
    lines.push(line);
  }
  const last = Math.max(ourLast, evidence.last, lastOf(evidence.heads.filter(isOurs)));
  const wrong = lines.findIndex(({ seq, hash }) => calls.own.at(seq) && !calls.own.has(seq, hash));
  const from = wrong >= 0 ? wrong + 1 : lines.length + 1;
  return { lines, lost: from <= last ? { from, to: wrong >= 0 ? from : last } : null };
};
