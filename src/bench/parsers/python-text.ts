/**
 * What Python makes of text where JavaScript differs: the official parsers are written in it, and the names of tests in
 * the data sets are what came out of them. Nothing here takes more than linear time: what a test run prints is the
 * agent's to say.
 */
const SPACES =
  '\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000';
const IS_SPACE = new Set(SPACES);
const RUN = new RegExp(`[${SPACES}]+`);

/** No name of a test is longer; what is would cost patterns their time. */
const LONGEST_LINE = 10_000;

/** A pattern whose `\\s` is Python's: some control characters are spaces there, and a byte order mark is none. */
export const pattern = ({ source, flags }: RegExp): RegExp =>
  new RegExp(source.replaceAll('\\s', `[${SPACES}]`), flags);

/** `str.strip()` */
export const strip = (text: string): string => {
  let [start, end] = [0, text.length];
  while (start < end && IS_SPACE.has(text[start]!)) start += 1;
  while (end > start && IS_SPACE.has(text[end - 1]!)) end -= 1;
  return text.slice(start, end);
};

/** `str.split()`: the words, without empty ones. */
export const words = (text: string): string[] => {
  const inside = strip(text);
  return inside === '' ? [] : inside.split(RUN);
};

/** Lines as Python reads a file: every kind of line end is one. What is too long is cut. */
export const linesOf = (log: string): string[] =>
  log
    .replace(/\r\n?/g, '\n')
    .split('\n')
    .map((line) => (line.length > LONGEST_LINE ? line.slice(0, LONGEST_LINE) : line));

/** Without the sequences that colour a terminal. */
export const withoutColour = (text: string): string => text.replace(/\u001b(?:[@-Z\\-_]|\[[0-?]*[ -/]*[@-~])/g, '');
