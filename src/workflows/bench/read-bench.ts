import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { isParserKnown, parserNames } from '../../bench/parsers/registry.ts';
import { AppError } from '../../errors.ts';
import { hasCommit } from '../../git/has-commit.ts';
import { locateRepository } from '../../git/locate.ts';
import type { Repository } from '../../git/repository.ts';
import type { BenchCase } from './bench-case.ts';
import { caseOfInstance } from './grade.ts';
import { readInstances } from './instances.ts';
import { type Bench, readSuite, type SuiteWish } from './suite.ts';

export interface BenchFileWish extends SuiteWish {
  /** Only these cases; undefined: all. */
  cases?: readonly string[];
  /** Instead of what a suite says; rows of SWE-bench have none. */
  test?: string;
  setup?: string;
  parser?: string;
  /** Seconds for the agent, and for the success command. */
  timeoutSec?: number;
  testTimeoutSec?: number;
}

/** The success command of rows that name none: half an hour, as the official harness has it. */
const ROW_TEST_SEC = 1800;

const refuseParser = (parser: string | undefined): void => {
  if (parser === undefined || isParserKnown(parser)) return;
  throw new AppError('parser.unknown', `There is no log parser \`${parser}\`.`, {
    hint: `Choose one of ${parserNames().join(', ')}.`,
  });
};

/** Each repository is looked up once, and each of its commits. */
class Sources {
  readonly #repos: ReadonlyMap<string, string>;
  readonly #known = new Map<string, Promise<Repository>>();

  constructor(repos: ReadonlyMap<string, string>) {
    this.#repos = repos;
  }

  async find(repo: string, commit: string, at: string): Promise<string> {
    const from = this.#repos.get(repo);
    if (from === undefined)
      throw new AppError('case.missing', `${at}: it is not said where ${repo} is.`, {
        hint: `Add --repo ${repo}=<folder>: a clone of it on this machine.`,
      });
    if (!existsSync(from))
      throw new AppError('case.missing', `There is no folder ${from}.`, { hint: `Clone ${repo} there.` });
    const known = this.#known.get(from) ?? locateRepository(from);
    this.#known.set(from, known);
    if (!(await hasCommit(await known, commit)))
      throw new AppError('case.missing', `${at}: ${from} has no commit ${commit}.`, {
        hint: 'Fetch it there; a shallow clone may lack it.',
      });
    return from;
  }
}

const readRows = async (wish: BenchFileWish): Promise<Bench> => {
  const { file, repos, test, setup = null, parser, timeoutSec = null, testTimeoutSec = ROW_TEST_SEC } = wish;
  const placed = await readInstances(file, wish.cases);
  const sources = new Sources(repos);
  const cases: BenchCase[] = [];
  for (const { instance, at } of placed) {
    const { id, baseCommit: commit, problem: prompt, testPatch, patch: solution } = instance;
    const from = await sources.find(instance.repo, commit, at);
    const graded =
      test === undefined ? null : caseOfInstance(instance, { test, setup, parser, timeoutSec: testTimeoutSec });
    cases.push({ graded, id, commit, prompt, testPatch, solution, from, setup, timeoutSec });
  }
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
  return {
    name: basename(file, extname(file)),
    file: realpathSync(file),
    sha256,
    trustSha256: sha256,
    programs: [],
    cases,
    agents: [],
    models: [],
    repeats: 1,
    concurrency: null,
    retries: 1,
    budget: null,
    dayBudget: null,
    runBudget: null,
    limits: {},
  };
};

const withFlags = (one: BenchCase, { test, setup, parser, timeoutSec, testTimeoutSec }: BenchFileWish): BenchCase => ({
  ...one,
  setup: setup ?? one.setup,
  timeoutSec: timeoutSec ?? one.timeoutSec,
  graded: one.graded && {
    ...one.graded,
    test: test ?? one.graded.test,
    setup: setup ?? one.graded.setup,
    parser: parser ?? one.graded.parser,
    timeoutSec: testTimeoutSec ?? one.graded.timeoutSec,
  },
});

const readSuiteFile = async (wish: BenchFileWish): Promise<Bench> => {
  const bench = await readSuite(wish);
  const chosen = wish.cases?.map((id) => {
    const one = bench.cases.find((known) => known.id === id);
    if (one) return one;
    throw new AppError('usage.invalid', `${wish.file} has no case ${id}.`, {
      hint: 'Cases are named as in the file.',
    });
  });
  return { ...bench, cases: (chosen ?? bench.cases).map((one) => withFlags(one, wish)) };
};

/** What flags change of how a case is run or graded makes another benchmark. */
const hashWith = ({ sha256 }: Bench, wish: BenchFileWish): string => {
  const { cases, test, setup, parser, timeoutSec, testTimeoutSec } = wish;
  const flags = { cases, test, setup, parser, timeoutSec, testTimeoutSec };
  if (Object.values(flags).every((flag) => flag === undefined)) return sha256;
  return createHash('sha256')
    .update(`${sha256}\n${JSON.stringify(flags)}\n`)
    .digest('hex');
};

/**
 * A suite in YAML, or rows of SWE-bench as JSON, JSONL or Parquet. Nothing has been run then.
 * @throws AppError `suite.invalid`, `instances.invalid`, `case.missing`, `file.missing`, `parser.unknown`
 */
export const readBench = async (wish: BenchFileWish): Promise<Bench> => {
  refuseParser(wish.parser);
  const bench = await (/\.ya?ml$/i.test(wish.file) ? readSuiteFile(wish) : readRows(wish));
  return { ...bench, sha256: hashWith(bench, wish) };
};
