import type { Grafts } from '../../git/blame.ts';
import type { Operation } from '../../session/state.ts';
import { operationsOf } from './credits.ts';
import type { Facts } from './facts.ts';

/** Reads a commit; undefined when it is not there. */
export type Look = (commit: string) => Promise<{ parents: string[]; committedAt: number } | undefined>;

/** Where lines of a commit go on to, beside its own parents: before them where the files are the same. */
export interface Passage {
  of: string;
  to: string[];
  first: boolean;
}

/**
 * The commits that the agent's work ended in before a commit of a person: what the squash has of it and that person
 * took away again is found there.
 */
const beforePeople = async (op: Operation, look: Look): Promise<string[]> => {
  const replaced = new Set(op.squash?.replaced);
  const made = new Set(op.rewritten.map(({ to }) => to));
  const people = op.rewritten.filter(({ from }) => from !== op.squash?.commit && !made.has(from));
  const commits = await Promise.all(people.map(({ from }) => look(from)));
  return commits.flatMap((commit) => commit?.parents.filter((id) => replaced.has(id)) ?? []).reverse();
};

/**
 * What an operation made, and what its lines came from. A squashed branch has the files of the old one, so all of
 * them go on to the old tip; a commit put upon another base has lines of that base and of the original.
 */
const passagesOf = async ({ session }: Facts, op: Operation, look: Look): Promise<Passage[]> => {
  const own = op.moves.find(({ ref }) => ref === `refs/heads/${session.branch}`);
  const passages: Passage[] = [];
  if (op.squash && own)
    passages.push({ of: op.squash.commit, to: [own.from, ...(await beforePeople(op, look))], first: true });
  for (const { from, to } of op.rewritten) passages.push({ of: to, to: [from], first: false });
  if (own) passages.push({ of: own.to, to: [own.from], first: op.verb === 'squash' });
  return passages;
};

/** The passages that sessions' own operations made, oldest first. */
export const passagesOfSessions = async (all: Facts[], look: Look): Promise<Passage[]> => {
  const passages: Passage[] = [];
  for (const facts of all) {
    for (const op of operationsOf(facts)) passages.push(...(await passagesOf(facts, op, look)));
    for (const { from, to } of facts.session.conflict?.rewritten ?? [])
      passages.push({ of: to, to: [from], first: false });
  }
  return passages;
};

/** One way for lines, from a commit to one that it took them from. */
interface Way {
  of: string;
  to: string;
  first: boolean;
}

/** Each way once, between commits that are there: a shallow or a partly synced clone lacks some. */
const waysOf = async (passages: Passage[], look: Look): Promise<Way[]> => {
  const ways = new Map<string, Way>();
  for (const { of, to, first } of passages)
    for (const id of to) if (id !== of && !ways.has(`${of} ${id}`)) ways.set(`${of} ${id}`, { of, to: id, first });
  const all = [...ways.values()];
  const there = await Promise.all(all.map(async ({ of, to }) => (await look(of)) && (await look(to))));
  return all.filter((_, at) => there[at]);
};

const assemble = async (ways: Way[], look: Look): Promise<Grafts> => {
  const sides = new Map<string, { before: string[]; after: string[] }>();
  for (const { of, to, first } of ways) {
    const side = sides.get(of) ?? { before: [], after: [] };
    side[first ? 'before' : 'after'].push(to);
    sides.set(of, side);
  }
  const grafts: Grafts = new Map();
  for (const [of, { before, after }] of sides) {
    const own: string[] = [];
    for (const id of (await look(of))?.parents ?? []) if (await look(id)) own.push(id);
    grafts.set(of, [...new Set([...before, ...own, ...after])]);
  }
  return grafts;
};

/** A check takes a process. */
const MOST_CHECKS = 64;

/**
 * Passages as other parents. Lines must not go in a circle, or git never ends: work that was moved there and back may
 * end in the very commits it began with. A way from a newer commit to an older one is sure; any other is looked at.
 * @param leads whether one commit leads to another one, with these other parents
 */
export const graftsOf = async (
  passages: Passage[],
  look: Look,
  leads: (from: string, to: string, grafts: Grafts) => Promise<boolean>,
): Promise<Grafts> => {
  const ways = await waysOf(passages, look);
  const isSure = await Promise.all(
    ways.map(async ({ of, to }) => (await look(of))!.committedAt > (await look(to))!.committedAt),
  );
  const taken = new Set(ways.filter((_, at) => isSure[at]));
  const inOrder = (): Way[] => ways.filter((way) => taken.has(way));
  for (const way of ways.filter((_, at) => !isSure[at]).slice(0, MOST_CHECKS))
    if (!(await leads(way.to, way.of, await assemble(inOrder(), look)))) taken.add(way);
  return assemble(inOrder(), look);
};
