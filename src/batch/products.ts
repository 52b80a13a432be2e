import type { BatchFile, MatrixEntry } from './file-schema.ts';

/** A place in one of the files that make up a batch. */
export interface Spot {
  /** Its number among the files. */
  file: number;
  path: (string | number)[];
}

/** A value, and where it stands. */
export interface Found<T> {
  value: T;
  spot: Spot;
}

/** Values that one place of a file gives an item. */
interface Layer {
  spot: Spot;
  values: MatrixEntry;
}

/** An item before variables, files and repositories are looked up; each value is that of the nearest layer. */
export interface RawItem {
  spot: Spot;
  layers: Layer[];
  /** What the user called it, prompt, repository and agent in turn; the last two only where there are several. */
  names: { prompt: Found<string> | null; repo: Found<string> | boolean; agent: Found<string> | boolean };
}

/** More items than this are a mistake. */
export const MOST_ITEMS = 10_000;

/** Makes the error about a place; `says` is told how that is called. */
export type Refuse = (spot: Spot, what: 'value' | 'name', says: (it: string) => string, hint: string) => Error;

export const pick = <K extends keyof MatrixEntry>(
  item: RawItem,
  key: K,
): Found<NonNullable<MatrixEntry[K]>> | undefined => {
  for (const { spot, values } of item.layers) {
    const value = values[key];
    if (value !== undefined && value !== null)
      return { value: value as never, spot: { file: spot.file, path: [...spot.path, key] } };
  }
  return undefined;
};

const layer = (file: number, path: (string | number)[], values: MatrixEntry): Layer => ({
  spot: { file, path },
  values,
});

/** A layer of an entry that may be a bare text; its path then ends where the text stands. */
const entryLayer = (
  file: number,
  path: (string | number)[],
  entry: string | MatrixEntry,
  key: 'prompt' | 'repo' | 'agent',
) => (typeof entry === 'string' ? layer(file, path, { [key]: entry }) : layer(file, path, entry));

type ListKey = 'prompts' | 'repos' | 'agents';
const KEY = { prompts: 'prompt', repos: 'repo', agents: 'agent' } as const;

const entriesOf = (files: readonly BatchFile[], list: ListKey): Layer[] =>
  files.flatMap((tree, file) =>
    (tree[list] ?? []).map((entry, at) => entryLayer(file, [list, at], entry as string | MatrixEntry, KEY[list])),
  );

const nameOf = ({ spot, values }: Layer): Found<string> | null =>
  values.name === undefined ? null : { value: values.name, spot: { file: spot.file, path: [...spot.path, 'name'] } };

/** Each without the name, which is its own and not the item's. */
const unnamed = ({ spot, values: { name: _, ...values } }: Layer): Layer => ({ spot, values });

const productOf = (files: readonly BatchFile[], defaults: Layer[]): RawItem[] => {
  const prompts = entriesOf(files, 'prompts');
  const repos = entriesOf(files, 'repos');
  const agents = entriesOf(files, 'agents');
  const items: RawItem[] = [];
  for (const prompt of prompts)
    for (const repo of repos.length > 0 ? repos : [null])
      for (const agent of agents.length > 0 ? agents : [null]) {
        const own = [prompt, repo, agent].flatMap((one) => (one === null ? [] : [unnamed(one)]));
        const names = {
          prompt: nameOf(prompt),
          repo: repos.length > 1 && repo !== null && (nameOf(repo) ?? true),
          agent: agents.length > 1 && agent !== null && (nameOf(agent) ?? true),
        };
        items.push({ spot: prompt.spot, layers: [...own, ...defaults], names });
        if (items.length > MOST_ITEMS) return items;
      }
  return items;
};

const refuseHalves = (files: readonly BatchFile[], items: RawItem[], refuse: Refuse): void => {
  const has = (key: ListKey): boolean => files.some((file) => (file[key]?.length ?? 0) > 0);
  for (const key of ['repos', 'agents'] as const) {
    const file = files.findIndex((tree) => (tree[key]?.length ?? 0) > 0);
    if (file >= 0 && !has('prompts'))
      throw refuse(
        { file, path: [key] },
        'name',
        (it) => `${it} is for \`prompts\`, and there are none.`,
        'Write `prompts:`, or name them in `matrix`.',
      );
  }
  const last = files.length - 1;
  if (items.length === 0)
    throw refuse(
      { file: last, path: [] },
      'value',
      () => 'there is nothing to do in it.',
      'Write items below `matrix:`, or `prompts:` and `repos:`.',
    );
  if (items.length > MOST_ITEMS)
    throw refuse(
      { file: items.at(-1)!.spot.file, path: ['prompts'] },
      'name',
      () => `it makes more than ${MOST_ITEMS} items.`,
      'Cut it in several files.',
    );
};

const refuseIncomplete = (item: RawItem, refuse: Refuse): void => {
  const { spot, values } = item.layers[0]!;
  if (values.prompt !== undefined && values.promptFile !== undefined)
    throw refuse(
      { file: spot.file, path: [...spot.path, 'promptFile'] },
      'name',
      () => '`prompt` and `promptFile` exclude each other.',
      'Keep one of the two.',
    );
  if (values.prompt === undefined && values.promptFile === undefined)
    throw refuse(
      spot,
      'value',
      (it) => `${it} has neither \`prompt\` nor \`promptFile\`.`,
      'Write what the agent is to do.',
    );
  if (pick(item, 'repo') === undefined)
    throw refuse(spot, 'value', (it) => `${it} has no \`repo\`.`, 'Name one there, in `repos`, or in `defaults`.');
};

/**
 * The items that files ask for, in order: those of `matrix`, then every prompt in every repository with every agent.
 * An item's own keys count most, then those of prompt, repository and agent, then `defaults`, the last file first.
 * @param files included ones first
 * @param isFit goes on after what `refuse` made of one item, which is then left out; default: nothing does
 * @throws what `refuse` makes
 */
export const itemsOf = (
  files: readonly BatchFile[],
  refuse: Refuse,
  isFit: (check: () => void) => boolean = (check) => {
    check();
    return true;
  },
): RawItem[] => {
  const defaults = files.map((tree, file) => layer(file, ['defaults'], tree.defaults ?? {})).reverse();
  const matrix = files.flatMap((tree, file) =>
    (tree.matrix ?? []).map((entry, at): RawItem => {
      const own = layer(file, ['matrix', at], entry);
      return { spot: own.spot, layers: [own, ...defaults], names: { prompt: nameOf(own), repo: false, agent: false } };
    }),
  );
  const items = [...matrix, ...productOf(files, defaults)];
  refuseHalves(files, items, refuse);
  return items.filter((item) => isFit(() => refuseIncomplete(item, refuse)));
};

/** What holds for the whole: of the last file that says it. */
export const lastOf = <K extends keyof BatchFile>(
  files: readonly BatchFile[],
  key: K,
): Found<NonNullable<BatchFile[K]>> | undefined => {
  for (let file = files.length - 1; file >= 0; file--) {
    const value = files[file]![key];
    if (value !== undefined && value !== null) return { value: value as never, spot: { file, path: [key] } };
  }
  return undefined;
};
