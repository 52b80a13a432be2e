/** Levenshtein distance: the fewest letters to add, drop or change. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length]!;
};

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9.]/g, '');

/** The known name that was probably meant; the last part of a dotted name alone will do. */
export const suggest = (name: string, known: readonly string[]): string | undefined => {
  const wanted = plain(name.slice(0, 100));
  let best: { name: string; far: number } | undefined;
  for (const candidate of known) {
    const short = candidate.slice(candidate.lastIndexOf('.') + 1);
    const far = Math.min(
      distance(wanted, plain(candidate)),
      distance(wanted, plain(short)) + (short === candidate ? 0 : 0.5),
    );
    if (best === undefined || far < best.far) best = { name: candidate, far };
  }
  return best !== undefined && best.far <= Math.max(1.5, wanted.length / 3) ? best.name : undefined;
};
