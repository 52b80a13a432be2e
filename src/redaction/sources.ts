import { join } from 'node:path';
import { type Environment, environmentSecrets, type SecretPlaceKind, secretsAmong } from './environment-secrets.ts';
import type { TeamRules } from './gitleaks/rules.ts';
import { type KnownValues, searchValues } from './known-values.ts';
import type { Finding } from './placeholder.ts';
import { isDotenv, parseSecretFile } from './secret-file.ts';
import { WatchedFile, WatchedFolder } from './watched-file.ts';

export interface SourceOptions {
  /** The environment that agents and tests get. */
  env: Environment;
  /** Top of the main checkout, whose `.env` files and `.gitleaks.toml` are read; null: neither. */
  root: string | null;
  /** Absolute paths of further files that hold secrets. */
  stores: readonly string[];
  /** Milliseconds that never go backwards. */
  elapsed(): number;
  /** Something a person should hear. */
  warn(text: string): void;
}

const GITLEAKS = '.gitleaks.toml';
const FILE_BYTES = 1 << 20;
/** Files of one folder, values of one file and of all: an agent writes in its worktree what it likes. */
const MOST_FILES = 50;
const MOST_VALUES = 500;
const MOST_IN_ALL = 4_000;

/**
 * What is known to be secret, and what the team's rules find, as it is on the disk now. A value stays known until the
 * process ends, also when its file is changed: it may still be in use.
 */
export class SecretSources {
  readonly #options: SourceOptions;
  readonly #folders: WatchedFolder[] = [];
  readonly #files = new Map<string, { file: WatchedFile; from: SecretPlaceKind }>();
  readonly #values = new Map<string, SecretPlaceKind>();
  readonly #told = new Set<string>();
  readonly #gitleaks: WatchedFile | null;
  readonly #environment: KnownValues;
  #known: KnownValues;
  #team: TeamRules | undefined;
  #isFresh = false;
  #refreshing: Promise<void> | undefined;

  constructor(options: SourceOptions) {
    this.#options = options;
    for (const value of environmentSecrets(options.env)) this.#values.set(value, 'env');
    this.#environment = this.#search();
    this.#known = this.#environment;
    for (const path of options.stores)
      this.#files.set(path, { file: new WatchedFile(path, FILE_BYTES), from: 'store' });
    this.#gitleaks = options.root === null ? null : new WatchedFile(join(options.root, GITLEAKS), FILE_BYTES);
    if (options.root !== null) this.watch(options.root);
  }

  /** A folder whose `.env` files count too: a session's worktree. It need not be there yet. */
  watch(folder: string): void {
    if (this.#folders.some(({ path }) => path === folder)) return;
    this.#folders.push(new WatchedFolder(folder, isDotenv));
    this.#isFresh = false;
  }

  /** Values that are known, in every spelling. */
  known(text: string): Finding[] {
    return this.#known(text);
  }

  /** The same for names that the program itself gives and must find again: of the environment only. */
  knownByEnvironment(text: string): Finding[] {
    return this.#environment(text);
  }

  get team(): TeamRules | undefined {
    return this.#team;
  }

  /**
   * Reads what has changed on the disk. Looks once in a turn of the event loop: what is printed in one turn was
   * written before.
   */
  refresh(): Promise<void> | undefined {
    if (this.#isFresh) return this.#refreshing;
    this.#isFresh = true;
    setImmediate(() => {
      this.#isFresh = false;
    }).unref();
    const changed = this.#changed();
    const rules = this.#gitleaks?.news(this.#options.elapsed()) ?? null;
    if (changed.length === 0 && rules === null) return this.#refreshing;
    const before = this.#refreshing;
    const next = (async () => {
      await before;
      await this.#read(changed);
      if (rules !== null) await this.#readRules(rules);
    })().finally(() => {
      if (this.#refreshing === next) this.#refreshing = undefined;
    });
    this.#refreshing = next;
    return next;
  }

  #changed(): { path: string; text: string; from: SecretPlaceKind }[] {
    const now = this.#options.elapsed();
    for (const folder of this.#folders)
      for (const name of folder.names(now).slice(0, MOST_FILES)) {
        const path = join(folder.path, name);
        if (!this.#files.has(path)) this.#files.set(path, { file: new WatchedFile(path, FILE_BYTES), from: 'dotenv' });
      }
    return [...this.#files.values()].flatMap(({ file, from }) => {
      const text = file.news(now);
      return text === null ? [] : [{ path: file.path, text, from }];
    });
  }

  async #read(files: { path: string; text: string; from: SecretPlaceKind }[]): Promise<void> {
    const before = this.#values.size;
    for (const { path, text, from } of files) {
      try {
        const found = secretsAmong(await parseSecretFile(from === 'dotenv' ? '.env' : path, text), from);
        if (found.length > MOST_VALUES || this.#values.size > MOST_IN_ALL)
          this.#tell(`${path} holds more values than are looked for: only the first ${MOST_VALUES} count.`);
        if (this.#values.size > MOST_IN_ALL) continue;
        for (const value of found.slice(0, MOST_VALUES)) if (!this.#values.has(value)) this.#values.set(value, from);
      } catch {
        this.#tell(`${path} cannot be read as what its name says: the secrets in it are not looked for.`);
      }
    }
    if (this.#values.size > before) this.#known = this.#search();
  }

  async #readRules(toml: string): Promise<void> {
    const tell = (problem: string): void => this.#tell(`${GITLEAKS}: ${problem}.`);
    try {
      const { loadGitleaks } = await import('./gitleaks/load.ts');
      const { root, elapsed } = this.#options;
      this.#team = loadGitleaks(toml, { root: root!, tell, elapsed });
    } catch (error) {
      tell(`it is not applied: ${(error as Error).message.split('\n')[0]}`);
    }
  }

  #search(): KnownValues {
    return searchValues([...this.#values].map(([value, from]) => ({ value, from })));
  }

  #tell(problem: string): void {
    if (this.#told.has(problem)) return;
    this.#told.add(problem);
    this.#options.warn(problem);
  }
}

/** Sources that are nothing but an environment: nothing on the disk is looked at. */
export const environmentOnly = (env: Environment): SecretSources =>
  new SecretSources({ env, root: null, stores: [], elapsed: () => 0, warn: () => {} });
