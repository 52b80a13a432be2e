import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSync } from 'oxc-parser';

export const ROOT = path.resolve(import.meta.dirname, '../..');

/** A node of the syntax tree, as far as the rules look at it. */
export interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

export interface Source {
  /** Relative to the repository, with forward slashes. */
  name: string;
  text: string;
  /** What it imports, as written, dynamic imports and types included. */
  imports: string[];
  /** Visits every node of the syntax tree. */
  visit(visitor: (node: Node) => void): void;
  lineOf(offset: number): number;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

const walk = (node: Node, visitor: (node: Node) => void): void => {
  visitor(node);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, visitor);
  }
};

const readSource = (name: string): Source => {
  const text = readFileSync(path.join(ROOT, name), 'utf8');
  const { program, module, errors } = parseSync(name, text);
  if (errors.length > 0) throw new Error(`${name}: ${errors[0]!.message}`);
  const { staticImports, staticExports, dynamicImports } = module;
  const dynamic = dynamicImports.map(({ moduleRequest: { start, end } }) => text.slice(start + 1, end - 1));
  const reexported = staticExports.flatMap(({ entries }) => entries.map(({ moduleRequest }) => moduleRequest?.value));
  const given = [...staticImports.map(({ moduleRequest }) => moduleRequest.value), ...dynamic, ...reexported];
  return {
    name,
    text,
    imports: given.filter((value): value is string => value !== undefined),
    visit: (visitor) => walk(program as unknown as Node, visitor),
    lineOf: (offset) => text.slice(0, offset).split('\n').length,
  };
};

/** All sources below these folders, sorted. */
export const sourcesIn = (...folders: string[]): Source[] =>
  folders
    .flatMap((folder) =>
      readdirSync(path.join(ROOT, folder), { recursive: true }).map((name) => path.join(folder, String(name))),
    )
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => /\.(ts|mts|mjs|js)$/.test(name) && !name.endsWith('.d.ts'))
    .sort()
    .map(readSource);

export const lineCount = ({ text }: Source): number => text.split('\n').length - 1;
