/** A session that wants to land, as far as the order is concerned. */
export interface Candidate {
  id: string;
  /** It cannot be put upon the target as that is now. */
  isInConflict: boolean;
  /** Lines it adds and removes. */
  size: number;
  createdAt: string;
}

export interface Turn {
  id: string;
  /** Sessions that landed before it, in conflict with it: it has to be rebased by hand or by the agent. */
  after: string[];
}

const compare = <T>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * An order in which few have to be rebased with a conflict: again and again the one that can land cleanly and stands in
 * the way of the fewest others, the smallest of those, the oldest of those. Whoever is in conflict with one that
 * landed, or with the target itself, comes at the end.
 * @param pairs ids of two that cannot both land cleanly
 */
export const landingOrder = (candidates: Candidate[], pairs: [string, string][]): Turn[] => {
  const against = new Map(candidates.map(({ id }) => [id, new Set<string>()]));
  for (const [a, b] of pairs) {
    against.get(a)?.add(b);
    against.get(b)?.add(a);
  }
  const landed = new Set<string>();
  const waiting = new Map(candidates.map((candidate) => [candidate.id, candidate]));
  const isBlocked = ({ id, isInConflict }: Candidate): boolean =>
    isInConflict || [...against.get(id)!].some((other) => landed.has(other));
  const opponents = ({ id }: Candidate): number => [...against.get(id)!].filter((other) => waiting.has(other)).length;
  const turns: Turn[] = [];
  while (waiting.size > 0) {
    const [next] = [...waiting.values()].sort(
      (a, b) =>
        compare(isBlocked(a), isBlocked(b)) ||
        compare(opponents(a), opponents(b)) ||
        compare(a.size, b.size) ||
        compare(a.createdAt, b.createdAt) ||
        compare(a.id, b.id),
    );
    const { id } = next!;
    turns.push({ id, after: turns.map((turn) => turn.id).filter((other) => against.get(id)!.has(other)) });
    landed.add(id);
    waiting.delete(id);
  }
  return turns;
};
