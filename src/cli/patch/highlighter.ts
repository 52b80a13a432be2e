import { createContext, Script } from 'node:vm';
import hljs from 'highlight.js/lib/core';
import { systemClock } from '../../clock.ts';
import { grammars } from './grammars.ts';
import type { Scope } from './model.ts';

/** A run of letters of one scope. */
export interface Token {
  text: string;
  scope: Scope;
}

/** Colours lines of a language; undefined where it cannot, or may not take longer. */
export type Highlight = (lines: string[], language: string) => Token[][] | undefined;

/** What a patch may cost altogether. */
const TIME_MS = 1_500;
/** Letters of one side of a hunk. */
const MOST_LETTERS = 200_000;

/** Grammars that a grammar hands parts of a file to. */
const INSIDE: Record<string, string[]> = {
  javascript: ['xml', 'css', 'graphql'],
  typescript: ['xml', 'css', 'graphql'],
  xml: ['javascript', 'css'],
  markdown: ['xml'],
  php: ['xml'],
};

/** By the first word of a class of highlight.js. Source: its CSS class reference. */
const SCOPES: Record<string, Scope> = {
  keyword: 'keyword',
  literal: 'number',
  number: 'number',
  symbol: 'number',
  bullet: 'number',
  string: 'string',
  regexp: 'string',
  char: 'string',
  link: 'string',
  comment: 'comment',
  quote: 'comment',
  doctag: 'comment',
  meta: 'comment',
  title: 'title',
  section: 'title',
  name: 'title',
  tag: 'title',
  'selector-class': 'title',
  'selector-id': 'title',
  'selector-tag': 'keyword',
  type: 'type',
  built_in: 'type',
  attr: 'type',
  attribute: 'type',
  property: 'type',
};

const ENTITIES: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#x27;': "'" };

const scopeOf = (classes: string, around: Scope): Scope => {
  const first = classes.replace(/^hljs-/, '').split(' ')[0]!;
  // What stands within `${…}` of a string is program again.
  return first === 'subst' ? '' : (SCOPES[first] ?? around);
};

/** The lines of what highlight.js writes: text, `<span class="…">` and `</span>`, nothing else. */
const linesOf = (html: string): Token[][] => {
  const lines: Token[][] = [[]];
  const open: Scope[] = [''];
  for (const [piece, classes] of html.matchAll(/<span class="([^"]*)">|<\/span>|[^<]+/g)) {
    if (classes !== undefined) open.push(scopeOf(classes, open.at(-1)!));
    else if (piece === '</span>') open.pop();
    else
      for (const [at, part] of piece.split('\n').entries()) {
        if (at > 0) lines.push([]);
        const text = part.replace(/&(?:amp|lt|gt|quot|#x27);/g, (entity) => ENTITIES[entity]!);
        if (text !== '') lines.at(-1)!.push({ text, scope: open.at(-1)! });
      }
  }
  return lines;
};

const register = (language: string): void => {
  if (hljs.getLanguage(language) || !grammars[language]) return;
  hljs.registerLanguage(language, grammars[language]);
  for (const inner of INSIDE[language] ?? []) register(inner);
};

/**
 * Colours of one patch. Grammars are regular expressions and the text is an agent's: each call is ended when time is
 * up, in the middle of an expression if need be, and then nothing more is coloured.
 */
export const createHighlighter = (timeMs = TIME_MS): Highlight => {
  const task = { work: (): string => '' };
  const context = createContext({ run: () => task.work() });
  const script = new Script('run()');
  let left = timeMs;
  return (lines, language) => {
    const code = lines.join('\n');
    if (left <= 0 || !Object.hasOwn(grammars, language) || code.length > MOST_LETTERS) return undefined;
    const started = systemClock.elapsed();
    task.work = () => {
      register(language);
      return hljs.highlight(code, { language, ignoreIllegals: true }).value;
    };
    try {
      const tokens = linesOf(String(script.runInContext(context, { timeout: Math.max(1, Math.ceil(left)) })));
      return tokens.length === lines.length ? tokens : undefined;
    } catch {
      left = 0;
      return undefined;
    } finally {
      left -= systemClock.elapsed() - started;
    }
  };
};
