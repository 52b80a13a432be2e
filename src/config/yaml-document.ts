import { type Document, isAlias, isMap, isScalar, LineCounter, type Node, type Pair, parseDocument, visit } from 'yaml';
import type { Locate } from './check.ts';
import type { Invalid, Place } from './invalid.ts';

const MAX_ALIASES = 100;

export interface YamlFile {
  path: string;
  bytes: Buffer;
}

/** A file as YAML has it, not held against any schema yet. */
export interface YamlDocument {
  doc: Document;
  text: string;
  /** Maps, lists and scalars; a key without a value is absent. */
  tree: unknown;
  locate: Locate;
  /** A scalar as it is written: `1.10` where the tree has 1.1. */
  written(path: (string | number)[]): string | undefined;
}

const decode = (file: YamlFile, invalid: Invalid): string => {
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

const nodeAt = (doc: Document, path: (string | number)[], what: 'value' | 'name'): Node | undefined => {
  if (what === 'value' || path.length === 0) return doc.getIn(path, true) as Node | undefined;
  const map = doc.getIn(path.slice(0, -1), true);
  const pair = isMap(map) ? map.items.find((item) => String(keyOf(item)) === path.at(-1)) : undefined;
  return pair && keyOf(pair);
};

const placesIn =
  (file: string, lines: LineCounter) =>
  (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };

const locator = (doc: Document, place: (offset: number) => Place): Locate => {
  return (path, what) => {
    for (let length = path.length; length > 0; length--) {
      const node = nodeAt(doc, path.slice(0, length), length === path.length ? what : 'value');
      if (node?.range) return place(node.range[0]);
    }
    return place(0);
  };
};

const rejectSyntax = (doc: Document, place: (offset: number) => Place, invalid: Invalid): void => {
  const problem = doc.errors[0] ?? doc.warnings[0];
  // The library says of these which of its functions to call.
  const says = problem?.code === 'MULTIPLE_DOCS' ? 'a second document begins here' : problem?.message;
  if (problem) throw invalid(place(problem.pos[0]), `this is not valid YAML: ${says}.`, 'Mend the line.', problem);
  const repeated = repeatedKey(doc);
  if (repeated)
    throw invalid(place(repeated.offset), `\`${repeated.name}\` stands here twice.`, 'Keep one of the two.');
};

/** An empty value is as good as an absent one: people comment out what stands below a key. */
const withoutNulls = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutNulls);
  const entries = Object.entries(value).filter(([, child]) => child !== null);
  return Object.fromEntries(entries.map(([name, child]) => [name, withoutNulls(child)]));
};

const toTree = (file: string, doc: Document, invalid: Invalid): unknown => {
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

/** @throws what `invalid` makes, also where the file nests deeper than a stack is. */
const parse = (file: YamlFile, text: string, lines: LineCounter, invalid: Invalid): Document => {
  try {
    return parseDocument(text, {
      version: '1.2',
      schema: 'core',
      strict: true,
      stringKeys: true,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'error',
      lineCounter: lines,
    });
  } catch (cause) {
    throw invalid({ file: file.path }, 'the file nests too deep to be read.', 'Write it with fewer levels.', cause);
  }
};

/**
 * A file of ours: YAML 1.2 core, keys once, no tags, a bounded number of aliases.
 * @throws what `invalid` makes, naming file, line and column
 */
export const openYaml = (file: YamlFile, invalid: Invalid): YamlDocument => {
  const lines = new LineCounter();
  const text = decode(file, invalid);
  const doc = parse(file, text, lines, invalid);
  const place = placesIn(file.path, lines);
  rejectSyntax(doc, place, invalid);
  const tree = toTree(file.path, doc, invalid);
  const locate = isAlias(doc.contents) ? () => ({ file: file.path }) : locator(doc, place);
  const written = (path: (string | number)[]): string | undefined => {
    const node = nodeAt(doc, path, 'value');
    return isScalar(node) ? node.source : undefined;
  };
  return { doc, text, tree, locate, written };
};
