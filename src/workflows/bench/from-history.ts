import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { testPaths } from '../../bench/from-commit.ts';
import { suiteYaml, type WrittenCase } from '../../bench/suite-yaml.ts';
import { type Verified, verify } from '../../bench/verified.ts';
import { AppError, inShell } from '../../errors.ts';
import { mainlineCommits } from '../../git/mainline.ts';
import { headOf, resolveCommit } from '../../git/refs.ts';
import type { Context } from '../context.ts';
import { type Interrupts, isStopped } from '../interrupts.ts';
import { type Candidate, candidateOf, type Unfit } from './candidates.ts';
import { type Grade, gradeCase } from './grade.ts';

export interface HistoryWish {
  /** The suite's folder: missing or empty. */
  out: string;
  name: string;
  test: string;
  setup: string | null;
  /** Branch, tag or commit whose past is looked through; null: what one stands on. */
  branch: string | null;
  /** Which files are tests; empty: the usual names. */
  tests: string[];
  /** ISO-8601; commits before it are not looked at. */
  since?: string;
  /** Cases wanted, and commits looked at for them, at most. */
  limit: number;
  scan: number;
  testTimeoutSec: number;
  /** Commits tried out at once. */
  concurrency: number;
  /** For throw-away checkouts; gone afterwards. */
  work: string;
  /** Names commits that would be tried out, and tries out nothing. */
  dryRun: boolean;
  interrupts: Interrupts;
  onCommit?(commit: LookedAt): void;
}

/** Why a commit made no case. */
export type Rejected = Unfit | Extract<Verified, { ok: false }>['why'] | 'cannot be run';

/** What became of one commit. */
export interface LookedAt {
  commit: string;
  subject: string;
  /** Id of its case; null where it made none. */
  case: string | null;
  /** null where it made one, or is still to be tried out. */
  why: Rejected | null;
  /** What the machine said where it cannot be run. */
  detail?: string;
}

export interface HistorySuite {
  /** Absolute path; null with `dryRun`, or where no case was found. */
  suite: string | null;
  cases: WrittenCase[];
  /** Newest first. */
  looked: LookedAt[];
  interrupted: boolean;
}

/** One commit with what was made of it. */
interface Tried {
  looked: LookedAt;
  candidate?: Candidate;
  verified?: Extract<Verified, { ok: true }>;
}

class Trials {
  readonly #ctx: Context;
  readonly #wish: HistoryWish;

  constructor(ctx: Context, wish: HistoryWish) {
    this.#ctx = ctx;
    this.#wish = wish;
  }

  async #run({ id, base, hiddenPatch }: Candidate, patch: string): Promise<Grade> {
    const { test, setup, testTimeoutSec, work, interrupts } = this.#wish;
    return gradeCase({
      case: {
        id,
        commit: base,
        testPatch: hiddenPatch,
        test,
        setup,
        failToPass: null,
        passToPass: null,
        evalType: 'pass_and_fail',
        parser: 'exit',
        timeoutSec: testTimeoutSec,
      },
      patch: Buffer.from(patch),
      from: this.#ctx.repo.root,
      work,
      seeds: join(work, 'seeds'),
      env: this.#ctx.env,
      clock: this.#ctx.clock,
      evenEmpty: true,
      interrupts,
    });
  }

  /** Without the solution, then twice with it; the dearest question is asked last. */
  async try(candidate: Candidate): Promise<Tried> {
    const { commit, subject } = candidate;
    const no = (why: Rejected, detail?: string): Tried => ({
      looked: { commit, subject, case: null, why, ...(detail !== undefined && { detail }) },
    });
    const runs: Grade[] = [];
    for (const patch of ['', candidate.solution, candidate.solution]) {
      const ran = await this.#run(candidate, patch);
      // Without the solution anything may break, but for the commands themselves.
      const isBroken = ran.resolved === null || ran.timedOut || ran.reason !== 'tests';
      if (isBroken && (patch !== '' || ran.reason !== 'tests')) return no('cannot be run', ran.message);
      runs.push(ran);
    }
    const verified = verify(runs[0]!, [runs[1]!, runs[2]!]);
    if (!verified.ok) return no(verified.why);
    return { looked: { commit, subject, case: candidate.id, why: null }, candidate, verified };
  }
}

const writtenOf = ({ candidate, verified, looked }: Required<Tried>): WrittenCase => ({
  id: candidate.id,
  commit: candidate.base,
  from: `${looked.commit} ${looked.subject}`,
  prompt: candidate.prompt,
  hiddenPatch: `${candidate.id}/tests.patch`,
  solution: `${candidate.id}/solution.patch`,
  parser: verified.parser,
  failToPass: verified.failToPass,
  passToPass: verified.passToPass,
});

