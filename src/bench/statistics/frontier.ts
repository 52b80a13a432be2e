/** What one agent costs and how good it is; null where its cost is not known. */
export interface Priced {
  cost: number | null;
  quality: number | null;
}

const beats = (a: Priced, b: Priced): boolean =>
  a.cost! <= b.cost! && a.quality! >= b.quality! && (a.cost! < b.cost! || a.quality! > b.quality!);

/**
 * Which of them are worth their price: no other is at least as good for at most the same money, and better in one of
 * the two. null for what cannot be compared.
 */
export const frontier = (agents: readonly Priced[]): (boolean | null)[] => {
  const known = agents.filter(({ cost, quality }) => cost !== null && quality !== null);
  return agents.map((agent) => (known.includes(agent) ? !known.some((other) => beats(other, agent)) : null));
};
