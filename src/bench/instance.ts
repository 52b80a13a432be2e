/** How a case is graded: by what passes and fails, or (suites that name failures only) by what does not fail. */
export type EvalType = 'pass_and_fail' | 'fail_only';

/** One row of a SWE-bench data set, in our spelling. What is null was not in the row. */
export interface Instance {
  /** `instance_id`: unique in its file, and fit to name a folder. */
  id: string;
  /** `owner/name`. */
  repo: string;
  /** Whole object id. */
  baseCommit: string;
  /** What the agent is told. */
  problem: string;
  /** Reference solution: nobody but the agent `gold` sees it. */
  patch: string | null;
  /** Tests that are held back until grading. */
  testPatch: string | null;
  hints: string | null;
  failToPass: string[] | null;
  passToPass: string[] | null;
  createdAt: string | null;
  version: string | null;
  environmentSetupCommit: string | null;
  image: string | null;
  evalScript: string | null;
  /** Name of an official log parser, such as `parse_log_pytest`. */
  logParser: string | null;
  evalType: EvalType;
}

/** What is wrong with a row: the key (null: the row itself), and a sentence that goes on after the key's name. */
export interface RowProblem {
  key: string | null;
  says: string;
}

/** Suites whose official parsers tell of failures only; newer rows say so themselves (`eval_type`). */
const FAIL_ONLY = new Set([
  'chartjs/Chart.js',
  'processing/p5.js',
  'markedjs/marked',
  'bpmn-io/bpmn-js',
  'openlayers/openlayers',
  'eslint/eslint',
]);

type Row = Record<string, unknown>;

/** Reads the fields of one row and remembers what is wrong with them. */
class RowReader {
  readonly problems: RowProblem[] = [];
  readonly #row: Row;

  constructor(row: Row) {
    this.#row = row;
  }

  #wrong(key: string, says: string): void {
    this.problems.push({ key, says });
  }

  text(key: string): string | null {
    const value = this.#row[key];
    if (value === undefined || value === null) return null;
    if (typeof value === 'string') return value;
    this.#wrong(key, 'must be text');
    return null;
  }

  /** Numbers too: some files have `version: 8.0`. */
  word(key: string): string | null {
    const value = this.#row[key];
    return typeof value === 'number' ? String(value) : this.text(key);
  }

  needed(key: string, fits: RegExp, wanted: string): string {
    const value = this.#row[key];
    if (value === undefined || value === null) this.#wrong(key, 'is missing');
    else if (typeof value !== 'string' || !fits.test(value)) this.#wrong(key, `must be ${wanted}`);
    else return value;
    return '';
  }

  /** A list of names, or such a list as JSON text: both spellings are about. */
  names(key: string): string[] | null {
    const value = this.#row[key];
    if (value === undefined || value === null || value === '') return null;
    const list = typeof value === 'string' ? parsed(value) : value;
    if (Array.isArray(list) && list.every((name) => typeof name === 'string')) return list;
    this.#wrong(key, 'must be a list of test names, or such a list as JSON text');
    return null;
  }

  evalType(repo: string): EvalType {
    const value = this.#row['eval_type'];
    if (value === 'pass_and_fail' || value === 'fail_only') return value;
    if (value !== undefined && value !== null && value !== '')
      this.#wrong('eval_type', 'must be `pass_and_fail` or `fail_only`');
    return FAIL_ONLY.has(repo) ? 'fail_only' : 'pass_and_fail';
  }
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * One row of a data set. Keys that are not known are passed over, as new ones come with each release.
 * Source: SWE-bench/SWE-bench, `swebench/types.py` and the data sets' own columns.
 */
export const readRow = (value: unknown): { instance: Instance } | { problems: RowProblem[] } => {
  if (!isRow(value)) return { problems: [{ key: null, says: 'A row must be an object.' }] };
  const row = new RowReader(value);
  const repo = row.needed('repo', /^[^\s/]+\/[^\s/]+$/, '`owner/name`');
  const instance: Instance = {
    id: row.needed('instance_id', /^[A-Za-z0-9_][\w.+-]{0,199}$/, 'a name of letters, digits, `_`, `-`, `.` and `+`'),
    repo,
    baseCommit: row.needed('base_commit', /^([0-9a-f]{40}|[0-9a-f]{64})$/, 'a whole commit id'),
    problem: row.needed('problem_statement', /\S/, 'text'),
    patch: row.text('patch'),
    testPatch: row.text('test_patch'),
    hints: row.text('hints_text'),
    failToPass: row.names('FAIL_TO_PASS'),
    passToPass: row.names('PASS_TO_PASS'),
    createdAt: row.word('created_at'),
    version: row.word('version'),
    environmentSetupCommit: row.text('environment_setup_commit'),
    image: row.text('image'),
    evalScript: row.text('eval_script'),
    logParser: row.text('log_parser') || null,
    evalType: row.evalType(repo),
  };
  return row.problems.length > 0 ? { problems: row.problems } : { instance };
};
