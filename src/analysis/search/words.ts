import { AppError } from '../../errors.ts';

/** Words that stand one after the other; mostly one. As they were given. */
export type Phrase = readonly string[];

export interface Wanted {
  /** All of them are in a text that is found. */
  wanted: Phrase[];
  /** None of them is. */
  unwanted: Phrase[];
}

const WORD = /[\p{L}\p{M}\p{N}]+/gu;

/** A quoted part, or what stands between spaces; each with a minus in front. Quotes may be left open. */
const PART = /(?<minus>(?<=^|\s)[-−])?(?:["“”„«](?<quoted>[^"“”«»]*)(?:["“”»]|$)|(?<plain>[^\s"“”„«»]+))/gu;

/**
 * What a person looks for: words, “phrases in quotes”, and `-word` for what is to be left out. A word with signs in it,
 * such as `src/login.ts`, is a phrase.
 * @throws AppError `usage.invalid`
 */
export const parseWords = (given: string): Wanted => {
  const wanted: Phrase[] = [];
  const unwanted: Phrase[] = [];
  for (const { groups } of given.matchAll(PART)) {
    const phrase = (groups!['quoted'] ?? groups!['plain'] ?? '').match(WORD) ?? [];
    if (phrase.length > 0) (groups!['minus'] === undefined ? wanted : unwanted).push(phrase);
  }
  if (wanted.length > 0) return { wanted, unwanted };
  if (unwanted.length > 0)
    throw new AppError('usage.invalid', 'Something to look for is needed beside what is to be left out.', {
      hint: 'For example: amp-sessions search "login -logout".',
    });
  throw new AppError('usage.invalid', 'There is no word to look for.', {
    hint: 'A word has letters or digits. For example: amp-sessions search "login page".',
  });
};

/** Scripts that write words without spaces between them. */
const UNSPACED =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** Sigma has two shapes, and its capital is that of both. */
const SIGMA = /[σς]/gu;

const APART = '[^\\p{L}\\p{M}\\p{N}]+';

/**
 * `celsius` is found in `toCelsius`; what is too short to mean anything in the middle of a word, where a word begins.
 * @param word folded
 */
export const isFoundWithin = (word: string): boolean => word.length > 2 || UNSPACED.test(word);

/** The words of a phrase, one after the other, as RE2 and JavaScript both read it; nothing of them needs an escape. */
export const phrasePattern = (phrase: Phrase): string => phrase.map((word) => word.replace(SIGMA, '[σς]')).join(APART);

/** A folded phrase as RE2 finds it: anywhere, where a word begins so, and where a word is just so. */
export const patterns = (phrase: Phrase): { anywhere: string; begins: string; whole: string } => {
  const words = phrasePattern(phrase);
  const begins = UNSPACED.test(phrase[0]!) ? words : `(?:^|[^\\p{L}\\p{M}\\p{N}])${words}`;
  const anywhere = isFoundWithin(phrase[0]!) ? words : begins;
  return { anywhere, begins, whole: `${begins}(?:$|[^\\p{L}\\p{M}\\p{N}])` };
};

/** Texts that every match has in it, for a fast first look. */
export const needles = (phrase: Phrase): string[] => {
  const longest = (word: string): string =>
    word.split(SIGMA).reduce((best, part) => (part.length > best.length ? part : best), '');
  return phrase.map(longest).filter((part) => part !== '');
};
