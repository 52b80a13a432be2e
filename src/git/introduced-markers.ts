import { markerLines } from './conflict-markers.ts';
import { catFileStream } from './git.ts';
import type { Repository } from './repository.ts';
import { type TreeChange, treeChanges } from './tree-changes.ts';

/** A conflict marker that stands in a file. */
export interface LeftMarker {
  path: string;
  /** Lines count from 1. */
  line: number;
}

const isText = (side: TreeChange['new']): boolean => side?.mode.startsWith('100') === true;

/**
 * Conflict markers that a tree has and neither of the commits that it was made of, the first one of each file. What
 * looks like one in the commits themselves, as in documents about git, is none. Three processes.
 */
export const introducedMarkers = async (
  repo: Repository,
  { tree, ours, theirs }: { tree: string; ours: string; theirs: string },
): Promise<LeftMarker[]> => {
  const changes = (await treeChanges(repo, ours, tree)).filter((change) => isText(change.new));
  const others = new Map((await treeChanges(repo, ours, theirs)).map((change) => [change.path, change.new]));
  const sidesOf = ({ path, old }: TreeChange) => [old, others.get(path)].filter((side) => side && isText(side));
  const wanted = changes.flatMap((change) => [change.new!, ...sidesOf(change)]).map((file) => file!.id);
  const texts = new Map<string, string>();
  await catFileStream(repo, [...new Set(wanted)], (id, bytes) => {
    if (!bytes.subarray(0, 8000).includes(0)) texts.set(id, bytes.toString('utf8'));
  });
  return changes.flatMap((change) => {
    const known = sidesOf(change).flatMap((side) => texts.get(side!.id) ?? []);
    const [line] = markerLines(texts.get(change.new!.id) ?? '', known);
    return line === undefined ? [] : [{ path: change.path, line }];
  });
};
