import { basename } from 'node:path';
import { isAppError } from '../../errors.ts';
import { type Blame, type BlameOptions, blameFile, type Grafts, isAncestorThrough } from '../../git/blame.ts';
import { type CatFile, openCatFile } from '../../git/git.ts';
import { showPaged } from '../../git/pager.ts';
import type { Context } from '../context.ts';
import { type Credit, creditByMarks, creditsOf } from './credits.ts';
import { openLines, overlaid, rangesOf } from './deeper.ts';
import { type Facts, readFacts } from './facts.ts';
import { graftsOf, type Passage, passagesOfSessions } from './grafts.ts';
import { passagesOfHosts } from './hosted.ts';
import { lookThrough } from './look.ts';
import { type Marks, readMarks, sessionsIn } from './marks.ts';
import { type Origin, originOf, type Share, sharesOf, UNCOMMITTED } from './origins.ts';
import { placeOfFile } from './place.ts';
import { findSource, type LineRange, type Source, type Version } from './source.ts';
import { unrecordedCredits } from './unrecorded.ts';

export interface BlamedLine {
  line: number;
  text: string;
  /** One object for all lines of a commit. */
  origin: Origin;
}

export interface FileBlame {
  /** Relative to the top of the tree. */
  path: string;
  /** Whose version of the file it is, or what the checkout stands on. */
  commit: string;
  lines: BlamedLine[];
  summary: Share[];
}

export interface BlameWish extends Version {
  /** Where the person stands. */
  cwd: string;
  /** As they named it. */
  file: string;
  lines?: LineRange;
}

/** Operations on operations on operations: each look goes at least one deeper. */
const MOST_LOOKS = 12;
/** Of a look with other parents, when the first took less: should git go astray, what it said before is the answer. */
const DEEPER_MS = 60_000;

/** Everything that is known so far. */
interface Known {
  marks: Map<string, Marks>;
  facts: Map<string, Facts>;
  /** Sessions that were looked for. */
  asked: Set<string>;
  /** By the sessions' logs. */
  credits: Map<string, Credit>;
  /** Commits that speak of a session whose log does not know them; and what became of the look where they came from. */
  strangers: Set<string>;
  hosted: Passage[];
}

const nothing = (): Known => ({
  marks: new Map(),
  facts: new Map(),
  asked: new Set(),
  credits: new Map(),
  strangers: new Set(),
  hosted: [],
});

/** Reads of the commits of a blame, and of the sessions that they speak of, what is not known yet. */
const learn = async (ctx: Context, blame: Blame, known: Known, reader: CatFile): Promise<void> => {
  const news = [...blame.commits.keys()].filter((id) => !known.marks.has(id));
  for (const [id, marks] of await readMarks(ctx, news, reader)) known.marks.set(id, marks);
  const sessions = sessionsIn(known.marks.values()).filter((id) => !known.asked.has(id));
  await learnSessions(ctx, sessions, known);
};

const learnSessions = async (ctx: Context, sessions: string[], known: Known): Promise<void> => {
  for (const id of sessions) known.asked.add(id);
  for (const facts of await readFacts(ctx, sessions)) {
    known.facts.set(facts.session.id, facts);
    for (const [commit, credit] of creditsOf(facts)) known.credits.set(commit, credit);
  }
};

/** What each commit is to be followed into, by all that is known. */
const followUps = async (ctx: Context, blame: Blame, known: Known, reader: CatFile): Promise<Grafts> => {
  const look = lookThrough(reader);
  const strangers = [...blame.commits.keys()].flatMap((id) => {
    const facts = known.facts.get(known.marks.get(id)?.session ?? '');
    return facts && !known.credits.has(id) && !known.strangers.has(id) ? [{ id, facts }] : [];
  });
  for (const { id } of strangers) known.strangers.add(id);
  known.hosted.push(...passagesOfHosts(strangers));
  const passages = await passagesOfSessions([...known.facts.values()], look);
  return graftsOf([...passages, ...known.hosted], look, (of, ancestor, grafts) =>
    isAncestorThrough(ctx.repo, { ancestor, of, grafts }),
  );
};

