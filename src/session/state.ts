import type { EventData } from '../events/catalogue.ts';
import type { LongText } from '../events/long-text.ts';

export type AgentChoice = EventData<'session.created'>['agent'];
export type Leftover = EventData<'test-run.finished'>['leftovers'][number];
export type Outcome = EventData<'iteration.finished'>['outcome'];

/** What a test run showed. A verdict is a conclusion, so it is made here and never stored. */
export type Verdict = 'none' | 'passed' | 'failed';

export interface TestRun {
  command: string;
  commit: string;
  exitCode: number | null;
  signal: string | null;
  timedOut: boolean;
  durationMs: number;
  outputTail: string;
}

/** Token counts add up; `costUsd` is null while unknown, never 0 for want of knowledge. */
export interface Usage {
  tokensInput: number;
  tokensOutput: number;
  tokensCacheRead: number;
  tokensCacheWrite: number;
  costUsd: number | null;
  costSource: 'reported' | 'computed' | 'billed' | 'unknown';
}

export interface Iteration {
  iteration: number;
  /** The clone that began it: clones that went on apart give the same numbers. */
  writer: string;
  /** Of its beginning, among that clone's events. */
  seq: number;
  prompt: string;
  reason: EventData<'iteration.started'>['reason'];
  agent: EventData<'iteration.started'>['agent'];
  /** What kept the agent to its own part of the file system; absent: nothing did. */
  sandbox?: EventData<'iteration.started'>['sandbox'];
  threadId: string | null;
  startedAt: string;
  finishedAt: string | null;
  /** null while it runs, or after its process died and nobody has put it in order yet. */
  outcome: Outcome | null;
  /** It had not ended when another clone went on from there: that one does not wait for it. */
  left?: true;
  head: string;
  commit: string | null;
  subject: string | null;
  files: number;
  insertions: number;
  deletions: number;
  durationMs: number | null;
  usage: Usage;
  toolCalls: number;
  toolFailures: number;
  /** The last thing the agent said. */
  message: string | null;
  failure: { code: string; message: string } | null;
  tests: TestRun | null;
  /** What its commit could not take in; absent: nothing. */
  skipped?: EventData<'iteration.finished'>['skipped'];
  /** The user's hooks that refused the commit. */
  failedHooks: { hook: string; outputTail: string }[];
}

export interface ManualCommit {
  commit: string;
  subject: string;
  author: { name: string; email: string };
  origin: 'commit' | 'uncommitted-edits';
  files: number;
  insertions: number;
  deletions: number;
  beforeIteration: number;
}

type FoundItem = NonNullable<EventData<'repository-change.found'>['items']>[number];

/** Something that changed while an agent ran, and that nobody has looked at since. */
export interface OpenChange extends Pick<FoundItem, 'item' | 'kind' | 'from' | 'to' | 'before' | 'after'> {
  iteration: number;
  /** Of the clone that it happened in: it says nothing of another one. */
  writer: string;
}

/** A ref that an operation moves, and the checkout that goes along. */
export type Move = EventData<'undo.started'>['moves'][number];
export type Verb = EventData<'undo.started'>['verb'];

/** A squash, rebase, merge, rewind or undo. */
export interface Operation {
  operation: number;
  verb: Verb;
  moves: Move[];
  rewritten: { from: string; to: string }[];
  /** Commits that one new commit stands for. */
  squash: { commit: string; replaced: string[]; mergeBase: string } | null;
  /** The branch that was merged into, or rebased upon. */
  target: { name: string; commit: string } | null;
  /** Lines that it took in. */
  joins: Moment[];
  /** What a rewind went back to; 0 is the beginning. */
  iteration: number | null;
  /** The operation that this one takes back. */
  undoes: number | null;
  startedAt: string;
  finishedAt: string | null;
  undone: boolean;
  /** What of the session an undo brings back. */
  before: Pick<Session, 'base' | 'baseCommit' | 'head' | 'merged' | 'baseTests'>;
  /** What the session's base is afterwards. */
  after: { base: string | null; baseCommit: string };
}

/** A rebase that waits for somebody to decide. */
export type Conflict = EventData<'rebase.conflicted'> & {
  /** The worktree shows it. */
  shown: boolean;
  /** Somebody decided about the commit, and the rest has not followed yet; a null `as` leaves it out. */
  resolved?: { as: string | null };
  /** The rebase is being given up, and the worktree may be half-way back. */
  leaving?: { kept: string | null };
};

