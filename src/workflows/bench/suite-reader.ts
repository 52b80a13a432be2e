import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type SuiteCase, type SuiteFile, suiteSchema } from '../../bench/suite-schema.ts';
import { checkDocument, shownPath } from '../../config/check-document.ts';
import { invalidAs, type Place } from '../../config/invalid.ts';
import { Problems } from '../../config/problems.ts';
import { openYaml, type YamlDocument } from '../../config/yaml-document.ts';
import { isAppError } from '../../errors.ts';
import { locateRepository } from '../../git/locate.ts';
import { resolveCommit } from '../../git/refs.ts';
import { expandHome, MOST_BYTES, MOST_PROMPT_BYTES, type Reading, readNamed } from '../batch/include.ts';
import type { Program } from '../batch/plan-items.ts';

export const invalidSuite = invalidAs('suite.invalid');

/** A patch may be large, but not as large as a mistake. */
const MOST_PATCH_BYTES = 64 * 1024 * 1024;

export interface SuiteWish {
  /** Absolute. */
  file: string;
  /** Folders by `owner/name`, from `--repo`. */
  repos: ReadonlyMap<string, string>;
  env: Record<string, string | undefined>;
}

type Path = (string | number)[];

/** One suite while it is read: what it names is looked up as soon as it is met, and told where it stands. */
export class SuiteReader {
  readonly yaml: YamlDocument;
  readonly tree: SuiteFile;
  readonly dir: string;
  /** What is wrong is gathered, and told at the end. */
  readonly problems = new Problems('suite.invalid');
  readonly programs = new Map<string, Program>();
  /** Where cases start whose commit is named by what may move, such as a branch: another start is another benchmark. */
  readonly starts: string[] = [];
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
      revisions: ['commit'],
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
      const commit = await asked;
      if (found.value !== commit) this.starts.push(`${at} ${commit}`);
      return { from, commit };
    } catch (error) {
      if (!isAppError(error)) throw error;
      const where = isAppError(error, 'ref.missing') ? found.path : path;
      throw this.refuse(where, error.message, error.hint ?? 'Look at its name.', error);
    }
  }
}
