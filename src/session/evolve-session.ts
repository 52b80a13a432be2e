import type { EventType, KnownEvent } from '../events/catalogue.ts';
import type { SessionEventType } from '../events/session-events.ts';
import { type Change, leaveOthers, NOTHING } from './change.ts';
import type { Session } from './state.ts';

type On<Type extends EventType> = (session: Session, event: Extract<KnownEvent, { type: Type }>) => Change;

/** What each event about the session as a whole means. */
export const sessionHandlers: { [Type in SessionEventType]: On<Type> } = {
  'session.created': (_, { data, at }) => ({
    exists: true,
    name: data.name,
    prompt: data.prompt,
    base: data.base,
    baseCommit: data.baseCommit,
    branch: data.branch,
    worktree: data.worktree,
    agent: data.agent,
    test: data.test,
    setup: data.setup,
    createdAt: at,
    head: data.baseCommit,
  }),
  'session.renamed': (_, { data }) => ({ name: data.name }),
  'prompt.replaced': (_, { data }) => ({ prompt: data.prompt }),
  'test-command.replaced': (_, { data }) => ({ test: data.test }),
  'agent.replaced': (_, { data }) => ({ agent: data.agent }),
  'worktree.added': (_, { data }) => ({
    worktree: data.path,
    branch: data.branch,
    hasWorktree: true,
    hasBranch: true,
    archived: false,
    leftovers: [],
    // Files that the set-up command made went with the worktree before this one.
    setupExitCode: undefined,
  }),
  'setup.finished': (_, { data }) => ({
    setupExitCode: data.timedOut ? null : data.exitCode,
    leftovers: data.leftovers,
  }),
  'worktree-removal.started': () => NOTHING,
  'worktree.removed': () => ({ hasWorktree: false, leftovers: [] }),
  'branch-removal.started': () => NOTHING,
  'branch.removed': () => ({ hasBranch: false }),
  'session.archived': () => ({ archived: true }),
  'session.removed': () => ({ archived: true, removed: true }),
  'manual-commit.found': (session, { data }) => ({
    head: data.commit,
    manualCommits: [
      ...session.manualCommits,
      {
        commit: data.commit,
        subject: data.subject,
        author: data.author,
        origin: data.origin,
        files: data.files,
        insertions: data.insertions,
        deletions: data.deletions,
        beforeIteration: data.beforeIteration,
      },
    ],
  }),
  'manual-rewrite.found': (_, { data }) => ({ head: data.to }),
  'log.recovered': () => NOTHING,
  'session.resumed': (session, { writer, data }) => ({
    archived: false,
    removed: false,
    hosts: { ...session.hosts, [writer]: data.host },
    ...(data.newThread && { threads: {} }),
    ...(data.from && {
      openOperation: null,
      openRestore: null,
      conflict: null,
      iterations: leaveOthers(session, writer),
    }),
  }),
};
