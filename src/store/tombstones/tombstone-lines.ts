/** A session that no clone keeps, fetches or pushes any more. Nothing but its id is told. */
export interface Tombstone {
  kind: 'forgotten';
  session: string;
  /** ISO-8601. */
  at: string;
}

const ID = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;
const AT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/;

const isText = (value: unknown, shape: RegExp): value is string => typeof value === 'string' && shape.test(value);

const tombstoneOf = ({ session, at }: Record<string, unknown>): Tombstone | undefined =>
  isText(at, AT) && isText(session, ID) ? { kind: 'forgotten', session, at } : undefined;

/** `unknown`: of a kind that a newer version writes; `damaged`: no tombstone at all. */
export const parseTombstone = (line: string): Tombstone | 'unknown' | 'damaged' => {
  try {
    const value = JSON.parse(line) as Record<string, unknown> | null;
    if (typeof value !== 'object' || typeof value?.['kind'] !== 'string') return 'damaged';
    return value['kind'] === 'forgotten' ? (tombstoneOf(value) ?? 'damaged') : 'unknown';
  } catch {
    return 'damaged';
  }
};

export const tombstoneLine = (tombstone: Tombstone): string => `${JSON.stringify(tombstone)}\n`;

/** What a tombstone says, whenever it was said. */
export const keyOf = ({ kind, session }: Tombstone): string => `${kind} ${session}`;

/** One file a kind and month keeps what is written anew with each tombstone small. */
export const tombstoneFile = ({ kind, at }: Tombstone): string => `${kind}-${at.slice(0, 7)}.ndjson`;
