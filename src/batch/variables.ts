/** A `{{…}}` that stands for nothing. */
export interface WrongVariable {
  /** What stands between the braces; null where they do not close, or hold no name. */
  name: string | null;
  /** Which `{{` of the text it is, from 0; `\{{` counts. */
  nth: number;
}

const OPENING = /\\?\{\{/g;
const NAME = /^\{\{\s*([A-Za-z_][\w.-]*)\s*\}\}/;

/**
 * Puts values in for `{{name}}`; `\{{` is `{{` itself. What is put in is not looked through again.
 * @param lookUp undefined for a name that stands for nothing
 * @returns the text, or the first one that is wrong
 */
export const fillIn = (text: string, lookUp: (name: string) => string | undefined): string | WrongVariable => {
  let filled = '';
  let at = 0;
  let nth = -1;
  for (const found of text.matchAll(OPENING)) {
    nth += 1;
    if (found.index < at) continue;
    filled += text.slice(at, found.index);
    if (found[0].startsWith('\\')) {
      filled += '{{';
      at = found.index + found[0].length;
      continue;
    }
    const [whole, name] = NAME.exec(text.slice(found.index, found.index + 200)) ?? [];
    const value = name === undefined ? undefined : lookUp(name);
    if (value === undefined) return { name: name ?? null, nth };
    filled += value;
    at = found.index + whole!.length;
  }
  return filled + text.slice(at);
};

/** Where the nth `{{` of a piece of text stands; undefined when there are not so many. */
export const nthOpening = (text: string, nth: number): number | undefined => {
  const found = [...text.matchAll(OPENING)][nth];
  return found && found.index + found[0].length - 2;
};
