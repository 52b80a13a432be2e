import type { Grafts } from '../../git/blame.ts';
import type { Operation } from '../../session/state.ts';
import { operationsOf } from './credits.ts';
import type { Facts } from './facts.ts';

/** Gives a commit's parents; undefined when it is not there. */
export type ParentsOf = (commit: string) => Promise<string[] | undefined>;

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
const beforePeople = async (op: Operation, parentsOf: ParentsOf): Promise<string[]> => {
  const replaced = new Set(op.squash?.replaced);
  const made = new Set(op.rewritten.map(({ to }) => to));
  const people = op.rewritten.filter(({ from }) => from !== op.squash?.commit && !made.has(from));
  const parents = await Promise.all(people.map(({ from }) => parentsOf(from)));
  return parents.flatMap((ids) => ids?.filter((id) => replaced.has(id)) ?? []).reverse();
};

/**
 * What an operation made, and what its lines came from. A squashed branch has the files of the old one, so all of
 * them go on to the old tip; a commit put upon another base has lines of that base and of the original.
 */
const passagesOf = async ({ session }: Facts, op: Operation, parentsOf: ParentsOf): Promise<Passage[]> => {
  const own = op.moves.find(({ ref }) => ref === `refs/heads/${session.branch}`);
  const passages: Passage[] = [];
  if (op.squash && own)
    passages.push({ of: op.squash.commit, to: [own.from, ...(await beforePeople(op, parentsOf))], first: true });
  for (const { from, to } of op.rewritten) passages.push({ of: to, to: [from], first: false });
  if (own) passages.push({ of: own.to, to: [own.from], first: op.verb === 'squash' });
  return passages;
};

/** The passages that sessions' own operations made, oldest first. */
export const passagesOfSessions = async (all: Facts[], parentsOf: ParentsOf): Promise<Passage[]> => {
  const passages: Passage[] = [];
  for (const facts of all) {
    for (const op of operationsOf(facts)) passages.push(...(await passagesOf(facts, op, parentsOf)));
    for (const { from, to } of facts.session.conflict?.rewritten ?? [])
      passages.push({ of: to, to: [from], first: false });
  }
  return passages;
};

/** Work that is moved there and back may end in the very commits it began with: lines must not go in a circle. */
const leadsTo = (grafted: Map<string, string[]>, from: string, wanted: string): boolean => {
  const seen = new Set<string>();
  const open = [from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === wanted) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    open.push(...(grafted.get(at) ?? []));
  }
  return false;
};

/** Passages as other parents. Commits that are not there, as in a shallow or a partly synced clone, are left out. */
export const graftsOf = async (passages: Passage[], parentsOf: ParentsOf): Promise<Grafts> => {
  const before = new Map<string, string[]>();
  const after = new Map<string, string[]>();
  const grafted = new Map<string, string[]>();
  for (const { of, to, first } of passages)
    for (const id of to) {
      if (grafted.get(of)?.includes(id) || leadsTo(grafted, id, of)) continue;
      grafted.set(of, [...(grafted.get(of) ?? []), id]);
      const side = first ? before : after;
      side.set(of, [...(side.get(of) ?? []), id]);
    }
  const grafts: Grafts = new Map();
  for (const of of grafted.keys()) {
    const own = await parentsOf(of);
    if (!own) continue;
    const wanted = [...(before.get(of) ?? []), ...own, ...(after.get(of) ?? [])];
    const there = await Promise.all(wanted.map(async (id) => (await parentsOf(id)) !== undefined));
    grafts.set(of, [...new Set(wanted.filter((_, at) => there[at]))]);
  }
  return grafts;
};
