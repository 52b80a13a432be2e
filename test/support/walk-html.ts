/** A small reader of HTML as we write it: every element is closed, every attribute is quoted, or it throws. */

export interface HtmlElement {
  tag: string;
  attributes: Record<string, string>;
  /** Of all that is in it, unescaped. */
  text: string;
  /** Names of the elements around it, outermost first. */
  within: HtmlElement[];
}

const VOID = new Set(['meta']);
const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
const TAG = /^<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z:_-]+(?:="[^"<]*")?)*)\s*(\/?)>/;

const plainText = (text: string): string =>
  text.replace(/&([a-z]+|#\d+);|&/g, (whole, name: string | undefined) => {
    const char = name === undefined ? undefined : ENTITIES[name];
    if (char === undefined) throw new Error(`An ampersand that is not escaped: ${whole}`);
    return char;
  });

const attributesIn = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/([a-zA-Z:_-]+)(?:="([^"]*)")?/g)].map(([, name, value]) => [name, plainText(value ?? '')]),
  );

/** All elements, in their order. */
export const walkHtml = (html: string): HtmlElement[] => {
  const all: HtmlElement[] = [];
  const open: HtmlElement[] = [];
  const doctype = '<!DOCTYPE html>\n';
  if (!html.startsWith(doctype)) throw new Error('No doctype.');
  let rest = html.slice(doctype.length);
  const say = (text: string): void => {
    for (const element of open) element.text += text;
  };
  while (rest !== '') {
    if (open.at(-1)?.tag === 'style') {
      const end = rest.indexOf('</style>');
      say(rest.slice(0, end));
      rest = rest.slice(end);
    }
    const next = rest.indexOf('<');
    if (next !== 0) {
      const text = next < 0 ? rest : rest.slice(0, next);
      if (text.includes('>')) throw new Error(`A > that is not escaped: ${text}`);
      say(plainText(text));
      rest = rest.slice(text.length);
      continue;
    }
    const found = TAG.exec(rest);
    if (!found) throw new Error(`No tag: ${rest.slice(0, 60)}`);
    const [whole, closing, tag = '', attributes = '', empty] = found;
    rest = rest.slice(whole.length);
    if (closing) {
      const last = open.pop();
      if (last?.tag !== tag) throw new Error(`</${tag}> closes <${last?.tag}>`);
      continue;
    }
    const element = { tag, attributes: attributesIn(attributes), text: '', within: [...open] };
    all.push(element);
    if (!VOID.has(tag) && !empty) open.push(element);
  }
  if (open.length > 0) throw new Error(`Never closed: ${open.map(({ tag }) => tag).join(', ')}`);
  return all;
};
