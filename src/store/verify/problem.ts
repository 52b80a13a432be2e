/** What can be wrong with a log. */
export type ProblemKind =
  | 'object'
  | 'ref'
  | 'line'
  | 'place'
  | 'gap'
  | 'repeated'
  | 'chain'
  | 'clock'
  | 'schema'
  | 'head'
  | 'payload'
  | 'commit'
  | 'note'
  | 'replay'
  | 'signature'
  | 'tombstone'
  | 'torn';

/** One thing that is not as it was written. */
export interface Problem {
  kind: ProblemKind;
  log: string;
  writer: string | null;
  /** Number of the event; null where it is not about one. */
  seq: number | null;
  /** Object id, or path relative to the common git directory. */
  where: string;
  /** Offset of the line's first byte in there; null where it is not about a line. */
  byte: number | null;
  detail: string;
  /** False: worth telling, and no damage. */
  isDamage: boolean;
}
