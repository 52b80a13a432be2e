import { shownText } from '../../events/long-text.ts';
import { readCommit } from '../../git/commit-tree.ts';
import { listCommits } from '../../git/commits.ts';
import { conflictHunks } from '../../git/conflict-worktree.ts';
import { diffFiles } from '../../git/diff.ts';
import type { Worktree } from '../../git/repository.ts';
import type { Conflict, Session } from '../../session/state.ts';
import type { Context } from '../context.ts';

/** More files, hunks or commits than these would drown what matters. */
const FILES_MAX = 50;
const HUNKS_MAX = 20;
const COMMITS_MAX = 20;
/** Upstream commits that are looked at for the files they touch. */
const LOOKED_AT_MAX = 200;
const PROMPT_MAX = 4_000;

const quote = (text: string): string => text.replace(/^/gm, '> ');

/** What has to be done about a file that shows no markers. */
const WITHOUT_MARKERS: Record<string, string> = {
  'modify/delete':
    'one side deleted it, the other changed it: delete it with `git rm`, or keep it, changed as needed, with `git add`',
  'rename/delete': 'one side renamed it, the other deleted it: decide with `git rm` or `git add`',
  binary: 'it is binary: put the right content there, then `git add` it',
  submodule: 'it is a submodule: check the right commit out in it, then `git add` it',
};

const fileLines = async (ctx: Context, wt: Worktree, conflict: Conflict): Promise<string[]> => {
  const files = [...new Map(conflict.conflicts.map(({ path, kind }) => [path, kind]))];
  const lines = await Promise.all(
    files.slice(0, FILES_MAX).map(async ([path, kind]) => {
      const hunks = await conflictHunks(ctx.repo, wt, path);
      const places = hunks.slice(0, HUNKS_MAX).map(({ startLine, endLine }) => `${startLine}-${endLine}`);
      const where = places.length > 0 ? `lines ${places.join(', ')}` : WITHOUT_MARKERS[kind];
      return `- ${JSON.stringify(path)} (${kind})${where === undefined ? '' : `: ${where}`}`;
    }),
  );
  return files.length > FILES_MAX ? [...lines, `- … ${files.length} files in all`] : lines;
};

/** Subjects of the commits on the other side that touch the files in conflict, newest first. */
const upstreamSubjects = async (ctx: Context, conflict: Conflict): Promise<string[]> => {
  if (conflict.mergeBase === null) return [];
  const paths = new Set(conflict.conflicts.map(({ path }) => path));
  const commits = await listCommits(ctx.repo, { from: conflict.mergeBase, to: conflict.onto.commit });
  const subjects: string[] = [];
  for (const { id, parents, subject } of commits.slice(-LOOKED_AT_MAX).reverse()) {
    if (subjects.length >= COMMITS_MAX) break;
    if (parents.length > 1) continue;
    const changes = await diffFiles(ctx.repo, parents[0] ?? null, id);
    if (changes.some(({ path, previousPath }) => paths.has(path) || paths.has(previousPath ?? path)))
      subjects.push(`- ${subject}`);
  }
  return subjects;
};

/** What an agent is told that is to resolve a conflict. */
export const conflictPrompt = async (ctx: Context, session: Session, wt: Worktree): Promise<string> => {
  const conflict = session.conflict!;
  const { message } = await readCommit(ctx.repo, conflict.commit);
  const upstream = await upstreamSubjects(ctx, conflict);
  const intent = session.prompt === null ? '' : shownText(session.prompt).slice(0, PROMPT_MAX);
  return [
    `A rebase of this branch onto ${conflict.onto.name} (${conflict.onto.commit.slice(0, 12)}) stopped at a merge conflict. Resolve it.`,
    `The commit that does not fit:\n\n${quote(message.trim())}`,
    `Files in conflict:\n\n${(await fileLines(ctx, wt, conflict)).join('\n')}`,
    'Between the conflict markers, the upper side is what the new base has, the lower side is what the commit wants.',
    ...(intent === '' ? [] : [`The task that this branch is for:\n\n${quote(intent)}`]),
    ...(upstream.length === 0
      ? []
      : [`What ${conflict.onto.name} has done to these files meanwhile, newest first:\n\n${upstream.join('\n')}`]),
    'Keep the intent of both sides. Edit the files so that no conflict marker is left anywhere, and change nothing that the conflict does not need. Do not run `git rebase`, `git commit`, `git merge`, `git checkout`, `git reset` or `git stash`: the commit is made for you, with its own message, when you are done.',
  ].join('\n\n');
};
