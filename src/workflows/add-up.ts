import type { DetailedChange } from '../git/diff.ts';

/** A file through several changes, one after the other. */
interface Story {
  /** Where it was before the first of them. */
  origin: string;
  /** Whether it was anywhere before. */
  wasThere: boolean;
  /** Made out of another file that stayed. */
  isCopy: boolean;
  change: DetailedChange;
}

const sum = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b);

const begin = (change: DetailedChange): Story => ({
  origin: change.previousPath ?? change.path,
  wasThere: change.status !== 'added' && change.status !== 'copied',
  isCopy: change.status === 'copied',
  change,
});

const goOn = (story: Story, change: DetailedChange): Story => ({
  ...story,
  change: {
    ...change,
    previousMode: story.change.previousMode,
    previousId: story.change.previousId,
    insertions: sum(story.change.insertions, change.insertions),
    deletions: sum(story.change.deletions, change.deletions),
  },
});

const isGone = ({ change }: Story): boolean => change.status === 'deleted';

const statusOf = ({ origin, wasThere, isCopy, change }: Story): DetailedChange['status'] => {
  if (isCopy) return 'copied';
  if (!wasThere) return 'added';
  if (change.path !== origin) return 'renamed';
  const kind = (mode: string): string => mode.slice(0, 3);
  return kind(change.mode) === kind(change.previousMode) ? 'modified' : 'typechanged';
};

/** Nothing, where it came and went, or came back to where it was as it was. */
const conclude = (story: Story): DetailedChange | undefined => {
  const { origin, wasThere, change } = story;
  const { previousPath, ...rest } = change;
  if (isGone(story)) return wasThere ? { ...rest, path: origin, status: 'deleted' } : undefined;
  const isAsBefore =
    wasThere && origin === change.path && rest.id === rest.previousId && rest.mode === rest.previousMode;
  if (isAsBefore) return undefined;
  const status = statusOf(story);
  const moved = status === 'renamed' || status === 'copied' ? { previousPath: origin } : {};
  return { ...rest, ...moved, status };
};

/** The parts of one step happen at once, so that two files may change places. */
const apply = (stories: Map<string, Story>, changes: DetailedChange[]): void => {
  const taken = changes.map((change) => {
    const from = change.status === 'renamed' ? change.previousPath! : change.path;
    const story = change.status === 'copied' ? undefined : stories.get(from);
    if (story) stories.delete(from);
    return { change, story };
  });
  for (const { change, story } of taken) {
    const there = stories.get(change.path);
    if (!there || !isGone(there)) {
      stories.set(change.path, story ? goOn(story, change) : begin(change));
      continue;
    }
    // What is put where another file was takes that file's place, and is gone from its own.
    stories.set(change.path, goOn(there, change));
    const mover = change.status === 'renamed' ? (story ?? begin(change)) : undefined;
    if (mover?.wasThere) stories.set(mover.origin, ended(mover, story !== undefined));
  }
};

/** A file that stands under another name's story from now on; lines that were counted there are not counted here. */
const ended = (story: Story, hasLines: boolean): Story => ({
  ...story,
  change: {
    ...story.change,
    status: 'deleted',
    mode: story.change.mode.replace(/./g, '0'),
    id: story.change.id.replace(/./g, '0'),
    ...(!hasLines && { insertions: 0, deletions: 0 }),
  },
});

/**
 * What several steps changed, taken together: a file that is deleted and comes back is modified, one that came and
 * went is not there, a rename goes on from where it was first. Lines are added up, so that work that was undone later
 * still counts.
 */
export const addUp = (steps: DetailedChange[][]): DetailedChange[] => {
  if (steps.length === 1) return steps[0]!;
  const stories = new Map<string, Story>();
  for (const changes of steps) apply(stories, changes);
  return [...stories.values()].flatMap((story) => conclude(story) ?? []).sort((a, b) => (a.path < b.path ? -1 : 1));
};
