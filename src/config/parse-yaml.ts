import { type Document, isAlias, isMap, isScalar, LineCounter, type Node, type Pair, parseDocument, visit } from 'yaml';
import { checkTree, type Locate } from './check.ts';
import { invalid, type Place } from './invalid.ts';
import { CONFIG_KEYS } from './keys.ts';
import type { Entry, Layer, Source } from './layer.ts';
import type { ConfigFile } from './read-file.ts';
import { needsTrust } from './schema.ts';
import { getAt } from './tree.ts';

const MAX_ALIASES = 100;

export interface ParsedYaml {
  doc: Document;
  locate: Locate;
  layer: Layer;
}

const decode = (file: ConfigFile): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(file.bytes);
  } catch (cause) {
    throw invalid({ file: file.path }, 'the file is not UTF-8 text.', 'Save it as UTF-8.', cause);
  }
};

const keyOf = (pair: Pair): Node | undefined => pair.key as Node | undefined;

/** The library's own check compares every pair of keys; this one is linear. */
const repeatedKey = (doc: Document): { name: string; offset: number } | undefined => {
  let found: { name: string; offset: number } | undefined;
  visit(doc, {
    Map(_, map) {
      const seen = new Set<unknown>();
      for (const pair of map.items) {
        const key = keyOf(pair);
        const name = isScalar(key) ? key.value : key;
        if (seen.has(name)) {
          found = { name: String(name), offset: key?.range?.[0] ?? 0 };
          return visit.BREAK;
        }
        seen.add(name);
      }
      return undefined;
    },
  });
  return found;
};

const nodeAt = (doc: Document, path: string[], what: 'value' | 'name'): Node | undefined => {
  if (what === 'value' || path.length === 0) return doc.getIn(path, true) as Node | undefined;
  const map = doc.getIn(path.slice(0, -1), true);
  const pair = isMap(map) ? map.items.find((item) => String(keyOf(item)) === path.at(-1)) : undefined;
  return pair && keyOf(pair);
};

const locator = (file: string, doc: Document, lines: LineCounter): Locate => {
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  return (path, what) => {
    for (let length = path.length; length > 0; length--) {
      const node = nodeAt(doc, path.slice(0, length), length === path.length ? what : 'value');
      if (node?.range) return place(node.range[0]);
    }
    return place(0);
  };
};

const rejectSyntax = (file: string, doc: Document, lines: LineCounter): void => {
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const problem = doc.errors[0] ?? doc.warnings[0];
  if (problem)
    throw invalid(place(problem.pos[0]), `this is not valid YAML: ${problem.message}.`, 'Mend the line.', problem);
  const repeated = repeatedKey(doc);
  if (repeated)
    throw invalid(place(repeated.offset), `\`${repeated.name}\` stands here twice.`, 'Keep one of the two.');
};

/** An empty value is as good as an absent one: people comment out what stands below a key. */
const withoutNulls = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(([, child]) => child !== null);
  return Object.fromEntries(entries.map(([name, child]) => [name, withoutNulls(child)]));
};

const toTree = (file: string, doc: Document): unknown => {
  try {
    return withoutNulls(doc.toJS({ maxAliasCount: MAX_ALIASES })) ?? {};
  } catch (cause) {
    throw invalid(
      { file },
      `the aliases cannot be followed: ${(cause as Error).message}.`,
      'Write the values out.',
      cause,
    );
  }
};

const toLayer = (tree: unknown, source: Source, file: string, locate: Locate): Layer => {
  const layer = new Map<(typeof CONFIG_KEYS)[number], Entry>();
  for (const key of CONFIG_KEYS) {
    const value = getAt(tree, key);
    if (value === undefined) continue;
    const { line } = locate(key.split('.'), 'value');
    const entry: Entry = { value, origin: { source, file, ...(line !== undefined && { line }) } };
    layer.set(key, source === 'repository' ? { ...entry, needsTrust: needsTrust(key, value) } : entry);
  }
  return layer;
};

/**
 * A settings file: YAML 1.2 core, keys once, no tags, a bounded number of aliases, held against the schema.
 * @throws AppError `config.invalid` naming file, line, column and key
 */
export const parseYaml = (file: ConfigFile, source: 'repository' | 'user'): ParsedYaml => {
  const lines = new LineCounter();
  const doc: Document = parseDocument(decode(file), {
    version: '1.2',
    schema: 'core',
    strict: true,
    stringKeys: true,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
    lineCounter: lines,
  });
  rejectSyntax(file.path, doc, lines);
  const locate = locator(file.path, doc, lines);
  const tree = toTree(file.path, doc);
  checkTree(tree, isAlias(doc.contents) ? () => ({ file: file.path }) : locate);
  return { doc, locate, layer: toLayer(tree, source, file.path, locate) };
};
