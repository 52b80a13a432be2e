import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { AgentLimit, Budget } from '../../batch/plan.ts';
import type { NamedAgent } from '../../bench/contenders.ts';
import { isParserKnown, parserNames } from '../../bench/parsers/registry.ts';
import { suggest } from '../../config/suggest.ts';
import { isAppError } from '../../errors.ts';
import type { Reading } from '../batch/include.ts';
import { budgetOf, type Program } from '../batch/plan-items.ts';
import type { BenchCase } from './bench-case.ts';
import { requireKnownAgent } from './known-agent.ts';
import { invalidSuite, SuiteReader, type SuiteWish } from './suite-reader.ts';

export type { SuiteWish } from './suite-reader.ts';

const KIND = {
  invalid: invalidSuite,
  code: 'suite.invalid',
  hint: 'Name a suite file, or rows of SWE-bench.',
} as const;

/** What a file of cases asks for; flags may say otherwise. */
export interface Bench {
  name: string;
  /** Absolute real path. */
  file: string;
  /** Over everything that was read, where cases start, and what flags change: the same hash is the same benchmark. */
  sha256: string;
  /** Over everything that was read alone: what trust is given to. */
  trustSha256: string;
  programs: Program[];
  cases: BenchCase[];
  agents: NamedAgent[];
  models: string[];
  repeats: number;
  concurrency: number | null;
  retries: number;
  budget: Budget | null;
  dayBudget: Budget | null;
  runBudget: Budget | null;
  limits: Record<string, AgentLimit>;
}

/** How a case is graded. */
const readGrading = (
  reader: SuiteReader,
  at: number,
): Omit<NonNullable<BenchCase['graded']>, 'commit' | 'testPatch'> => {
  const { id, failToPass, passToPass } = reader.tree.cases[at]!;
  const { problems } = reader;
  const test = reader.pick(at, 'test');
  const setup = reader.pick(at, 'setup')?.value ?? null;
  const parser = reader.pick(at, 'parser');
  const refuse = (path: (string | number)[], sentence: string, hint: string): void =>
    problems.attempt(() => {
      throw reader.refuse(path, sentence, hint);
    }, undefined);
  if (!test) refuse(['cases', at], 'the case has no `test`.', 'Write its success command, there or in `defaults`.');
  if (parser && !isParserKnown(parser.value))
    refuse(parser.path, `there is no parser \`${parser.value}\`.`, parserHint(parser.value));
  if (passToPass !== undefined && failToPass === undefined)
    refuse(
      ['cases', at, 'passToPass'],
      '`passToPass` counts beside `failToPass` only.',
      'Write both, or none: then the exit code counts.',
    );
  if (test) reader.note('test command', test.value);
  if (setup !== null) reader.note('set-up command', setup);
  return {
    id,
    test: test?.value ?? '',
    setup,
    failToPass: failToPass ?? null,
    passToPass: passToPass ?? null,
    evalType: 'pass_and_fail',
    parser: parser?.value ?? (failToPass === undefined ? 'exit' : 'auto'),
    timeoutSec: reader.pick(at, 'testTimeoutSec')?.value ?? null,
  };
};

/** With something in place of what is wrong: that is told before anybody uses it. */
const readCase = async (reader: SuiteReader, at: number): Promise<BenchCase> => {
  const { problems } = reader;
  const { id } = reader.tree.cases[at]!;
  const { from, commit } = await problems.attemptLater(() => reader.commit(at), { from: '', commit: '' });
  const grading = readGrading(reader, at);
  const testPatch = problems.attempt(() => reader.patch(at, 'hiddenPatch'), null);
  const solution = problems.attempt(() => reader.patch(at, 'solution'), null);
  const prompt = problems.attempt(() => reader.prompt(at), '');
  const timeoutSec = reader.pick(at, 'timeoutSec')?.value ?? null;
  const { setup } = grading;
  return {
    graded: { ...grading, commit, testPatch },
    id,
    commit,
    prompt,
    testPatch,
    solution,
    from,
    setup,
    timeoutSec,
  };
};

