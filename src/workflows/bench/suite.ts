import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { AgentLimit, Budget } from '../../batch/plan.ts';
import type { NamedAgent } from '../../bench/contenders.ts';
import { isParserKnown, parserNames } from '../../bench/parsers/registry.ts';
import { type SuiteCase, type SuiteFile, suiteSchema } from '../../bench/suite-schema.ts';
import { checkDocument, shownPath } from '../../config/check-document.ts';
import { invalidAs, type Place } from '../../config/invalid.ts';
import { suggest } from '../../config/suggest.ts';
import { openYaml, type YamlDocument } from '../../config/yaml-document.ts';
import { isAppError } from '../../errors.ts';
import { locateRepository } from '../../git/locate.ts';
import { resolveCommit } from '../../git/refs.ts';
import { expandHome, MOST_BYTES, MOST_PROMPT_BYTES, type Reading, readNamed } from '../batch/include.ts';
import { budgetOf, type Program } from '../batch/plan-items.ts';
import type { BenchCase } from './bench-case.ts';
import { requireKnownAgent } from './known-agent.ts';

export const invalidSuite = invalidAs('suite.invalid');

const KIND = {
  invalid: invalidSuite,
  code: 'suite.invalid',
  hint: 'Name a suite file, or rows of SWE-bench.',
} as const;

/** A patch may be large, but not as large as a mistake. */
const MOST_PATCH_BYTES = 64 * 1024 * 1024;

/** What a file of cases asks for; flags may say otherwise. */
export interface Bench {
  name: string;
  /** Absolute real path. */
  file: string;
  /** Over everything that was read, and what flags change of it: the same hash is the same benchmark. */
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

export interface SuiteWish {
  /** Absolute. */
  file: string;
  /** Folders by `owner/name`, from `--repo`. */
  repos: ReadonlyMap<string, string>;
  env: Record<string, string | undefined>;
}

type Path = (string | number)[];

/** One suite while it is read: what it names is looked up as soon as it is met, and told where it stands. */
class SuiteReader {
  readonly yaml: YamlDocument;
  readonly tree: SuiteFile;
  readonly dir: string;
  readonly programs = new Map<string, Program>();
  readonly #reading: Reading;
  readonly #repos: ReadonlyMap<string, string>;
  readonly #commits = new Map<string, Promise<string>>();

  constructor(wish: SuiteWish, reading: Reading) {
    this.#reading = reading;
    this.#repos = wish.repos;
    const file = readNamed(reading, { path: wish.file, most: MOST_BYTES });
    this.yaml = openYaml(file, invalidSuite);
    this.tree = checkDocument(this.yaml, {
      schema: suiteSchema,
      invalid: invalidSuite,
      hint: 'Write `suite:`, and `cases:` below it.',
    });
    this.dir = dirname(file.path);
    reading.root = this.dir;
  }

  place(path: Path): Place {
    return { ...this.yaml.locate(path, 'value'), key: shownPath(path) };
  }

  refuse(path: Path, sentence: string, hint: string, cause?: unknown): Error {
    return invalidSuite(this.place(path), sentence, hint, cause);
  }

  /** A value of the case, else of `defaults`, with its place. */
  pick<K extends keyof SuiteCase & keyof NonNullable<SuiteFile['defaults']> & string>(
    at: number,
    key: K,
  ): { value: NonNullable<SuiteCase[K]>; path: Path } | undefined {
    const own = this.tree.cases[at]?.[key];
    if (own !== undefined) return { value: own as never, path: ['cases', at, key] };
    const common = this.tree.defaults?.[key];
    return common === undefined ? undefined : { value: common as never, path: ['defaults', key] };
  }

  note(what: Program['what'], line: string): void {
    const key = `${what}\0${line}`;
    this.programs.set(key, { what, line, items: (this.programs.get(key)?.items ?? 0) + 1 });
  }

