import type { DetailedChange } from '../git/diff.ts';

/** A file through several changes, one after the other; `change` is the last, its lines and what was before added up. */
interface Story {
  /** Where it was before the first of them; null when it was nowhere. */
  origin: string | null;
  change: DetailedChange;
}

const sum = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b);

const begin = (change: DetailedChange): Story => {
  const isNew = change.status === 'added' || change.status === 'copied';
  return {
    origin: isNew ? null : (change.previousPath ?? change.path),
    change,
  };
};

/** What `next` looks like, seen from before `first`, with the lines of both. */
const joined = (first: DetailedChange, next: DetailedChange): DetailedChange => ({
  ...next,
  previousMode: first.previousMode,
  previousId: first.previousId,
  insertions: sum(first.insertions, next.insertions),
  deletions: sum(first.deletions, next.deletions),
});

/** All stories so far: of files that are there, by where they are, and of those that are gone. */
interface Stories {
  alive: Map<string, Story>;
  gone: Story[];
}

const take = ({ alive, gone }: Stories, change: DetailedChange): Story | undefined => {
  if (change.status === 'copied') return undefined;
  const from = change.status === 'renamed' ? change.previousPath! : change.path;
  const story = alive.get(from);
  alive.delete(from);
  if (story || change.status !== 'added') return story;
  const at = gone.findIndex(({ origin, change: { path } }) => path === from && (origin ?? path) === path);
  return at < 0 ? undefined : gone.splice(at, 1)[0];
};

/** The changes of one step happen at once, so that two files may change places. */
const apply = (stories: Stories, changes: DetailedChange[]): void => {
  const taken = changes.map((change) => ({ change, story: take(stories, change) }));
  for (const { change, story } of taken) {
    const next = story ? { ...story, change: joined(story.change, change) } : begin(change);
    if (change.status === 'deleted') stories.gone.push(next);
    else stories.alive.set(change.path, next);
  }
};

const nothing = (id: string): string => id.replace(/./g, '0');

const kind = (mode: string): string => mode.slice(0, 3);

/** The file that is at a path now, where another, or the same, was before; nothing if it is as it was. */
const replaced = (now: Story, before: Story): DetailedChange[] => {
  const isSame = now === before;
  const lines = isSame || before.change.status !== 'deleted' ? now.change : joined(before.change, now.change);
  const { previousMode, previousId } = before.change;
  const { previousPath, ...change } = { ...lines, previousMode, previousId };
  if (change.id === previousId && change.mode === previousMode) return [];
  return [{ ...change, status: kind(change.mode) === kind(previousMode) ? 'modified' : 'typechanged' }];
};

/** A file that is not where it was. Lines that count for where it went do not count here. */
const removed = ({ origin, change }: Story): DetailedChange => {
  const { previousPath, ...rest } = change;
  const none = { mode: '000000', id: nothing(change.id), insertions: 0, deletions: 0 };
  return { ...rest, ...(change.status !== 'deleted' && none), path: origin!, status: 'deleted' };
};

/** By the first and the last state of each path, as git compares two commits. */
const conclude = ({ alive, gone }: Stories): DetailedChange[] => {
  const before = new Map<string, Story>();
  for (const story of [...alive.values(), ...gone]) if (story.origin !== null) before.set(story.origin, story);
  const changes: DetailedChange[] = [];
  for (const [path, story] of alive) {
    const { origin, change } = story;
    const { previousPath, ...rest } = change;
    const old = before.get(path);
    before.delete(path);
    if (old) changes.push(...replaced(story, old));
    else if (origin === null || alive.has(origin))
      changes.push({ ...rest, previousMode: '000000', previousId: nothing(rest.id), status: 'added' });
    else {
      before.delete(origin);
      changes.push({ ...rest, previousPath: origin, status: 'renamed' });
    }
  }
  return [...changes, ...[...before.values()].map(removed)];
};

/**
 * What several steps changed, taken together: a file that is deleted and comes back is modified, one that came and
 * went is not there, a rename goes on from where it was first. Lines are added up, so that work that was undone later
 * still counts.
 */
export const addUp = (steps: DetailedChange[][]): DetailedChange[] => {
  if (steps.length === 1) return steps[0]!;
  const stories: Stories = { alive: new Map(), gone: [] };
  for (const changes of steps) apply(stories, changes);
  return conclude(stories).sort((a, b) => (a.path < b.path ? -1 : 1));
};
