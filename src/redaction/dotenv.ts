/** Names and values of a text; later ones of a name come too, for each may be in use somewhere. */
export type Entries = [name: string, value: string][];

const ASSIGNMENT = /^[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*(?:=|:(?=[ \t]))(.*)$/;

const withoutEscapes = (text: string): string =>
  text.replace(/\\([nrt"\\$])/g, (_, char: string) => ({ n: '\n', r: '\r', t: '\t' })[char] ?? char);

/** Where a quoted value ends; it may go on over lines. */
const endOfQuote = (text: string, quote: string): number => {
  for (let at = text.indexOf(quote); at !== -1; at = text.indexOf(quote, at + 1)) {
    let backslashes = 0;
    while (text[at - 1 - backslashes] === '\\') backslashes++;
    if (quote !== '"' || backslashes % 2 === 0) return at;
  }
  return -1;
};

const bare = (value: string): string => value.replace(/[ \t]#.*$/, '').trim();

/**
 * What a `.env` file says: `NAME=value`, with `export`, quotes (double ones with escapes, over several lines) and
 * comments. Lines that say nothing are passed over. Values are not expanded: `$OTHER` stays.
 */
export const parseDotenv = (text: string): Entries => {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n|\r/);
  const found: Entries = [];
  for (let at = 0; at < lines.length; at++) {
    const [, name, given] = ASSIGNMENT.exec(lines[at]!) ?? [];
    if (name === undefined || given === undefined) continue;
    const rest = given.replace(/^[ \t]+/, '');
    const quote = /^["'`]/.exec(rest)?.[0];
    if (quote === undefined) {
      found.push([name, bare(given)]);
      continue;
    }
    let value = rest.slice(1);
    let end = endOfQuote(value, quote);
    let next = at;
    // A key in PEM has some sixty lines; a quote that never ends is none.
    while (end === -1 && next - at < 400 && next + 1 < lines.length) {
      value += `\n${lines[++next]!}`;
      end = lines[next]!.includes(quote) ? endOfQuote(value, quote) : -1;
    }
    if (end === -1) found.push([name, bare(rest)]);
    else {
      const inner = value.slice(0, end);
      found.push([name, quote === '"' ? withoutEscapes(inner) : inner]);
      at = next;
    }
  }
  return found;
};
