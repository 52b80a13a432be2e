/** Rewrites the strings of a JSON text in place; everything between them stays byte for byte. */
export interface JsonEdit {
  /** A new value, or the same; `key` is the name of the member whose value this is. */
  string(value: string, key: string | undefined): string;
  /** The same for the name of a member. */
  name(name: string): string;
  /** A number's replacement as text, or undefined to leave it. */
  number(literal: string): string | undefined;
}

export const isJson = (text: string): boolean => {
  if (!/^\s*[[{"]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** Index after the closing quote of the string that opens at `from`. */
const endOfString = (text: string, from: number): number => {
  for (let at = text.indexOf('"', from + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text[at - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
  return text.length;
};

const NUMBER = /-?\d[\d.eE+-]*/g;

const between = (text: string, edit: JsonEdit): string =>
  text.replace(NUMBER, (literal) => {
    const replacement = edit.number(literal);
    return replacement === undefined ? literal : JSON.stringify(replacement);
  });

const isName = (text: string, end: number): boolean => {
  let at = end;
  while (' \t\r\n'.includes(text[at] ?? '.')) at++;
  return text[at] === ':';
};

/** @param text valid JSON */
export const editJson = (text: string, edit: JsonEdit): string => {
  let result = '';
  let from = 0;
  let key: string | undefined;
  for (let open = text.indexOf('"'); open !== -1; open = text.indexOf('"', from)) {
    const gap = text.slice(from, open);
    if (gap.trim() !== ':') key = undefined;
    const end = endOfString(text, open);
    const literal = text.slice(open, end);
    const value = JSON.parse(literal) as string;
    const edited = isName(text, end) ? edit.name(value) : edit.string(value, key);
    result += between(gap, edit) + (edited === value ? literal : JSON.stringify(edited));
    key = value;
    from = end;
  }
  return result + between(text.slice(from), edit);
};
