/** The fewest letters to add, drop, change, or swap with their neighbour. */
const distance = (a: string, b: string): number => {
  let above: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const changed = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, changed, swapped ? above[j - 2]! + 1 : changed);
    }
    above = row;
    row = next;
  }
  return row[b.length]!;
};

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9.]/g, '');

const far = (wanted: string, name: string): number =>
  wanted.length > 2 && name.startsWith(wanted) ? 1 : distance(wanted, name);

/** The known name that was probably meant; the last part of a dotted name alone will do. */
export const suggest = (name: string, known: readonly string[]): string | undefined => {
  const wanted = plain(name.slice(0, 100));
  let best: { name: string; far: number } | undefined;
  for (const candidate of known) {
    const short = candidate.slice(candidate.lastIndexOf('.') + 1);
    const byShort = far(wanted, plain(short)) + (short === candidate ? 0 : 0.5);
    const nearest = Math.min(far(wanted, plain(candidate)), byShort);
    if (best === undefined || nearest < best.far) best = { name: candidate, far: nearest };
  }
  return best !== undefined && best.far <= Math.max(1.5, wanted.length / 3) ? best.name : undefined;
};
