import type { ErrorCode } from '../errors.ts';
import type { Draft, EventData } from '../events/catalogue.ts';
import type { LongText } from '../events/long-text.ts';
import { nextIteration, openIteration } from './conclusions.ts';
import type { AgentChoice, Session } from './state.ts';

/** Requests, in the imperative; never stored. */
export type Intent =
  | { do: 'create'; data: EventData<'session.created'> }
  | { do: 'rename'; name?: string; prompt?: string; test?: string | null; agent?: AgentChoice }
  | {
      do: 'startIteration';
      data: Omit<EventData<'iteration.started'>, 'iteration' | 'prompt'> & { prompt: string | null };
    }
  | { do: 'archive'; found: Found }
  | { do: 'remove'; found: Found; anyway: boolean };

/** What the world looks like, as far as a decision needs it. */
export interface Found {
  /** Files in the worktree that no commit holds, at most a handful by name. */
  uncommitted: string[];
  /** Commits on the branch that no other branch contains, neither as they are nor by content. */
  unmergedCommits: number;
  branchCommit: string | null;
}

/** A decision not to: with the reason, and what to do instead. */
export interface Refusal {
  refused: ErrorCode;
  message: string;
  hint: string;
}

export const isRefusal = (decision: Draft[] | Refusal): decision is Refusal => !Array.isArray(decision);

const refuse = (refused: ErrorCode, message: string, hint: string): Refusal => ({ refused, message, hint });

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** All judgement about a session is here: what may happen next, given its state and what was found in the world. */
export const decide = (session: Session, intent: Intent): Draft[] | Refusal => {
  if (intent.do === 'create') return create(session, intent.data);
  if (!session.exists)
    return refuse(
      'session.missing',
      `Session ${session.id} has no record of its creation.`,
      'Run `amp-sessions list`.',
    );
  switch (intent.do) {
    case 'rename':
      return rename(session, intent);
    case 'startIteration':
      return startIteration(session, intent.data);
    case 'archive':
      return archive(session, intent.found);
    case 'remove':
      return remove(session, intent.found, intent.anyway);
  }
};

const create = (session: Session, data: EventData<'session.created'>): Draft[] | Refusal =>
  session.exists
    ? refuse('session.refused', `Session ${session.id} exists already.`, 'Run `amp-sessions list`.')
    : [{ type: 'session.created', by: 'user', data }];

const rename = (session: Session, wish: Extract<Intent, { do: 'rename' }>): Draft[] | Refusal => {
  const drafts: Draft[] = [];
  if (wish.name !== undefined && wish.name !== session.name)
    drafts.push({ type: 'session.renamed', by: 'user', data: { name: wish.name, previous: session.name } });
  if (wish.prompt !== undefined && wish.prompt !== session.prompt)
    drafts.push({ type: 'prompt.replaced', by: 'user', data: { prompt: wish.prompt } });
  if (wish.test !== undefined && wish.test !== session.test)
    drafts.push({ type: 'test-command.replaced', by: 'user', data: { test: wish.test } });
  if (wish.agent !== undefined && JSON.stringify(wish.agent) !== JSON.stringify(session.agent))
    drafts.push({ type: 'agent.replaced', by: 'user', data: { agent: wish.agent } });
  return drafts;
};

const CONTINUE = 'Go on with the task.';

/** Without a prompt, the first iteration takes the session's; a later one goes on, with the failing output if any. */
export const nextPrompt = (
  session: Session,
  given: string | null,
): { prompt: LongText; reason: 'prompt' | 'continue' } | null => {
  if (given !== null) return { prompt: given, reason: 'prompt' };
  const last = session.iterations.findLast((iteration) => iteration.outcome === 'completed');
  if (!last) return session.prompt === null ? null : { prompt: session.prompt, reason: 'prompt' };
  const tests = session.iterations.at(-1)?.tests ?? null;
  const failed = tests !== null && (tests.exitCode !== 0 || tests.timedOut);
  // What another command said is no help with the one that counts now.
  if (!failed || tests.command !== session.test) return { prompt: CONTINUE, reason: 'continue' };
  const how = tests.timedOut ? 'ran into their time limit' : `failed with exit code ${tests.exitCode ?? tests.signal}`;
  const output = tests.outputTail.trim();
  const end = output === '' ? 'They printed nothing.' : `The end of their output:\n\n${output}`;
  return { prompt: `The tests (\`${tests.command}\`) ${how}. Make them pass.\n\n${end}\n`, reason: 'continue' };
};

