import type { EventType, KnownEvent } from '../events/catalogue.ts';
import type { SessionEventType } from '../events/session-events.ts';
import type { Session } from './state.ts';

type On<Type extends EventType> = (session: Session, event: Extract<KnownEvent, { type: Type }>) => Session;

/** What each event about the session as a whole means. */
export const sessionHandlers: { [Type in SessionEventType]: On<Type> } = {
  'session.created': (session, { data, at }) => ({
    ...session,
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
  'session.renamed': (session, { data }) => ({ ...session, name: data.name }),
  'prompt.replaced': (session, { data }) => ({ ...session, prompt: data.prompt }),
  'test-command.replaced': (session, { data }) => ({ ...session, test: data.test, baseTests: null }),
  'agent.replaced': (session, { data }) => ({ ...session, agent: data.agent }),
  'worktree.added': (session, { data }) => ({
    ...session,
    worktree: data.path,
    branch: data.branch,
    hasWorktree: true,
    hasBranch: true,
    archived: false,
    leftovers: [],
  }),
  'setup.finished': (session, { data }) => ({ ...session, setupExitCode: data.exitCode, leftovers: data.leftovers }),
  'worktree-removal.started': (session) => session,
  'worktree.removed': (session) => ({ ...session, hasWorktree: false, leftovers: [] }),
  'branch-removal.started': (session) => session,
  'branch.removed': (session) => ({ ...session, hasBranch: false }),
  'session.archived': (session) => ({ ...session, archived: true }),
  'session.removed': (session) => ({ ...session, archived: true, removed: true }),
  'manual-commit.found': (session, { data }) => ({
    ...session,
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
  'manual-rewrite.found': (session, { data }) => ({ ...session, head: data.to }),
  'log.recovered': (session) => session,
};