const requireEmpty = (out: string): void => {
  let entries: string[] = [];
  try {
    entries = readdirSync(out);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    if (code !== 'ENOTDIR') throw error;
    entries = ['.'];
  }
  if (entries.length > 0)
    throw new AppError('file.exists', `${out} is there already.`, { hint: 'Name another folder with --out.' });
};

/** From the suite to the repository: a relative way where both may move together. */
const wayTo = (out: string, root: string): string => {
  const way = relative(out, root);
  return way.split(sep).join('/') || '.';
};

const writeSuite = (
  ctx: Context,
  wish: HistoryWish,
  tried: Required<Tried>[],
): { suite: string; cases: WrittenCase[] } => {
  const cases = tried.map(writtenOf);
  for (const [at, { candidate }] of tried.entries()) {
    const dir = join(wish.out, cases[at]!.id);
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'tests.patch'), candidate.hiddenPatch);
    writeFileSync(join(dir, 'solution.patch'), candidate.solution);
  }
  const suite = join(wish.out, 'suite.yaml');
  const { name, test, setup, testTimeoutSec, out } = wish;
  writeFileSync(suite, suiteYaml({ suite: name, repo: wayTo(out, ctx.repo.root), setup, test, testTimeoutSec, cases }));
  return { suite, cases };
};

/** Looks at commits one after the other, newest first, until there are as many cases as wanted. */
const lookThrough = async (ctx: Context, wish: HistoryWish): Promise<Tried[]> => {
  const tip =
    wish.branch === null
      ? (await headOf(ctx.repo, ctx.repo.here ?? undefined)).commit
      : await resolveCommit(ctx.repo, wish.branch);
  const commits = tip === null ? [] : await mainlineCommits(ctx.repo, tip, wish.scan);
  const isTest = testPaths(wish.tests);
  const trials = new Trials(ctx, wish);
  const tried: Tried[] = [];
  let next = 0;
  const found = (): number => tried.filter(({ looked }) => looked.case !== null).length;
  const worker = async (): Promise<void> => {
    while (next < commits.length && found() < wish.limit && !isStopped(wish.interrupts)) {
      const at = next++;
      const commit = commits[at]!;
      if (wish.since !== undefined && commit.committedAt < wish.since) continue;
      const made = await candidateOf(ctx.repo, commit, isTest);
      const subject = commit.message.split('\n')[0]!;
      if (typeof made === 'string') tried[at] = { looked: { commit: commit.id, subject, case: null, why: made } };
      else if (wish.dryRun) tried[at] = { looked: { commit: commit.id, subject, case: made.id, why: null } };
      else {
        const done = await trials.try(made);
        if (isStopped(wish.interrupts)) return;
        tried[at] = done;
      }
      wish.onCommit?.(tried[at]!.looked);
    }
  };
  await Promise.all(Array.from({ length: wish.concurrency }, worker));
  return tried.filter(Boolean);
};

/**
 * Makes a suite of a repository's own past: each commit of a branch that changed tests and more than tests, provided
 * that the tests as the commit has them really fail before it and pass after it. Every case was run three times.
 * @throws AppError `file.exists`, `ref.missing`, `case.missing` when nothing in the past makes a case
 */
export const suiteFromHistory = async (ctx: Context, wish: HistoryWish): Promise<HistorySuite> => {
  if (!wish.dryRun) requireEmpty(wish.out);
  try {
    const tried = await lookThrough(ctx, wish);
    const looked = tried.map((one) => one.looked);
    const interrupted = isStopped(wish.interrupts);
    const good = tried.filter((one): one is Required<Tried> => one.verified !== undefined).slice(0, wish.limit);
    if (wish.dryRun || (interrupted && good.length === 0)) return { suite: null, cases: [], looked, interrupted };
    if (good.length === 0) throw nothingFound(looked, wish);
    return { ...writeSuite(ctx, wish, good), looked, interrupted };
  } finally {
    rmSync(wish.work, { recursive: true, force: true, maxRetries: 5 });
  }
};

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

const nothingFound = (looked: LookedAt[], { test }: HistoryWish): AppError => {
  const broken = looked.find(({ why }) => why === 'cannot be run');
  const hint = broken
    ? `Of ${broken.commit.slice(0, 10)}: ${sentence(broken.detail ?? 'it cannot be run')} Give --setup what a fresh checkout needs before ${inShell(test)} runs.`
    : 'Say with --tests which files are tests, or look further back with --scan.';
  return new AppError('case.missing', `None of ${looked.length} commits makes a case.`, { hint, details: { looked } });
};
