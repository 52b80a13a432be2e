/**
 * Chance that is the same in every run: sfc32 (C. Doty-Humphrey, PractRand), started from one number and run in.
 * Gives whole numbers from 0 up to, and without, `below`.
 */
export const seeded = (seed: number): ((below: number) => number) => {
  let [a, b, c, counter] = [0x9e3779b9, 0x243f6a88, seed >>> 0, 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (let warm = 0; warm < 15; warm++) next();
  return (below) => Math.floor((next() / 2 ** 32) * below);
};
