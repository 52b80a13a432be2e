import type { DuckDBConnection, DuckDBResult, DuckDBType } from '@duckdb/node-api';
import { isAppError } from '../errors.ts';
import { ConnectionPool } from './connection-pool.ts';
import type { AnalysisContext } from './context.ts';
import { type Database, openDatabase } from './duckdb.ts';
import { keepAnswer, knownAnswer } from './projection/answers.ts';
import type { Part } from './projection/look.ts';
import { removeFolder, schemaKey } from './projection/place.ts';
import { type Projected, project } from './projection/project.ts';
import { type AnalysisWish, type Asked, openAsked, remember, sourcesOf } from './sources.ts';
import { TABLES, TRANSCRIPT_TABLES } from './tables/all.ts';
import type { Value } from './tables/table.ts';
import { bind, makePlain } from './values.ts';
import { createViews } from './views.ts';

export type { AnalysisContext } from './context.ts';
export type { AnalysisWish } from './sources.ts';

export interface ResultColumn {
  name: string;
  /** In the words of `ColumnType` where it has one, else as DuckDB writes it. */
  type: string;
}

/** Rows as plain values: see `Value`; whole numbers that JavaScript cannot count are text. */
export interface Answer {
  columns: ResultColumn[];
  rows: Value[][];
}

/** The tables of some repositories, open to be asked in SQL. */
export interface Analysis {
  /** @throws Error of DuckDB when the statement is wrong */
  query(sql: string, params?: readonly Value[]): Promise<Answer>;
  /** The same in pieces, in constant memory; at least one piece, which may be empty. */
  stream(sql: string, params?: readonly Value[]): AsyncIterable<Answer>;
  /** Statements of ours, such as `COPY`. */
  run(sql: string): Promise<void>;
  /** What a person should hear of what was read. */
  warnings: string[];
  repos: { repo: string; path: string; logs: number; events: number }[];
  /** What a query reads, should everything else be forbidden: the folders with the rows, and DuckDB's own. */
  folders: string[];
  /** A connection to the tables for whoever asks DuckDB itself, and closes it before the rest. */
  connect(): Promise<{ api: Api; connection: DuckDBConnection }>;
  /**
   * What was found out of these very rows before, or is found out now.
   * @param question says all that the answer, which is plain JSON, depends on besides the rows
   */
  recall<T>(question: unknown, find: () => Promise<T>): Promise<T>;
  /** Makes damaged files of the cache again; true when there were any, so that a question is worth a second try. */
  mend(): Promise<boolean>;
  close(): Promise<void>;
}

/** What a result and its reader have in common. */
type Described = Pick<DuckDBResult, 'columnNames' | 'columnTypes'>;

const typeName = (type: DuckDBType): string =>
  type.alias ?? String(type).replaceAll('TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ');

/** Names and types of an answer's columns. */
export const columnsOf = (result: Described): ResultColumn[] => {
  const types = result.columnTypes();
  return result.columnNames().map((name, at) => ({ name, type: typeName(types[at]!) }));
};

/** Mistakes in the statement, which no other file mends. */
const isOfStatement = (error: unknown): boolean =>
  /^(Failed to \w+ statements?: )?(Parser|Binder|Catalog|Conversion|Permission) Error/.test(
    String((error as Error).message),
  );

type Api = Database['api'];

interface LoadWish {
  rebuild?: boolean;
  transcripts?: boolean;
  how?: 'glance' | 'bytes';
}

class OpenAnalysis implements Analysis {
  warnings: string[] = [];
  repos: Analysis['repos'] = [];
  #sources: ReturnType<typeof sourcesOf> | undefined;
  /** The database with the tables, as the sources are now. */
  #tables: Promise<Database> | undefined;
  #all: Projected[] = [];
  #said: Projected[] = [];
  #hasTranscripts = false;
  #db: Database | undefined;
  #pool: ConnectionPool | undefined;
  /** Counts how often files were made again. */
  #generation = 0;
  #mend: Promise<boolean> | undefined;
  readonly #ctx: AnalysisContext;
  readonly #asked: Asked[];
  readonly #before: string[];

  constructor(ctx: AnalysisContext, asked: Asked[], warnings: string[]) {
    this.#ctx = ctx;
    this.#asked = asked;
    this.#before = warnings;
  }

