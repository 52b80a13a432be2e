import type { DuckDBConnection } from '@duckdb/node-api';
import type { AnalysisContext } from '../context.ts';
import { type Analysis, type Answer, columnsOf, openAnalysis } from '../open.ts';
import { mentionsTranscripts } from '../tables/all.ts';
import { list, quote } from '../text.ts';
import { makePlain } from '../values.ts';
import { type AdmitOptions, admit, isExplain } from './admit.ts';
import { invalid, isMaybeDamage, refused, toQueryError } from './statement-error.ts';

export interface SqlQuestion {
  text: string;
  /** By name, without `$`. Bound as values; DuckDB takes each as what its place asks for, such as a number or a time. */
  params?: Readonly<Record<string, string>>;
  /** Values may be given for names that the statement has not. */
  isSpare?: boolean;
  /** Ends the query. */
  signal?: AbortSignal;
}

/** Tables that answer whatever a person asks, and nothing but that. */
export interface Asker {
  /**
   * Rows in pieces, in constant memory; at least one piece, which may be empty.
   * @throws AppError query.invalid, query.refused, query.failed, interrupted
   */
  ask(question: SqlQuestion): AsyncIterable<Answer>;
  close(): void;
}

/** From now on queries read no files but those of the cache, and nobody may change that. */
const lock = async (connection: DuckDBConnection, analysis: Analysis, { allowFiles }: AdmitOptions): Promise<void> => {
  // Errors with the place of the mistake in the statement.
  await connection.run('SET errors_as_json = true');
  if (!allowFiles) {
    await connection.run(`SET allowed_directories = ${list(analysis.folders)}`);
    await connection.run('SET enable_external_access = false');
  }
  await connection.run(`SET lock_configuration = ${quote('true')}`);
};

const names = (all: readonly string[]): string => all.map((name) => `$${name}`).join(', ');

/** The values that the statement has names for. */
const paramsFor = (
  wanted: ReadonlySet<string>,
  given: Readonly<Record<string, string>>,
  isSpare: boolean,
): Record<string, string> => {
  const missing = [...wanted].filter((name) => !Object.hasOwn(given, name));
  const [first] = missing;
  if (first !== undefined)
    throw invalid(`The statement has parameters without a value: ${names(missing)}`, undefined, {
      hint: `Give each with --param, such as --param ${first}=….`,
    });
  const unknown = Object.keys(given).filter((name) => !wanted.has(name));
  if (unknown.length > 0 && !isSpare)
    throw invalid(`The statement has no such parameters: ${names(unknown)}`, undefined, {
      hint: wanted.size > 0 ? `It has: ${names([...wanted])}.` : 'A parameter stands in it as $name.',
    });
  return Object.fromEntries([...wanted].map((name) => [name, given[name]!]));
};

/** As DuckDB says it. */
const interrupted = (): Error => new Error('INTERRUPT Error: Interrupted!');

class SqlAsker implements Asker {
  readonly #analysis: Analysis;
  readonly #api: Awaited<ReturnType<Analysis['connect']>>['api'];
  readonly #connection: DuckDBConnection;
  readonly #options: AdmitOptions;

  constructor(
    analysis: Analysis,
    { api, connection }: Awaited<ReturnType<Analysis['connect']>>,
    options: AdmitOptions,
  ) {
    this.#analysis = analysis;
    this.#api = api;
    this.#connection = connection;
    this.#options = options;
  }

  async *ask({ text, params = {}, isSpare = false, signal }: SqlQuestion): AsyncIterable<Answer> {
    const stop = (): void => this.#connection.interrupt();
    signal?.addEventListener('abort', stop);
    try {
      if (signal?.aborted) throw interrupted();
      const wanted = await admit(this.#connection, text, this.#options);
      const result = await this.#start(text, paramsFor(wanted, params, isSpare));
      const columns = columnsOf(result);
      const convert = makePlain(this.#api);
      yield { columns, rows: [] };
      for await (const rows of result.yieldConvertedRows(convert)) {
        if (signal?.aborted) throw interrupted();
        yield { columns, rows };
      }
      // The rest of an answer that was interrupted may look like its end.
      if (signal?.aborted) throw interrupted();
    } catch (error) {
      throw toQueryError(error, text);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  close(): void {
    this.#connection.closeSync();
  }

  async #start(text: string, params: Record<string, string>) {
    try {
      return await this.#run(text, params);
    } catch (error) {
      // A file of the cache may be damaged, or gone with a tidying by another process.
      if (!isMaybeDamage(error) || this.#options.allowFiles || !(await this.#analysis.mend())) throw error;
      return this.#run(text, params);
    }
  }

  async #run(text: string, params: Record<string, string>) {
    const prepared = await this.#connection.prepare(text);
    const { SELECT, EXPLAIN } = this.#api.StatementType;
    if (prepared.statementType !== SELECT && !(prepared.statementType === EXPLAIN && isExplain(text)))
      throw refused('Only SELECT statements are admitted.');
    prepared.bind(params);
    return prepared.stream();
  }
}

/** Opens an analysis to statements that a person wrote. Nothing else can be asked of it any more; close both. */
export const openAsker = async (analysis: Analysis, options: AdmitOptions = {}): Promise<Asker> => {
  const connected = await analysis.connect();
  await lock(connected.connection, analysis, options);
  return new SqlAsker(analysis, connected, options);
};

export interface AskerWish extends AdmitOptions {
  all?: boolean;
  repo?: string[];
  warn(text: string): void;
  /** The first statement, where it is known already. */
  text?: string;
}

interface Opened {
  asker: Asker;
  hasTranscripts: boolean;
  close(): Promise<void>;
}

const open = async (ctx: AnalysisContext, wish: AskerWish, transcripts: boolean): Promise<Opened> => {
  const { all, repo, warn, allowFiles } = wish;
  const analysis = await openAnalysis(ctx, { all, repos: repo, transcripts });
  try {
    for (const warning of analysis.warnings) warn(warning);
    const asker = await openAsker(analysis, { allowFiles });
    const close = async (): Promise<void> => {
      asker.close();
      await analysis.close();
    };
    return { asker, hasTranscripts: transcripts, close };
  } catch (error) {
    await analysis.close();
    throw error;
  }
};

/**
 * Opens the tables of some repositories to the statements of a person, and closes them whatever happens. Transcripts
 * are read when the first statement speaks of them.
 */
export const withAsker = async <T>(
  ctx: AnalysisContext,
  wish: AskerWish,
  work: (asker: Pick<Asker, 'ask'>) => Promise<T>,
): Promise<T> => {
  let opened = await open(ctx, wish, mentionsTranscripts(wish.text ?? ''));
  const ask = async function* (question: SqlQuestion): AsyncIterable<Answer> {
    if (!opened.hasTranscripts && mentionsTranscripts(question.text)) {
      const more = await open(ctx, { ...wish, warn: () => {} }, true);
      await opened.close();
      opened = more;
    }
    yield* opened.asker.ask(question);
  };
  try {
    return await work({ ask });
  } finally {
    await opened.close();
  }
};
