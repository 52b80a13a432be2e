/** Where a text that is being typed stands: in the open, or within what has to be closed first. */
const skip = (text: string, at: number): number => {
  const char = text[at]!;
  if (text.startsWith('--', at)) {
    const end = text.indexOf('\n', at);
    return end < 0 ? text.length : end;
  }
  if (text.startsWith('/*', at)) {
    const end = text.indexOf('*/', at + 2);
    return end < 0 ? Number.POSITIVE_INFINITY : end + 2;
  }
  const quote = char === '$' ? /^\$\w*\$/.exec(text.slice(at))?.[0] : /['"]/.test(char) ? char : undefined;
  if (quote === undefined) return at + 1;
  const end = text.indexOf(quote, at + quote.length);
  return end < 0 ? Number.POSITIVE_INFINITY : end + quote.length;
};

/** True when a `;` ends the statement, outside texts, names and comments. */
export const isFinished = (text: string): boolean => {
  let last = '';
  for (let at = 0; at < text.length; ) {
    const next = skip(text, at);
    if (next === Number.POSITIVE_INFINITY) return false;
    const isComment = text.startsWith('--', at) || text.startsWith('/*', at);
    const char = isComment ? '' : text[at]!.trim();
    if (char !== '') last = char;
    at = next;
  }
  return last === ';';
};

const KEYWORDS =
  'select from where group by order having limit offset with as distinct join left right inner full on using union all and or not null is in like ilike between case when then else end asc desc nulls first last count sum avg min max median quantile_cont coalesce cast date_trunc describe summarize explain analyze values filter over partition qualify'.split(
    ' ',
  );

export interface CompletedTable {
  name: string;
  columns: readonly { name: string }[];
}

const META = ['\\d', '\\q', '\\?'];

/** Words that may stand at the cursor, and the part of the line that they complete. */
export const completeSql = (
  tables: readonly CompletedTable[],
  { before, line }: { before: string; line: string },
): [string[], string] => {
  const matching = (words: readonly string[], part: string): [string[], string] => {
    const low = part.toLowerCase();
    return [[...new Set(words)].filter((word) => word.startsWith(low)).sort(), part];
  };
  const meta = before.trim() === '' ? /^\s*\\d\s+(\w*)$/.exec(line) : null;
  if (meta)
    return matching(
      tables.map(({ name }) => name),
      meta[1]!,
    );
  if (before.trim() === '' && /^\s*\\\w*$/.test(line)) return matching(META, line.trim());
  const part = /[\w.]*$/.exec(line)![0];
  const said = new Set(`${before} ${line}`.toLowerCase().match(/\w+/g) ?? []);
  const used = tables.filter(({ name }) => said.has(name));
  const dot = part.lastIndexOf('.');
  const owner = tables.find(({ name }) => name === part.slice(0, dot).toLowerCase());
  if (dot >= 0)
    return matching(
      (owner ? [owner] : used).flatMap(({ columns }) => columns.map(({ name }) => name)),
      part.slice(dot + 1),
    );
  if (/\b(from|join|describe|summarize|table)\s+\w*$/i.test(line))
    return matching(
      tables.map(({ name }) => name),
      part,
    );
  const columns = (used.length > 0 ? used : tables).flatMap((table) => table.columns.map(({ name }) => name));
  return matching(part === '' ? columns : [...KEYWORDS, ...tables.map(({ name }) => name), ...columns], part);
};