  /**
   * Brings the files up to date and points the tables at them; once more where that shows that one is damaged. Where a
   * question is told whose answer is known, there need be no database.
   */
  async load({ question, ...wish }: LoadWish & { question?: unknown }): Promise<void> {
    this.#hasTranscripts = wish.transcripts === true;
    try {
      await this.#load(wish);
      if (question === undefined || this.#known(question) === undefined) await this.#ready();
    } catch (error) {
      if (isAppError(error)) throw error;
      await this.#load({ how: 'bytes' });
      await this.#ready();
    }
  }

  get folders(): string[] {
    return [...[...this.#all, ...this.#said].map(({ place }) => place.folder), ...(this.#db ? [this.#db.folder] : [])];
  }

  async #load(wish: LoadWish): Promise<void> {
    const old = [...this.#all, ...this.#said];
    const made = await this.#project('events', wish);
    const said = this.#hasTranscripts ? await this.#project('transcript', wish) : [];
    this.#all = made;
    this.#said = said;
    this.#sources = sourcesOf(this.#asked, made, said);
    this.#tables = undefined;
    const { sources, twice } = this.#sources;
    for (const { place } of old) if (!place.isKept) removeFolder(place.folder);
    this.repos = made.map(({ logs, events }, at) => ({
      repo: sources[at]!.repo,
      path: this.#asked[at]!.repo.root,
      logs,
      events,
    }));
    const told = [...made, ...said].flatMap(({ warnings }) => warnings);
    const word = twice === 1 ? '1 session is' : `${twice} sessions are`;
    const once = twice > 0 ? [`${word} in more than one of these repositories, and counted once.`] : [];
    this.warnings = [...this.#before, ...told, ...once];
    remember(this.#ctx, this.#asked, made);
  }

  async #project(part: Part, wish: LoadWish): Promise<Projected[]> {
    const tables = part === 'events' ? TABLES : TRANSCRIPT_TABLES;
    const beside = [TABLES, TRANSCRIPT_TABLES].map((all) => schemaKey(all));
    const common = { clock: this.#ctx.clock, tables, key: schemaKey(tables), part, beside, db: () => this.#database() };
    const made: Projected[] = [];
    for (const { repo, store } of this.#asked) made.push(await project({ repo, store, ...common }, wish));
    return made;
  }

  /** Undefined where it was not asked yet, or of rows that are not kept. */
  #known(question: unknown): unknown {
    const [only] = this.#all;
    if (!only?.place.isKept || this.#all.length > 1) return undefined;
    return knownAnswer(only.place.folder, only.segments, this.#named(question));
  }

  /** Rows tell of the folder that their repository is in. */
  #named(question: unknown): string {
    return JSON.stringify([this.#asked[0]!.repo.root, question]);
  }

  async recall<T>(question: unknown, find: () => Promise<T>): Promise<T> {
    const known = this.#known(question);
    if (known !== undefined) return known as T;
    const answer = await find();
    const [only] = this.#all;
    if (only?.place.isKept && this.#all.length === 1) {
      const kept = { question: this.#named(question), answer, clock: this.#ctx.clock };
      keepAnswer(only.place.folder, only.segments, kept);
    }
    return answer;
  }

  query(sql: string, params: readonly Value[] = []): Promise<Answer> {
    return this.#mending(async ({ api, instance }) => {
      const { values, types } = bind(api, params);
      this.#pool ??= new ConnectionPool(instance);
      const reader = await this.#pool.with((connection) => connection.runAndReadAll(sql, values, types));
      return { columns: columnsOf(reader), rows: reader.convertRows(makePlain(api)) };
    });
  }

  async *stream(sql: string, params: readonly Value[] = []): AsyncIterable<Answer> {
    const { api, instance } = await this.#ready();
    const { values, types } = bind(api, params);
    // Another statement on the same connection would end the answer of this one.
    const connection: DuckDBConnection = await instance.connect();
    try {
      const result = await this.#mending(() => connection.stream(sql, values, types));
      const columns = columnsOf(result);
      const convert = makePlain(api);
      yield { columns, rows: [] };
      for await (const rows of result.yieldConvertedRows(convert)) yield { columns, rows };
    } finally {
      connection.closeSync();
    }
  }

  async run(sql: string): Promise<void> {
    await this.#mending(({ connection }) => connection.run(sql));
  }

  async connect(): Promise<{ api: Api; connection: DuckDBConnection }> {
    const { api, instance } = await this.#ready();
    return { api, connection: await instance.connect() };
  }

  async close(): Promise<void> {
    for (const { store, isOwn } of this.#asked) if (isOwn) await store.close();
    this.#pool?.close();
    this.#db?.close();
    [this.#pool, this.#db] = [undefined, undefined];
    for (const { place } of [...this.#all, ...this.#said]) if (!place.isKept) removeFolder(place.folder);
    [this.#all, this.#said] = [[], []];
  }

  /** A file of the cache may be damaged, or gone because another process put the cache in order: once more, then. */
  async #mending<T>(work: (db: Database) => Promise<T>): Promise<T> {
    const before = this.#generation;
    try {
      return await work(await this.#ready());
    } catch (error) {
      // Another statement beside this one may have had the same trouble.
      if (isOfStatement(error) || (before === this.#generation && !(await this.mend()))) throw error;
      return work(await this.#ready());
    }
  }

  mend(): Promise<boolean> {
    this.#mend ??= this.#mendAll().finally(() => {
      this.#mend = undefined;
    });
    return this.#mend;
  }

  async #mendAll(): Promise<boolean> {
    const ids = (): string => JSON.stringify([...this.#all, ...this.#said].map(({ segments }) => segments));
    const before = ids();
    await this.#load({ how: 'bytes' });
    const isOther = ids() !== before;
    if (isOther) this.#generation += 1;
    // Who has a connection of their own asks the same tables.
    await this.#ready();
    return isOther;
  }

  /** The database with its tables. */
  #ready(): Promise<Database> {
    this.#tables ??= this.#withTables();
    return this.#tables;
  }

  async #withTables(): Promise<Database> {
    const { sources, transcripts } = this.#sources!;
    const database = await this.#database();
    await createViews(database, TABLES, sources);
    if (this.#hasTranscripts) await createViews(database, TRANSCRIPT_TABLES, transcripts);
    return database;
  }

  async #database(): Promise<Database> {
    this.#db ??= await openDatabase();
    return this.#db;
  }
}

/**
 * Opens the tables of some repositories to questions, and brings their cache up to date. Close it in any case.
 * @throws AppError analysis.unavailable, repository.missing, repository.unsafe, store.full
 */
export const openAnalysis = async (ctx: AnalysisContext, wish: AnalysisWish = {}): Promise<Analysis> => {
  const warnings: string[] = [];
  const analysis = new OpenAnalysis(ctx, await openAsked(ctx, wish, warnings), warnings);
  try {
    await analysis.load(wish);
    return analysis;
  } catch (error) {
    await analysis.close();
    throw error;
  }
};