/** A look deeper; undefined when git cannot do it. */
const blameDeeper = async (ctx: Context, options: BlameOptions): Promise<Blame | undefined> => {
  try {
    return await blameFile(ctx.repo, options);
  } catch (error) {
    if (!isAppError(error, 'git.failed') && !isAppError(error, 'git.timeout')) throw error;
    ctx.warn(`Lines are not followed into the iterations they came from: ${error.message}`);
    return undefined;
  }
};

/** Looks, learns which sessions had a part in it, and looks deeper, until every line is where it was written. */
const follow = async (ctx: Context, options: BlameOptions, known: Known, reader: CatFile): Promise<Blame> => {
  const began = ctx.clock.elapsed();
  let blame = await blameFile(ctx.repo, options);
  const timeoutMs = Math.max(DEEPER_MS, 10 * (ctx.clock.elapsed() - began));
  let followed: Grafts = new Map();
  for (let look = 0; look < MOST_LOOKS; look++) {
    await learn(ctx, blame, known, reader);
    const grafts = await followUps(ctx, blame, known, reader);
    const open = openLines(blame, grafts, followed);
    if (open.length === 0) break;
    const deeper = await blameDeeper(ctx, { ...options, lines: rangesOf(open) ?? options.lines, grafts, timeoutMs });
    if (!deeper) break;
    [blame, followed] = [overlaid(blame, deeper), grafts];
  }
  return blame;
};

/** The session whose branch or worktree the file is of: its log tells of commits that say nothing themselves. */
const sessionOf = ({ session, worktree }: Source): string[] => {
  const name = basename(worktree?.path ?? '');
  return session !== null ? [session] : /^[a-z0-9]{10}$/.test(name) ? [name] : [];
};

const originsOf = (blame: Blame, { marks, facts, credits }: Known): Map<string, Origin> =>
  new Map(
    [...blame.commits].map(([id, commit]) => {
      const credit = credits.get(id) ?? creditByMarks(marks.get(id), commit.subject);
      return [id, originOf(commit, credit, facts.get(credit?.session ?? ''))];
    }),
  );

/**
 * Which session, iteration and prompt each line of a file comes from, also after squash, rebase and merge.
 * @throws AppError file.missing, usage.invalid, ref.missing, session.missing
 */
export const blame = async (ctx: Context, wish: BlameWish): Promise<FileBlame> => {
  const reader = openCatFile(ctx.repo);
  try {
    const place = await placeOfFile(ctx, wish.cwd, wish.file);
    const { source, lines } = await findSource(ctx, place, wish, reader);
    const { path, commit, isWorktree } = source;
    const known = nothing();
    await learnSessions(ctx, sessionOf(source), known);
    for (const facts of known.facts.values())
      for (const [id, credit] of await unrecordedCredits(ctx, facts, { tip: commit, reader }))
        known.credits.set(id, credit);
    const worktree = source.worktree ?? undefined;
    const options = { path, worktree, ...(lines && { lines: [lines] }), ...(!isWorktree && { commit }) };
    const found = await follow(ctx, options, known, reader);
    const origins = originsOf(found, known);
    const blamed = found.lines.map(({ line, text, commit: id }) => ({
      line,
      text,
      origin: id === null ? UNCOMMITTED : origins.get(id)!,
    }));
    return { path, commit, lines: blamed, summary: sharesOf(blamed.map(({ origin }) => origin)) };
  } finally {
    reader.close();
  }
};

/** The answer of `blame`: every line says all there is to say of it. */
export const blameAnswer = ({ path, commit, lines, summary }: FileBlame) => ({
  path,
  commit,
  lines: lines.map(({ line, text, origin }) => ({ line, text, ...origin })),
  summary,
});

/** Shows it to a person, through their pager where there is one. */
export const showBlame = (ctx: Context, text: string): Promise<void> => showPaged(ctx.repo, Buffer.from(text), 'blame');
