import type { EventData, LogEvent } from '../../events/catalogue.ts';
import { logId } from '../../events/envelope.ts';
import { allIterations } from '../../session/conclusions.ts';
import type { Operation } from '../../session/state.ts';
import type { Facts, Ran } from './facts.ts';
import type { Marks } from './marks.ts';

/** Whose a commit is, as far as a session has a part in it. */
export interface Credit {
  kind: 'agent' | 'manual';
  session: string;
  /** Null: a person's, or several iterations in one commit. */
  iteration: number | null;
  /** The clone that ran the iteration, where its log is here. */
  writer?: string;
  /** Where the session's log is not here to tell. */
  agent?: { name: string; mode: string | null };
}

type Credits = Map<string, Credit>;

/** One commit for several: of one iteration when all are. */
const joined = (session: string, replaced: string[], credits: Credits): Credit => {
  const known = replaced.map((id) => credits.get(id));
  const [first, ...others] = known;
  const isOne = others.every((one) => one?.iteration === first?.iteration && one?.writer === first?.writer);
  if (!isOne || !first) return { kind: 'agent', session, iteration: null };
  return { kind: 'agent', session, iteration: first.iteration, ...(first.writer && { writer: first.writer }) };
};

/** What an operation made anew is whose the original was; a squash stands before what is put on top of it. */
const carryOver = ({ session }: Facts, op: Operation, credits: Credits): void => {
  const { squash, rewritten, moves } = op;
  if (squash && !credits.has(squash.commit)) credits.set(squash.commit, joined(session.id, squash.replaced, credits));
  for (const { from, to } of rewritten) {
    const credit = credits.get(from);
    if (credit && !credits.has(to)) credits.set(to, credit);
  }
  // A merge commit is nobody's own work, but the session's doing.
  if (op.verb === 'merge')
    for (const { to } of moves)
      if (!credits.has(to)) credits.set(to, { kind: 'agent', session: session.id, iteration: null });
};

/** Every operation that made commits, whether it stands or was taken back: what it made may be visible elsewhere. */
export const operationsOf = ({ session: { operations, openOperation } }: Facts): Operation[] =>
  [...operations, ...(openOperation ? [openOperation] : [])].filter(({ verb }) => verb !== 'undo' && verb !== 'rewind');

/** Commits that people made on the branch itself; what they merged into it came from elsewhere. */
const onBranch = ({ session, found }: Facts): Set<string> => {
  const own = new Set<string>();
  const lines = session.lines.map(({ head }) => head);
  const tips = [session.head, ...lines, ...allIterations(session).map(({ head }) => head)];
  const moved = session.operations.flatMap(({ moves }) => moves.map(({ from }) => from));
  for (const tip of [...tips, ...moved])
    for (let at: string | undefined = tip; at !== undefined && found.has(at) && !own.has(at); at = found.get(at)?.[0])
      own.add(at);
  return own;
};

/** Whose the commits are that a session's log tells of. */
export const creditsOf = (facts: Facts): Credits => {
  const { session, folded, resolved } = facts;
  const credits: Credits = new Map();
  const agent = (commit: string, { iteration, writer }: Ran) =>
    credits.set(commit, { kind: 'agent', session: session.id, iteration, writer });
  const manual = (commit: string) => credits.set(commit, { kind: 'manual', session: session.id, iteration: null });
  for (const [commit, ran] of folded) agent(commit, ran);
  for (const [commit, ran] of resolved) ran === null ? manual(commit) : agent(commit, ran);
  for (const commit of onBranch(facts)) manual(commit);
  for (const it of allIterations(session)) if (it.commit !== null) agent(it.commit, it);
  for (const op of operationsOf(facts)) carryOver(facts, op, credits);
  return credits;
};

const FINISHED = 'iteration.finished';

const agentIn = ({ data }: LogEvent): Credit['agent'] => {
  const { agent } = data as Partial<EventData<typeof FINISHED>>;
  return typeof agent?.name === 'string' ? { name: agent.name, mode: agent.mode ?? null } : undefined;
};

/** Whose a commit is by its note: it tells of every commit that this one stands for. */
const creditByNote = (noted: LogEvent[]): Credit | undefined => {
  const finished = noted.filter(
    ({ type, data }) => type === FINISHED && Number.isInteger((data as never)?.['iteration']),
  );
  const log = (finished[0] ?? noted.find(({ type }) => type === 'manual-commit.found'))?.log;
  if (log === undefined) return undefined;
  if (finished.length === 0) return { kind: 'manual', session: logId(log), iteration: null };
  const numbers = new Set(finished.map(({ data }) => (data as EventData<typeof FINISHED>).iteration));
  const [iteration = null] = numbers;
  const agent = agentIn(finished[0]!);
  return {
    kind: 'agent',
    session: logId(log),
    iteration: numbers.size === 1 ? iteration : null,
    ...(agent && { agent }),
  };
};

/** Whose a commit is by what it says itself: without a number it is a person's edits, or a squash of a host. */
const creditByMessage = ({ session, iterations }: Marks, subject: string): Credit | undefined => {
  if (session === null) return undefined;
  if (/^Manual edits before iteration \d+$/.test(subject)) return { kind: 'manual', session, iteration: null };
  return { kind: 'agent', session, iteration: iterations.length === 1 ? iterations[0]! : null };
};

/** Whose a commit is where no log tells; undefined: no session had a part in it. */
export const creditByMarks = (marks: Marks | undefined, subject: string): Credit | undefined =>
  marks && (creditByNote(marks.noted) ?? creditByMessage(marks, subject));
