import { sanitizeLine, sanitizeText } from '../sanitize.ts';

/** HTML that is whole already. */
export class Markup {
  readonly html: string;
  constructor(html: string) {
    this.html = html;
  }
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const escaped = (text: string): string => text.replace(/[&<>"']/g, (char) => ENTITIES[char]!);

/** Lines stay lines. */
export const lines = (text: string): Markup => new Markup(escaped(sanitizeText(text)));

type Part = string | number | Markup | undefined | null | false | readonly Part[];

const textOf = (part: Part): string => {
  if (part === undefined || part === null || part === false) return '';
  if (part instanceof Markup) return part.html;
  if (Array.isArray(part)) return part.map(textOf).join('');
  return escaped(sanitizeLine(String(part)));
};

/** Every text put into it is made inert, in text and in quoted attributes alike; only `Markup` goes in as it is. */
export const markup = (strings: TemplateStringsArray, ...parts: Part[]): Markup =>
  new Markup(strings.reduce((all, text, at) => all + textOf(parts[at - 1]) + text));
