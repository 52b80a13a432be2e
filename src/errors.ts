/**
 * The closed set of errors. Every error a person can meet has a stable code (noun and reason), one sentence, the next
 * step, and an exit status. Anything thrown that is not an AppError is our bug and exits 70, but for what a disk, or
 * rights on it, have against it (`diskError`).
 */
export const EXIT = {
  done: 0,
  refused: 1,
  usage: 2,
  conflict: 3,
  gate: 4,
  agent: 5,
  limit: 6,
  damaged: 7,
  bug: 70,
  interrupted: 130,
} as const;

const CODES = {
  'usage.invalid': EXIT.usage,
  'repository.missing': EXIT.refused,
  'repository.unsafe': EXIT.refused,
  'repository.unsupported': EXIT.refused,
  'ref.missing': EXIT.refused,
  'remote.missing': EXIT.refused,
  'remote.ambiguous': EXIT.refused,
  'remote.unreachable': EXIT.refused,
  'push.rejected': EXIT.refused,
  'sync.busy': EXIT.refused,
  'history.busy': EXIT.refused,
  'sync.secrets': EXIT.gate,
  'pull-request.failed': EXIT.refused,
  'git.missing': EXIT.refused,
  'git.old': EXIT.refused,
  'git.failed': EXIT.refused,
  'git.timeout': EXIT.refused,
  'branch.blocked': EXIT.refused,
  'batch.invalid': EXIT.usage,
  'batch.untrusted': EXIT.refused,
  'session.missing': EXIT.refused,
  'session.ambiguous': EXIT.refused,
  'session.busy': EXIT.refused,
  'session.idle': EXIT.refused,
  'session.archived': EXIT.refused,
  'session.dirty': EXIT.refused,
  'session.unmerged': EXIT.refused,
  'session.diverged': EXIT.refused,
  'code.missing': EXIT.refused,
  'session.refused': EXIT.refused,
  'iteration.missing': EXIT.refused,
  'iteration.ambiguous': EXIT.refused,
  'worktree.missing': EXIT.refused,
  'worktree.blocked': EXIT.refused,
  'setup.failed': EXIT.refused,
  'squash.inseparable': EXIT.refused,
  'target.moved': EXIT.refused,
  'target.dirty': EXIT.refused,
  'undo.refused': EXIT.refused,
  'landing.conflict': EXIT.conflict,
  'gate.failed': EXIT.gate,
  'store.conflict': EXIT.refused,
  'store.full': EXIT.refused,
  'store.readonly': EXIT.refused,
  'store.io': EXIT.refused,
  'config.invalid': EXIT.usage,
  'config.untrusted': EXIT.refused,
  'config.unknown': EXIT.usage,
  'config.busy': EXIT.refused,
  'file.missing': EXIT.usage,
  'file.exists': EXIT.refused,
  'export.secrets': EXIT.gate,
  'endpoint.unreachable': EXIT.refused,
  'endpoint.refused': EXIT.refused,
  'import.invalid': EXIT.refused,
  'import.refused': EXIT.refused,
  'editor.missing': EXIT.refused,
  'tests.failed': EXIT.gate,
  'hook.failed': EXIT.gate,
  'check.failed': EXIT.refused,
  'sandbox.missing': EXIT.refused,
  'sandbox.failed': EXIT.refused,
  'agent.unknown': EXIT.usage,
  'agent.missing': EXIT.agent,
  'agent.stub': EXIT.agent,
  'agent.login': EXIT.agent,
  'agent.offline': EXIT.agent,
  'agent.credits': EXIT.agent,
  'agent.outdated': EXIT.agent,
  'agent.rejected': EXIT.agent,
  'agent.timeout': EXIT.agent,
  'agent.silent': EXIT.agent,
  'agent.failed': EXIT.agent,
  'script.invalid': EXIT.usage,
  'suite.invalid': EXIT.usage,
  'suite.changed': EXIT.refused,
  'bench.incomplete': EXIT.agent,
  'instances.invalid': EXIT.usage,
  'case.missing': EXIT.refused,
  'parser.unknown': EXIT.usage,
  'report.invalid': EXIT.usage,
  'query.invalid': EXIT.usage,
  'query.refused': EXIT.usage,
  'query.failed': EXIT.refused,
  'match.missing': EXIT.refused,
  'analysis.unavailable': EXIT.refused,
  'log.damaged': EXIT.damaged,
  'program.bug': EXIT.bug,
  'batch.missing': EXIT.refused,
  'batch.exists': EXIT.refused,
  'batch.ambiguous': EXIT.refused,
  'batch.idle': EXIT.refused,
  'budget.unknowable': EXIT.usage,
  'budget.exceeded': EXIT.limit,
  interrupted: EXIT.interrupted,
} as const;

export type ErrorCode = keyof typeof CODES;

export interface ErrorExtras {
  /** The next step for the person, one sentence. */
  hint?: string;
  /** Fields that stand beside `error` in `--json` (the answer as far as it is known). */
  answer?: Record<string, unknown>;
  /** Fields inside `error` in `--json`, such as `conflicts`. */
  details?: Record<string, unknown>;
  cause?: unknown;
}

/** An error that is the user's, the agent's or the machine's, never ours. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly exit: number;
  readonly answer: Record<string, unknown> | undefined;
  readonly details: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, message: string, extras: ErrorExtras = {}) {
    super(message, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.name = 'AppError';
    this.code = code;
    this.hint = extras.hint;
    this.exit = CODES[code];
    this.answer = extras.answer;
    this.details = extras.details;
  }
}

/** A name as one word of a command line that a person may copy: names of branches and sessions may hold anything. */
export const inShell = (word: string): string =>
  /^[\w@%+:,./][\w@%+:,./-]*$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

export const isAppError = (error: unknown, code?: ErrorCode): error is AppError =>
  error instanceof AppError && (code === undefined || error.code === code);

const DISK: Record<string, [code: ErrorCode, says: string, hint: string]> = Object.fromEntries([
  ...['ENOSPC', 'EDQUOT'].map((name) => [
    name,
    ['store.full', 'is on a full disk', 'Free some space and run the command again.'],
  ]),
  ...['EACCES', 'EPERM', 'EROFS'].map((name) => [
    name,
    ['store.readonly', `may not be read or written (${name})`, 'Look whose it is and what its rights are.'],
  ]),
]);

/**
 * What the machine has against a file or folder, as an error for a person; undefined for anything else. For where nobody
 * nearer has said it: it is no bug of ours.
 */
export const diskError = (error: unknown): AppError | undefined => {
  if (!(error instanceof Error) || error instanceof AppError) return undefined;
  const { code = '', path, syscall = '' } = error as NodeJS.ErrnoException;
  // A program that cannot be started is none of these.
  if (typeof path !== 'string' || syscall.startsWith('spawn') || !Object.hasOwn(DISK, code)) return undefined;
  const [named, says, hint] = DISK[code]!;
  return new AppError(named, `${path} ${says}.`, { hint, cause: error });
};

export const errorCodes = (): ErrorCode[] => Object.keys(CODES) as ErrorCode[];