const startIteration = (
  session: Session,
  data: Extract<Intent, { do: 'startIteration' }>['data'],
): Draft[] | Refusal => {
  if (session.removed)
    return refuse(
      'session.archived',
      `Session ${session.name} was removed.`,
      `Bring it back with \`amp-sessions resume ${session.id}\`.`,
    );
  if (openIteration(session))
    return refuse(
      'session.busy',
      `Session ${session.name} has an iteration that never ended.`,
      'Run the command again; it is put in order first.',
    );
  const next = nextPrompt(session, data.prompt);
  if (!next)
    return refuse(
      'session.refused',
      `Session ${session.name} has no prompt.`,
      'Give one with --prompt, --prompt-file or --prompt-editor.',
    );
  const reason = data.reason === 'prompt' ? next.reason : data.reason;
  const iteration = nextIteration(session);
  return [{ type: 'iteration.started', by: 'user', data: { ...data, iteration, prompt: next.prompt, reason } }];
};

const dirty = (session: Session, found: Found, verb: string): Refusal | undefined => {
  if (found.uncommitted.length === 0) return undefined;
  const some = found.uncommitted.slice(0, 3).join(', ');
  const more = found.uncommitted.length > 3 ? `, … ${found.uncommitted.length} in all` : '';
  return refuse(
    'session.dirty',
    `Session ${session.name} has uncommitted work that ${verb} would lose: ${some}${more}.`,
    'Commit it in the worktree, or run `amp-sessions iterate`, which records it, then try again.',
  );
};

/** What a person has half resolved is nowhere but in the worktree. */
const waiting = ({ id, name, conflict }: Session): Refusal | undefined =>
  conflict === null
    ? undefined
    : refuse(
        'landing.conflict',
        `A rebase of ${name} onto ${conflict.onto.name} waits for you to resolve a conflict.`,
        `Go on with \`amp-sessions rebase ${id} --continue\` (or --skip, --resolve agent), or give it up with --abort.`,
      );

const removeWorktree = (session: Session, found: Found, reason: 'archive' | 'rm'): Draft[] =>
  session.hasWorktree && found.branchCommit !== null
    ? [
        {
          type: 'worktree-removal.started',
          by: 'user',
          data: { path: session.worktree, branch: session.branch, commit: found.branchCommit, reason },
        },
      ]
    : [];

const archive = (session: Session, found: Found): Draft[] | Refusal => {
  if (session.removed)
    return refuse(
      'session.archived',
      `Session ${session.name} is removed already.`,
      'Run `amp-sessions list --removed`.',
    );
  if (session.archived && !session.hasWorktree)
    return refuse('session.archived', `Session ${session.name} is archived already.`, 'Run `amp-sessions list`.');
  return waiting(session) ?? dirty(session, found, 'archiving') ?? removeWorktree(session, found, 'archive');
};

const remove = (session: Session, found: Found, anyway: boolean): Draft[] | Refusal => {
  if (session.removed)
    return refuse(
      'session.archived',
      `Session ${session.name} is removed already.`,
      'Run `amp-sessions list --removed`.',
    );
  const refused = waiting(session) ?? dirty(session, found, 'removing');
  if (refused) return refused;
  if (found.unmergedCommits > 0 && !anyway)
    return refuse(
      'session.unmerged',
      `Session ${session.name} has ${plural(found.unmergedCommits, 'commit')} on ${session.branch} that no other branch contains.`,
      'Merge it first, keep it with `amp-sessions archive`, or say --unmerged (the commits stay reachable through the log).',
    );
  const drafts = removeWorktree(session, found, 'rm');
  if (session.hasBranch && found.branchCommit !== null)
    drafts.push({
      type: 'branch-removal.started',
      by: 'user',
      data: { branch: session.branch, commit: found.branchCommit, unmergedCommits: found.unmergedCommits },
    });
  return drafts;
};
