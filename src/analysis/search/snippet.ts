import { isFoundWithin, type Phrase, phrasePattern } from './words.ts';

/** Part of a text on one line, and where the hits in it are: from and to, in UTF-16 units. */
export interface Snippet {
  snippet: string;
  hits: [from: number, to: number][];
}

interface Folded {
  text: string;
  /** Where each unit of `text` comes from. */
  from: number[];
}

const ASCII = /^[\0-\x7f]*$/;
const MARKS = /\p{M}/gu;

/** Without case and accents, as DuckDB's `strip_accents(lower(…))` does it. */
const foldChar = (char: string): string => char.toLowerCase().normalize('NFD').replace(MARKS, '');

export const fold = (text: string): string =>
  ASCII.test(text) ? text.toLowerCase() : Array.from(text, foldChar).join('');

const foldedOf = (text: string): Folded => {
  const from: number[] = [];
  let folded = '';
  let at = 0;
  for (const char of text) {
    const one = foldChar(char);
    for (let unit = 0; unit < one.length; unit++) from.push(at);
    folded += one;
    at += char.length;
  }
  return { text: folded, from };
};

/** The accents that belong to what was found go along. */
const pastMarks = (text: string, at: number): number => {
  let end = at;
  while (end < text.length && /^\p{M}/u.test(text.slice(end, end + 2)))
    end += String.fromCodePoint(text.codePointAt(end)!).length;
  return end;
};

interface Hit {
  from: number;
  to: number;
  phrase: number;
}

const hitsIn = (text: string, phrases: readonly Phrase[]): Hit[] => {
  const { text: folded, from } = foldedOf(text);
  const hits: Hit[] = [];
  for (const [phrase, given] of phrases.entries()) {
    const words = given.map(fold);
    const before = isFoundWithin(words[0]!) ? '' : '(?<![\\p{L}\\p{M}\\p{N}])';
    for (const { index, 0: found } of folded.matchAll(new RegExp(`${before}${phrasePattern(words)}`, 'gu'))) {
      const last = from[index + found.length - 1]!;
      const end = last + String.fromCodePoint(text.codePointAt(last)!).length;
      hits.push({ from: from[index]!, to: pastMarks(text, end), phrase });
    }
  }
  return hits.sort((a, b) => a.from - b.from || b.to - a.to);
};

/** The hit from which a window of so many characters shows the most different phrases; the first of those. */
const bestStart = (hits: readonly Hit[], room: number): number => {
  let best = { from: 0, seen: 0 };
  for (const { from } of hits.slice(0, 200)) {
    const seen = new Set(hits.filter((hit) => hit.from >= from && hit.to <= from + room).map(({ phrase }) => phrase))
      .size;
    if (seen > best.seen) best = { from, seen };
  }
  return best.from;
};

const LEAD = 30;
const LEAST = 40;

/** From a space, where one is near. */
const startAt = (text: string, wished: number): number => {
  if (wished <= 0) return 0;
  const space = text.indexOf(' ', wished);
  if (space >= 0 && space - wished < LEAD / 2) return space + 1;
  return /[\udc00-\udfff]/.test(text[wished]!) ? wished + 1 : wished;
};

const endAt = (text: string, wished: number): number => {
  if (wished >= text.length) return text.length;
  const space = text.lastIndexOf(' ', wished);
  if (wished - space < LEAD / 2) return space;
  return /[\udc00-\udfff]/.test(text[wished]!) ? wished - 1 : wished;
};

/** Hits that touch each other are one. */
const joined = (hits: readonly Hit[]): [number, number][] => {
  const all: [number, number][] = [];
  for (const { from, to } of hits) {
    const last = all.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else all.push([from, to]);
  }
  return all;
};

/** What of a text shows why it was found, in about so many characters, on one line. */
export const snippetOf = (given: string, phrases: readonly Phrase[], wished = 160): Snippet => {
  const room = Math.max(LEAST, wished);
  const text = given.replace(/\s+/gu, ' ').trim();
  const hits = hitsIn(text, phrases);
  const isWhole = text.length <= room;
  const begin = isWhole ? 0 : startAt(text, Math.min(bestStart(hits, room - LEAD) - LEAD, text.length - room));
  const end = isWhole ? text.length : endAt(text, begin + room);
  const before = begin > 0 ? '… ' : '';
  const shift = before.length - begin;
  const shown = joined(hits.filter(({ from, to }) => from >= begin && to <= end));
  return {
    snippet: `${before}${text.slice(begin, end)}${end < text.length ? ' …' : ''}`,
    hits: shown.map(([from, to]) => [from + shift, to + shift]),
  };
};
