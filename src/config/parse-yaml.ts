import type { Document } from 'yaml';
import { checkTree, type Locate } from './check.ts';
import { invalid } from './invalid.ts';
import { CONFIG_KEYS } from './keys.ts';
import type { Entry, Layer, Source } from './layer.ts';
import type { ConfigFile } from './read-file.ts';
import { needsTrust } from './schema.ts';
import { getAt } from './tree.ts';
import { openYaml } from './yaml-document.ts';

export interface ParsedYaml {
  doc: Document;
  locate: Locate;
  layer: Layer;
}

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
  const { doc, tree, locate } = openYaml(file, invalid);
  checkTree(tree, locate);
  return { doc, locate, layer: toLayer(tree, source, file.path, locate) };
};
