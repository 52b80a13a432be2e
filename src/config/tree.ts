/** Dotted names and nested objects: `agents.amp.path` is `{ agents: { amp: { path } } }`. */
export type At<T, K extends string> = K extends `${infer Head}.${infer Rest}`
  ? Head extends keyof T
    ? At<T[Head], Rest>
    : never
  : K extends keyof T
    ? T[K]
    : never;

export const getAt = (tree: unknown, key: string): unknown => {
  let node = tree;
  for (const part of key.split('.'))
    node =
      typeof node === 'object' && node !== null && Object.hasOwn(node, part)
        ? (node as Record<string, unknown>)[part]
        : undefined;
  return node;
};

/** Builds the nested object; keys are the program's own, never a file's. */
export const nest = (values: Iterable<[string, unknown]>): Record<string, unknown> => {
  const tree: Record<string, unknown> = {};
  for (const [key, value] of values) {
    const parts = key.split('.');
    const last = parts.pop()!;
    let node = tree;
    for (const part of parts) {
      node[part] ??= {};
      node = node[part] as Record<string, unknown>;
    }
    if (value !== undefined) node[last] = value;
  }
  return tree;
};
