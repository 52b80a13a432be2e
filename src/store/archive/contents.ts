/** A ref that was packed away, as its archive lists it: the one marker by which every clone knows. */
export interface Packed {
  /** The log's or code's own ref, which is gone. */
  ref: string;
  /** What the archive keeps in its place: the last commit of the sealed log; of code, what the ref named. */
  commit: string;
  /** What the ref named when it was packed away. */
  tip: string;
  /** The last event; 0 for code. */
  lastSeq: number;
  /** Hash of that line; empty for code. */
  head: string;
  /** When that was. */
  at: string;
}

/** The list in an archive's tree, one line each, oldest packing first. */
export const CONTENTS = 'contents.ndjson';

export const encodePacked = ({ ref, commit, tip, lastSeq, head, at }: Packed): string =>
  `${JSON.stringify({ ref, commit, tip, lastSeq, head, at })}\n`;

const ID = /^([0-9a-f]{40}|[0-9a-f]{64})$/;
const isText = (value: unknown): value is string => typeof value === 'string' && !/[\s\0]/.test(value);

const isPacked = (value: unknown): value is Packed => {
  const one = value as Packed | null;
  if (typeof one !== 'object' || one === null) return false;
  const { ref, commit, tip, lastSeq, head, at } = one;
  return [ref, commit, tip, head, at].every(isText) && ID.test(commit) && ID.test(tip) && Number.isSafeInteger(lastSeq);
};

/** Undefined for a line that is none of ours. */
export const decodePacked = (line: string): Packed | undefined => {
  try {
    const value: unknown = JSON.parse(line);
    return isPacked(value) ? value : undefined;
  } catch {
    return undefined;
  }
};