const parserHint = (given: string): string => {
  const meant = suggest(given, parserNames());
  return meant ? `Did you mean \`${meant}\`?` : `Choose one of ${parserNames().join(', ')}.`;
};

const readAgents = (reader: SuiteReader): NamedAgent[] =>
  (reader.tree.agents ?? []).flatMap((_, at) => reader.problems.attempt(() => [readAgent(reader, at)], []));

const readAgent = (reader: SuiteReader, at: number): NamedAgent => {
  const entry = reader.tree.agents![at]!;
  const { agent, model, name } = typeof entry === 'string' ? ({ agent: entry } as NamedAgent) : entry;
  const path = typeof entry === 'string' ? ['agents', at] : ['agents', at, 'agent'];
  const script = agent.startsWith('scripted:') ? resolve(reader.dir, agent.slice('scripted:'.length)) : undefined;
  const whole = script === undefined ? agent : `scripted:${script}`;
  try {
    requireKnownAgent(agent);
  } catch (error) {
    if (!isAppError(error)) throw error;
    throw reader.refuse(path, error.message, error.hint ?? '', error);
  }
  if (script !== undefined) reader.note('script of the agent', script);
  if (agent.startsWith('command:')) reader.note('program of the agent', agent.slice('command:'.length));
  return { agent: whole, ...(model !== undefined && { model }), ...(name !== undefined && { name }) };
};

/** Each id once: a case is a folder, and a line of the predictions. */
const refuseTwice = (reader: SuiteReader): void => {
  const { cases } = reader.tree;
  if (cases.length === 0)
    throw reader.refuse(
      ['cases'],
      'there are no cases in it.',
      'Write one, or make some with `bench init --from-history`.',
    );
  const seen = new Map<string, number>();
  for (const [at, { id }] of cases.entries()) {
    // Folders of some systems do not tell A from a.
    const key = id.toLowerCase();
    const before = seen.get(key);
    seen.set(key, before ?? at);
    if (before === undefined) continue;
    reader.problems.attempt(() => {
      throw reader.refuse(
        ['cases', at, 'id'],
        `\`${id}\` is the id of case ${before + 1} too.`,
        'Give each case an id of its own.',
      );
    }, undefined);
  }
};

/**
 * Reads a suite file and everything it names; nothing has been run then.
 * @throws AppError `suite.invalid` about all that is wrong, with file, line, column and key; `file.missing`
 */
export const readSuite = async (wish: SuiteWish): Promise<Bench> => {
  const reading: Reading = { root: '', env: wish.env, files: [], outside: [], kind: KIND };
  const reader = new SuiteReader(wish, reading);
  refuseTwice(reader);
  const agents = readAgents(reader);
  const cases: BenchCase[] = [];
  for (let at = 0; at < reader.tree.cases.length; at++) cases.push(await readCase(reader, at));
  reader.problems.end();
  for (const path of reading.outside) reader.note('file outside its folder', path);
  const { tree } = reader;
  const hash = createHash('sha256');
  for (const file of reading.files) hash.update(`${file.sha256}\n`);
  const trustSha256 = hash.digest('hex');
  const { starts } = reader;
  const sha256 =
    starts.length === 0
      ? trustSha256
      : createHash('sha256')
          .update([trustSha256, ...starts].join('\n'))
          .digest('hex');
  return {
    name: tree.suite,
    file: reading.files[0]!.path,
    sha256,
    trustSha256,
    programs: [...reader.programs.values()],
    cases,
    agents,
    models: tree.models ?? [],
    repeats: tree.repeats ?? 1,
    concurrency: tree.concurrency ?? null,
    retries: tree.retries ?? 1,
    budget: budgetOf(tree.budget),
    dayBudget: budgetOf(tree.dayBudget),
    runBudget: budgetOf(tree.runBudget),
    limits: tree.limits ?? {},
  };
};
