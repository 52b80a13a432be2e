import type { ChalkInstance } from 'chalk';
import { AppError } from '../errors.ts';
import { formatAge } from './format.ts';
import { sanitizeLine, sanitizeText } from './sanitize.ts';
import { textWidth, truncate } from './width.ts';

interface Item {
  repository: string;
  session: string;
  name: string | null;
  iteration: number | null;
  kind: string;
  at: string | null;
  snippet: string;
  hits: [from: number, to: number][];
}

export interface SearchView {
  color: ChalkInstance;
  /** Columns of the terminal; null: a program reads it. */
  columns: number | null;
  /** Milliseconds since 1970. */
  now: number;
}

const KINDS: Record<string, string> = { tool: 'tool call', output: 'output of a program' };

const INDENT = '  ';

/** A piece of foreign text, inert; pieces are made so one by one, so that what begins in one cannot end in the next. */
const inert = (text: string): string => sanitizeText(text).replace(/[\t\n]+/g, ' ');

/** The snippet, its hits marked, cut where the line ends. */
const snippetText = ({ snippet, hits }: Item, { color, columns }: SearchView): string => {
  let room = columns === null ? Number.POSITIVE_INFINITY : columns - INDENT.length;
  let line = '';
  const add = (given: string, paint: (text: string) => string): void => {
    const text = truncate(inert(given), room);
    room -= textWidth(text);
    if (text !== '') line += paint(text);
  };
  let at = 0;
  for (const [from, to] of hits) {
    add(snippet.slice(at, from), (text) => text);
    add(snippet.slice(from, to), (text) => color.bold.yellow(text));
    at = to;
  }
  add(snippet.slice(at), (text) => text);
  return `${INDENT}${line}`;
};

const head = (item: Item, { color, columns, now }: SearchView, isOfMany: boolean): string => {
  const when = item.at === null ? [] : [columns === null ? item.at : formatAge(item.at, now)];
  const rest = [
    item.iteration === null ? 'session' : `iteration ${item.iteration}`,
    KINDS[item.kind] ?? item.kind,
    ...when,
    ...(isOfMany ? [sanitizeLine(item.repository)] : []),
  ].join(' · ');
  const name = item.name === null ? '' : sanitizeLine(item.name);
  const shown = truncate(name, columns === null ? 60 : Math.max(12, columns - item.session.length - rest.length - 5));
  return `${color.bold(item.session)} ${shown === '' ? '' : `${color.cyan(shown)} `}${color.dim(`· ${rest}`)}`;
};

/** Each text that was found: where it is, and under it what of it fits. */
export const searchText = (items: readonly Item[], view: SearchView): string => {
  const isOfMany = new Set(items.map(({ repository }) => repository)).size > 1;
  return items.map((item) => `${head(item, view, isOfMany)}\n${snippetText(item, view)}`).join('\n');
};

/** Nothing was found: as a refusal, so that a script knows. */
export const nothingFound = (words: string, isNarrowed: boolean): AppError =>
  new AppError('match.missing', `Nothing has “${sanitizeLine(words)}” in it.`, {
    hint: isNarrowed
      ? 'Look without --session, --since and --until, or for fewer words: all of them have to be in one text.'
      : 'Look for fewer words, as all of them have to be in one text; --all looks in every repository of yours.',
    answer: { items: [], total: 0 },
  });
