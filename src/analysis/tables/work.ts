import type { LogEvent } from '../../events/catalogue.ts';
import type { Operation, Session } from '../../session/state.ts';
import { asCount, asData, asList, asText, asTime } from './read.ts';

/** What became of a commit. */
export type Fate = 'landed' | 'standing' | 'rewound' | 'reset' | 'skipped' | 'upstream' | 'undone' | 'removed';

export const DISCARDED: ReadonlySet<string> = new Set(['rewound', 'reset', 'skipped', 'undone', 'removed']);

/** A commit of the branch, however often it is made anew. */
export interface Work {
  /** Key of its iteration; null for a manual one. */
  iteration: string | null;
}

/** Where a piece of work stands in one line. */
export interface Standing {
  /** What it is called now. */
  id: string | null;
  fate: Fate;
  landedAt: string | null;
  landedIn: string | null;
}

/** The branch as a list, newest first: to remember how it was costs nothing. */
type Chain = { work: Work; below: Chain } | null;

const inChain = (chain: Chain): Work[] => {
  const all: Work[] = [];
  for (let link = chain; link; link = link.below) all.push(link.work);
  return all.reverse();
};

interface Before {
  chain: Chain;
  standings: [Work, Standing][];
}

/** What a session's branch is made of, followed from event to event: what lands, and what is thrown away. */
export class Branch {
  #chain: Chain = null;
  standings = new Map<Work, Standing>();
  /** The branch after each iteration, by its number; 0 is the beginning. */
  #after = new Map<number, Chain>();
  #before = new Map<number, Before>();
  #skipped = new Set<string>();
  #dropped: unknown = [];

  constructor(from?: Branch) {
    if (!from) return;
    this.#chain = from.#chain;
    this.standings = new Map([...from.standings].map(([work, standing]) => [work, { ...standing }]));
    this.#after = new Map(from.#after);
    this.#before = new Map(from.#before);
    this.#skipped = new Set(from.#skipped);
  }

  add(work: Work, id: string | null): void {
    this.#chain = { work, below: this.#chain };
    this.standings.set(work, { id, fate: 'standing', landedAt: null, landedIn: null });
  }

  /** An iteration has ended, with a commit or without. */
  mark(iteration: number): void {
    this.#after.set(iteration, this.#chain);
  }

  /** @param session after the event */
  tell(event: LogEvent, session: Session): void {
    const data = asData(event.data);
    if (event.type.endsWith('.started') && 'moves' in data) this.#dropped = data['dropped'];
    else if (event.type === 'manual-rewrite.found') this.#reset(data['to'], session);
    else if (event.type === 'conflict.resolved' && data['as'] === null) this.#skipped.add(String(data['commit']));
    else if (event.type.endsWith('.finished') && asCount(data['operation']) !== null) {
      const op = session.operations.at(-1);
      if (op && op.operation === data['operation'] && op.finishedAt === event.at) this.#finish(op, event);
    }
  }

  #finish(op: Operation, { at, data }: LogEvent): void {
    const works = inChain(this.#chain);
    const standings = works.map((work): [Work, Standing] => [work, { ...this.standings.get(work)! }]);
    this.#before.set(op.operation, { chain: this.#chain, standings });
    if (op.verb === 'rewind') this.#goTo(this.#after.get(op.iteration ?? 0) ?? null, 'rewound');
    else if (op.verb === 'undo') this.#undo(op.undoes ?? 0, asData(data)['verb'] === 'merge');
    else this.#rewrite(op, works);
    if (op.verb !== 'merge') return;
    const landedIn = asText(op.target?.name);
    for (const work of inChain(this.#chain))
      Object.assign(this.standings.get(work)!, { fate: 'landed', landedAt: asTime(at), landedIn });
  }

  /** What squashed and rebased commits are called now; those that were left out are on the branch no more. */
  #rewrite(op: Operation, works: Work[]): void {
    const dropped = new Set(asList(this.#dropped));
    const replaced = new Set(asList(op.squash?.replaced));
    const names = new Map(asList(op.rewritten).map((one) => [asData(one)['from'], asText(asData(one)['to'])]));
    let kept: Chain = null;
    for (const work of works) {
      const standing = this.standings.get(work)!;
      if (dropped.has(standing.id)) {
        if (standing.fate !== 'landed') standing.fate = this.#skipped.has(standing.id ?? '') ? 'skipped' : 'upstream';
        continue;
      }
      if (replaced.has(standing.id)) standing.id = asText(op.squash?.commit);
      standing.id = names.get(standing.id) ?? standing.id;
      kept = { work, below: kept };
    }
    this.#chain = kept;
  }

  /** The branch is what it was at another time: what is not on it any more has this fate, what is stands again. */
  #goTo(chain: Chain, fate: Fate): void {
    const kept = new Set(inChain(chain));
    for (const work of inChain(this.#chain)) {
      const standing = this.standings.get(work)!;
      if (!kept.has(work) && standing.fate !== 'landed') standing.fate = fate;
    }
    this.#chain = chain;
    for (const work of kept) {
      const standing = this.standings.get(work)!;
      if (standing.fate !== 'landed' && standing.fate !== 'undone') standing.fate = 'standing';
    }
  }

  #undo(operation: number, isMerge: boolean): void {
    const before = this.#before.get(operation);
    if (!before) return;
    this.#goTo(before.chain, 'undone');
    for (const [work, standing] of before.standings) {
      const isTakenBack = isMerge && standing.fate !== 'landed';
      this.standings.set(work, { ...standing, fate: isTakenBack ? 'undone' : standing.fate });
    }
  }

  /** Somebody moved the branch by hand: what that means is known where it now stands on a commit of ours. */
  #reset(to: unknown, { baseCommit }: Session): void {
    let link = this.#chain;
    while (link && this.standings.get(link.work)!.id !== to) link = link.below;
    if (link || to === baseCommit) this.#goTo(link, 'reset');
  }
}

const RANK: Fate[] = ['landed', 'standing', 'upstream'];

const rank = ({ fate }: Standing): number => {
  const place = RANK.indexOf(fate);
  return place < 0 ? RANK.length : place;
};

/** What became of each piece of work in the end; of several lines the one counts in which it came furthest. */
export const outcomeOf = (branches: Branch[], isRemoved: boolean): Map<Work, Standing> => {
  const best = new Map<Work, Standing>();
  for (const { standings } of branches)
    for (const [work, standing] of standings) {
      const known = best.get(work);
      if (!known || rank(standing) < rank(known)) best.set(work, standing);
    }
  if (isRemoved)
    for (const [work, standing] of best)
      if (standing.fate === 'standing') best.set(work, { ...standing, fate: 'removed' });
  return best;
};
