/**
 * Text that an agent, a prompt or a file name brought along, for a place where people are notified and issues closed:
 * nobody is mentioned, nothing is linked or closed, and no quick action of GitLab begins a line.
 */

const CONTROL = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Characters of a text, with a mark where it was cut. */
export const bounded = (text: string, most: number): string => {
  if (text.length <= most) return text;
  return `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
};

const oneLine = (text: string): string => text.replace(CONTROL, ' ').replace(/\s+/g, ' ').trim();

const longestRun = (text: string): number => Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));

/** A line as code: shown as it is. Empty text is a dash. */
export const inlineCode = (text: string, most = 200): string => {
  const line = bounded(oneLine(text), most);
  if (line === '') return '–';
  const ticks = '`'.repeat(longestRun(line) + 1);
  const space = ticks.length > 1 ? ' ' : '';
  return `${ticks}${space}${line}${space}${ticks}`;
};

/** Lines as a block of code. */
export const fenced = (text: string): string => {
  const lines = text.replace(/\r\n?/g, '\n').replace(/[^\P{C}\n\t]/gu, ' ');
  const ticks = '`'.repeat(Math.max(3, longestRun(lines) + 1));
  return `${ticks}text\n${lines.replace(/\n+$/, '')}\n${ticks}`;
};

/** U+2060 WORD JOINER: nothing to see, and no name or number after the sign any more. */
const JOINER = '\u2060';

/** A title, which is no Markdown: the signs that make references lose their meaning, and keep their looks. */
export const inertLine = (text: string, most: number): string =>
  bounded(oneLine(text), most)
    .replace(/([@#!&%~$])(?=[\p{L}\p{N}_"])/gu, `$1${JOINER}`)
    .replace(/\b(GH)-(?=\d)/gi, `$1${JOINER}-`);
