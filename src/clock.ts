import { randomBytes } from 'node:crypto';

/** The only source of time and chance; tests hand in their own. */
export interface Clock {
  /** Wall time, ISO-8601 UTC with milliseconds. */
  now(): string;
  /** Milliseconds that never go backwards; only differences mean anything. */
  elapsed(): number;
  /** A new id: 10 characters of a-z0-9, the first a letter (51 bits of chance). */
  newId(): string;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const ALPHABET = `${LETTERS}0123456789`;

/** Draws without bias: bytes past the largest multiple of the alphabet's length are thrown away. */
const draw = (alphabet: string): string => {
  const limit = 256 - (256 % alphabet.length);
  for (;;) for (const byte of randomBytes(16)) if (byte < limit) return alphabet[byte % alphabet.length]!;
};

export const newId = (): string => {
  let id = draw(LETTERS);
  while (id.length < 10) id += draw(ALPHABET);
  return id;
};

export const systemClock: Clock = {
  now: () => new Date().toISOString(),
  // Node loads `performance` when it is first used, which takes longer than what is measured.
  elapsed: () => {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1000 + nanoseconds / 1e6;
  },
  newId,
};
