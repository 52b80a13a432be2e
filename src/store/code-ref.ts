import { type Clock, systemClock } from '../clock.ts';
import { openCatFile } from '../git/git.ts';
import { readRef } from '../git/refs.ts';
import type { Repository } from '../git/repository.ts';
import { bringIn, untilWon } from './bring-in.ts';
import { codeRef } from './layout.ts';
import type { ObjectReader } from './notes/plan-notes.ts';
import { decodeCommit } from './objects/encode.ts';
import { type NewObjects, newObjects } from './objects/new-objects.ts';
import { recordTips } from './tips.ts';

export interface CodePlan {
  session: string;
  /** The commit the ref names now; null when there is none. */
  tip: string | null;
  /** Commits to keep reachable. */
  commits: string[];
  at: string;
}

/**
 * Writes one link of the chain for each commit: an empty tree, first parent the link before, second parent the
 * commit. The chain begins with a link that keeps nothing. Returns the last link.
 */
export const planCode = async ({ session, tip, commits, at }: CodePlan, objects: NewObjects): Promise<string> => {
  const tree = await objects.tree([]);
  let last = tip ?? (await objects.commit({ tree, parents: [], at, message: `code of ${session}` }));
  for (const commit of commits)
    last = await objects.commit({
      tree,
      parents: [last, commit],
      at,
      message: `keep ${commit}\n\nAmp-Log: sessions/${session}`,
    });
  return last;
};

export interface CodeOptions {
  session: string;
  writer: string;
  commits: string[];
  clock?: Clock;
}

/** Whether the chain ends with just these: a call that is made again after a crash adds nothing. */
export const keepsAlready = async (reader: ObjectReader, tip: string | null, commits: string[]): Promise<boolean> => {
  let at = tip;
  for (const commit of [...commits].reverse()) {
    const link = at === null ? undefined : await reader.object(at);
    const [before, kept] = link === undefined ? [] : decodeCommit(link.bytes).parents;
    if (kept !== commit) return false;
    at = before ?? null;
  }
  return commits.length > 0;
};

/** Keeps commits of a session reachable through `refs/amp/code/<session>/<writer>`, whatever becomes of its branch. */
export const keepCode = async (repo: Repository, options: CodeOptions): Promise<void> => {
  const { session, writer, commits, clock = systemClock } = options;
  if (commits.length === 0) return;
  const ref = codeRef(session, writer);
  const reader = openCatFile(repo);
  const attempt = async (): Promise<{ won: true } | undefined> => {
    const tip = (await readRef(repo, ref)) ?? null;
    if (await keepsAlready(reader, tip, commits)) return { won: true };
    const objects = await newObjects(repo);
    try {
      const to = await planCode({ session, tip, commits, at: clock.now() }, objects);
      const [moved] = await bringIn(repo, { objects, moves: [{ ref, to, from: tip }], reason: 'amp code' });
      if (!moved) return undefined;
      recordTips(repo, { writer, changes: [{ ref, id: to }] });
      return { won: true };
    } finally {
      objects.dispose();
    }
  };
  try {
    await untilWon(ref, attempt);
  } finally {
    reader.close();
  }
};