/** A moment in a log: one clone's event. */
export interface Moment {
  writer: string;
  seq: number;
}

/** What is true of one clone alone: each has a worktree and a branch of its own. */
export interface Place {
  worktree: string;
  hasWorktree: boolean;
  hasBranch: boolean;
  setupExitCode: number | null | undefined;
  leftovers: Leftover[];
}

/** One of several ways that a session went on, because clones went on apart from each other. */
export interface Line {
  /** The clone that went on with it last; its name. */
  writer: string;
  /** That clone's machine, where it said so. */
  host: string | null;
  /** This clone stands on it. */
  here: boolean;
  /** Its last event. */
  end: Moment;
  /** Its last commit. */
  head: string;
  /** The last commit that all lines share. */
  fork: string;
  /** Iterations that only this line has. */
  iterations: Iteration[];
  manualCommits: ManualCommit[];
  lastActivityAt: string;
}

export interface Session {
  id: string;
  /** False before `session.created`: nothing else is known then. */
  exists: boolean;
  name: string;
  /** Whole, or where the whole is. */
  prompt: LongText | null;
  base: string | null;
  baseCommit: string;
  branch: string;
  /** As recorded: relative to the repository root, or absolute. */
  worktree: string;
  agent: AgentChoice;
  test: string | null;
  setup: string | null;
  setupExitCode: number | null | undefined;
  createdAt: string;
  lastActivityAt: string;
  hasWorktree: boolean;
  hasBranch: boolean;
  archived: boolean;
  removed: boolean;
  /** The newest commit of the branch that is on record. */
  head: string;
  iterations: Iteration[];
  manualCommits: ManualCommit[];
  /** Operations that are done, oldest first, those that were taken back among them. */
  operations: Operation[];
  /** One that has started and not ended: its process works on it, or died. */
  openOperation: Operation | null;
  conflict: Conflict | null;
  /** Where the work was merged into, while that stands. */
  merged: { target: string; commit: string; head: string } | null;
  pullRequest: EventData<'pull-request.opened'> | null;
  /** Thread of each agent's newest run, by agent name. */
  threads: Record<string, string>;
  /** What each thread had cost in all when that was last told, in US dollars, by thread id. */
  threadCosts: Record<string, number>;
  baseTests: TestRun | null;
  /** Files the last test run left behind. */
  leftovers: Leftover[];
  /** The newest one of uncommitted work, and the clone that has it. */
  snapshot: { number: number; commit: string; state: string; at: string; writer: string } | null;
  /** A snapshot that is being brought back, or whose process died over it. */
  openRestore: { number: number; commit: string } | null;
  /** By clone. */
  places: Record<string, Place>;
  /** The machine of each clone that went on with the session. */
  hosts: Record<string, string>;
  /** Clones went on apart: each of these has something that no other has. Empty while there is one line. */
  lines: Line[];
  /** What has to be looked at before anything lands, as far as the record knows. */
  openChanges: OpenChange[];
  /** Events of types this version does not know. */
  unknownEvents: number;
  /** Events of known types whose data could not be read. */
  malformedEvents: number;
  events: number;
}

export const emptyUsage: Usage = {
  tokensInput: 0,
  tokensOutput: 0,
  tokensCacheRead: 0,
  tokensCacheWrite: 0,
  costUsd: null,
  costSource: 'unknown',
};

/** The session before its first event. */
export const initialSession: Session = {
  id: '',
  exists: false,
  name: '',
  prompt: null,
  base: null,
  baseCommit: '',
  branch: '',
  worktree: '',
  agent: { name: 'amp', mode: null },
  test: null,
  setup: null,
  setupExitCode: undefined,
  createdAt: '',
  lastActivityAt: '',
  hasWorktree: false,
  hasBranch: false,
  archived: false,
  removed: false,
  head: '',
  iterations: [],
  manualCommits: [],
  operations: [],
  openOperation: null,
  conflict: null,
  merged: null,
  pullRequest: null,
  threads: {},
  threadCosts: {},
  baseTests: null,
  leftovers: [],
  snapshot: null,
  openRestore: null,
  places: {},
  hosts: {},
  lines: [],
  openChanges: [],
  unknownEvents: 0,
  malformedEvents: 0,
  events: 0,
};
