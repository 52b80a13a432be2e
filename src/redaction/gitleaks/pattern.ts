import { RE2JS } from 're2js';

/**
 * Go's own syntax on an engine that never goes back: the time is proportional to the text, whatever the expression.
 * What a single step may cost is bounded by the size of the compiled program.
 */
export type Pattern = RE2JS;

const MAX_SOURCE = 20_000;
/** The parser bounds what lies inside each other; this bounds what stands beside each other, before it is built. */
const MAX_REPEATS = 5_000;
const MAX_PROGRAM = 20_000;

const repeats = (source: string): number => {
  let sum = 0;
  for (const [, least, most] of source.matchAll(/\{(\d{1,9})(?:,(\d{0,9}))?\}/g))
    sum += Math.max(Number(least), Number(most ?? 0));
  return sum;
};

/** @throws Error that says why the expression cannot be used */
export const compilePattern = (source: string): Pattern => {
  if (source.length > MAX_SOURCE || repeats(source) > MAX_REPEATS) throw new Error('it is too large');
  const pattern = RE2JS.compile(source);
  if (pattern.programSize() > MAX_PROGRAM) throw new Error('it is too large');
  return pattern;
};

export interface Match {
  start: number;
  end: number;
  /** Whole match. */
  match: string;
  secretStart: number;
  secretEnd: number;
}

/** The group that is named; with 0 the first that holds something, as gitleaks does. */
const secretOf = (matcher: ReturnType<Pattern['matcher']>, group: number, count: number): [number, number] => {
  for (let n = group > 0 ? group : 1; n <= (group > 0 ? group : count); n++) {
    const [start, end] = [matcher.start(n), matcher.end(n)];
    if (start >= 0 && end > start) return [start, end];
  }
  return [matcher.start(), matcher.end()];
};

/** @returns what is found in `text`, from the left, empty matches left out */
export const matchAll = (pattern: Pattern, text: string, group: number): Match[] => {
  const found: Match[] = [];
  if (!pattern.test(text)) return found;
  const matcher = pattern.matcher(text);
  const count = pattern.groupCount();
  while (matcher.find()) {
    const [start, end] = [matcher.start(), matcher.end()];
    if (end === start) continue;
    const [secretStart, secretEnd] = secretOf(matcher, Math.min(group, count), count);
    found.push({ start, end, match: text.slice(start, end), secretStart, secretEnd });
  }
  return found;
};