  file(given: string, path: Path, most: number): string {
    const full = resolve(this.dir, expandHome(given, this.#reading.env));
    return readNamed(this.#reading, { path: full, most, at: this.place(path) }).bytes.toString('utf8');
  }

  /** A patch that stands in the suite itself has more than one line; the name of a file has one. */
  patch(at: number, key: 'hiddenPatch' | 'solution'): string | null {
    const given = this.tree.cases[at]![key];
    if (given === undefined) return null;
    const path = ['cases', at, key];
    const text = given.trim().includes('\n') ? given : this.file(given, path, MOST_PATCH_BYTES);
    if (!/^(diff --git |--- )/m.test(text))
      throw this.refuse(path, 'this is no patch.', 'Make one with `git diff --binary`.');
    return text.endsWith('\n') ? text : `${text}\n`;
  }

  prompt(at: number): string {
    const { prompt, promptFile } = this.tree.cases[at]!;
    const path = ['cases', at];
    if (prompt !== undefined && promptFile !== undefined)
      throw this.refuse(
        [...path, 'promptFile'],
        '`prompt` and `promptFile` exclude each other.',
        'Keep one of the two.',
      );
    if (prompt !== undefined) return prompt;
    if (promptFile === undefined)
      throw this.refuse(path, 'the case has neither `prompt` nor `promptFile`.', 'Write what the agent is told.');
    const text = this.file(promptFile, [...path, 'promptFile'], MOST_PROMPT_BYTES);
    if (text.trim() === '')
      throw this.refuse([...path, 'promptFile'], 'the file is empty.', 'Write what the agent is told.');
    return text;
  }

  /** The repository's folder. */
  from(at: number): { from: string; path: Path } {
    const found = this.pick(at, 'repo');
    if (!found) throw this.refuse(['cases', at], 'the case has no `repo`.', 'Name one there, or in `defaults`.');
    const told = this.#repos.get(found.value);
    const from = told ?? resolve(this.dir, expandHome(found.value, this.#reading.env));
    if (existsSync(from)) return { from, path: found.path };
    const isName = told === undefined && /^[\w.-]+\/[\w.-]+$/.test(found.value);
    const hint = isName
      ? `Say where it is: --repo ${found.value}=<folder>.`
      : 'Look at the path: it begins at this file.';
    throw this.refuse(found.path, `there is no folder ${from}.`, hint);
  }

  /** Base commit as a whole id. */
  async commit(at: number): Promise<{ from: string; commit: string }> {
    const { from, path } = this.from(at);
    const found = this.pick(at, 'commit');
    if (!found)
      throw this.refuse(['cases', at], 'the case has no `commit`.', 'Name the commit that the agent starts from.');
    const key = `${from}\0${found.value}`;
    const asked = this.#commits.get(key) ?? locateRepository(from).then((repo) => resolveCommit(repo, found.value));
    this.#commits.set(key, asked);
    try {
      return { from, commit: await asked };
    } catch (error) {
      if (!isAppError(error)) throw error;
      const where = isAppError(error, 'ref.missing') ? found.path : path;
      throw this.refuse(where, error.message, error.hint ?? 'Look at its name.', error);
    }
  }
}

const readCase = async (reader: SuiteReader, at: number): Promise<BenchCase> => {
  const { id, failToPass, passToPass } = reader.tree.cases[at]!;
  const { from, commit } = await reader.commit(at);
  const test = reader.pick(at, 'test');
  if (!test)
    throw reader.refuse(['cases', at], 'the case has no `test`.', 'Write its success command, there or in `defaults`.');
  const setup = reader.pick(at, 'setup')?.value ?? null;
  const parser = reader.pick(at, 'parser');
  if (parser && !isParserKnown(parser.value))
    throw reader.refuse(parser.path, `there is no parser \`${parser.value}\`.`, parserHint(parser.value));
  if (passToPass !== undefined && failToPass === undefined)
    throw reader.refuse(
      ['cases', at, 'passToPass'],
      '`passToPass` counts beside `failToPass` only.',
      'Write both, or none: then the exit code counts.',
    );
  reader.note('test command', test.value);
  if (setup !== null) reader.note('set-up command', setup);
  const testPatch = reader.patch(at, 'hiddenPatch');
  const graded = {
    id,
    commit,
    testPatch,
    test: test.value,
    setup,
    failToPass: failToPass ?? null,
    passToPass: passToPass ?? null,
    evalType: 'pass_and_fail' as const,
    parser: parser?.value ?? (failToPass === undefined ? 'exit' : 'auto'),
    timeoutSec: reader.pick(at, 'testTimeoutSec')?.value ?? null,
  };
  const solution = reader.patch(at, 'solution');
  const timeoutSec = reader.pick(at, 'timeoutSec')?.value ?? null;
  return { graded, id, commit, prompt: reader.prompt(at), testPatch, solution, from, setup, timeoutSec };
};

const parserHint = (given: string): string => {
  const meant = suggest(given, parserNames());
  return meant ? `Did you mean \`${meant}\`?` : `Choose one of ${parserNames().join(', ')}.`;
};

const readAgents = (reader: SuiteReader): NamedAgent[] =>
  (reader.tree.agents ?? []).map((entry, at) => {
    const { agent, model, name } = typeof entry === 'string' ? ({ agent: entry } as NamedAgent) : entry;
    const path = typeof entry === 'string' ? ['agents', at] : ['agents', at, 'agent'];
    const script = agent.startsWith('scripted:') ? resolve(reader.dir, agent.slice('scripted:'.length)) : undefined;
    const whole = script === undefined ? agent : `scripted:${script}`;
    try {
      requireKnownAgent(whole);
    } catch (error) {
      if (!isAppError(error)) throw error;
      throw reader.refuse(path, error.message, error.hint ?? '', error);
    }
    if (script !== undefined) reader.note('script of the agent', script);
    if (agent.startsWith('command:')) reader.note('program of the agent', agent.slice('command:'.length));
    return { agent: whole, ...(model !== undefined && { model }), ...(name !== undefined && { name }) };
  });

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
  cases.forEach(({ id }, at) => {
    // Folders of some systems do not tell A from a.
    const key = id.toLowerCase();
    const before = seen.get(key);
    if (before !== undefined)
      throw reader.refuse(
        ['cases', at, 'id'],
        `\`${id}\` is the id of case ${before + 1} too.`,
        'Give each case an id of its own.',
      );
    seen.set(key, at);
  });
};

/**
 * Reads a suite file and everything it names; nothing has been run then.
 * @throws AppError `suite.invalid` with file, line, column and key; `file.missing`
 */
export const readSuite = async (wish: SuiteWish): Promise<Bench> => {
  const reading: Reading = { root: '', env: wish.env, files: [], outside: [], kind: KIND };
  const reader = new SuiteReader(wish, reading);
  refuseTwice(reader);
  const agents = readAgents(reader);
  const cases: BenchCase[] = [];
  for (let at = 0; at < reader.tree.cases.length; at++) cases.push(await readCase(reader, at));
  for (const path of reading.outside) reader.note('file outside its folder', path);
  const { tree } = reader;
  const hash = createHash('sha256');
  for (const file of reading.files) hash.update(`${file.sha256}\n`);
  const sha256 = hash.digest('hex');
  return {
    name: tree.suite,
    file: reading.files[0]!.path,
    sha256,
    trustSha256: sha256,
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
