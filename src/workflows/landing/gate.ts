/** A place that a gate names. */
export interface GateFinding {
  path: string;
  line?: number;
  text: string;
}

/** One thing that was looked at before a session's work lands. */
export interface Gate {
  name: 'worktree' | 'repository' | 'target' | 'conflicts' | 'tests' | 'code' | 'secrets' | 'sessions';
  ok: boolean;
  /** `review`: somebody should look at it, and it stops nothing. */
  severity: 'gate' | 'review';
  /** One sentence. */
  detail: string;
  /** What to do about it. */
  hint?: string;
  /** Not looked at, as asked or for want of something. */
  skipped?: boolean;
  findings?: GateFinding[];
  /** The end of what the tests printed. */
  output?: string;
}

type Extras = Pick<Gate, 'hint' | 'findings' | 'output'>;

export const passed = (name: Gate['name'], detail: string, extras: Extras = {}): Gate => ({
  name,
  ok: true,
  severity: 'gate',
  detail,
  ...extras,
});

export const failed = (name: Gate['name'], detail: string, extras: Extras): Gate => ({
  name,
  ok: false,
  severity: 'gate',
  detail,
  ...extras,
});

/** Told, and no obstacle. */
export const forReview = (name: Gate['name'], detail: string, extras: Extras): Gate => ({
  ...failed(name, detail, extras),
  severity: 'review',
});

export const skippedGate = (name: Gate['name'], detail: string): Gate => ({ ...passed(name, detail), skipped: true });

export const isStopping = ({ ok, severity }: Gate): boolean => !ok && severity === 'gate';

export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** The first few by name, and how many there are. */
export const someOf = (names: string[], most = 3): string =>
  names.length <= most ? names.join(', ') : `${names.slice(0, most).join(', ')}, … ${names.length} in all`;
