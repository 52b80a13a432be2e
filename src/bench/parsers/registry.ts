import { AppError } from '../../errors.ts';
import {
  parseCargo,
  parseGo,
  parseJest,
  parseJestJson,
  parseKarma,
  parseMocha,
  parseTap,
  parseVitest,
} from './line-parsers.ts';
import { parseMatplotlib, parsePytest, parsePytestOptions, parsePytestV2, parseSeaborn } from './pytest.ts';
import type { LogParser } from './statuses.ts';
import { parseDjango, parseSympy, parseUnittest } from './unittest.ts';

/** By the official names without `parse_log_`; `mocha` and `unittest` are ours. */
const PARSERS: Record<string, LogParser> = {
  pytest: parsePytest,
  pytest_options: parsePytestOptions,
  pytest_v2: parsePytestV2,
  django: parseDjango,
  sympy: parseSympy,
  seaborn: parseSeaborn,
  matplotlib: parseMatplotlib,
  astroid: parsePytest,
  flask: parsePytest,
  marshmallow: parsePytest,
  pvlib: parsePytest,
  pyvista: parsePytest,
  sqlfluff: parsePytest,
  xarray: parsePytest,
  pydicom: parsePytestOptions,
  requests: parsePytestOptions,
  pylint: parsePytestOptions,
  astropy: parsePytestV2,
  scikit: parsePytestV2,
  sphinx: parsePytestV2,
  unittest: parseUnittest,
  mocha: parseMocha,
  jest: parseJest,
  jest_json: parseJestJson,
  vitest: parseVitest,
  karma: parseKarma,
  tap: parseTap,
  gotest: parseGo,
  cargo: parseCargo,
};

/** Rows without `log_parser` are of the first data sets, where the repository says it. */
const OF_REPOSITORY: Record<string, string> = {
  'astropy/astropy': 'astropy',
  'django/django': 'django',
  'marshmallow-code/marshmallow': 'marshmallow',
  'matplotlib/matplotlib': 'matplotlib',
  'mwaskom/seaborn': 'seaborn',
  'pallets/flask': 'flask',
  'psf/requests': 'requests',
  'pvlib/pvlib-python': 'pvlib',
  'pydata/xarray': 'xarray',
  'pydicom/pydicom': 'pydicom',
  'pylint-dev/astroid': 'astroid',
  'pylint-dev/pylint': 'pylint',
  'pytest-dev/pytest': 'pytest',
  'pyvista/pyvista': 'pyvista',
  'scikit-learn/scikit-learn': 'scikit',
  'sqlfluff/sqlfluff': 'sqlfluff',
  'sphinx-doc/sphinx': 'sphinx',
  'sympy/sympy': 'sympy',
};

/** What `auto` tries, most telling first: of parsers that know equally many tests the first counts. */
const GENERIC = ['pytest', 'pytest_v2', 'unittest', 'gotest', 'cargo', 'tap', 'vitest', 'jest', 'mocha', 'karma'];

/** Names that a suite or `--parser` may use. */
export const parserNames = (): string[] => ['auto', 'exit', ...Object.keys(PARSERS)];

const plainName = (name: string): string => name.replace(/^parse_log_/, '');

/** Whether tests of a row with this `log_parser` can be told apart here. */
export const isParserKnown = (name: string): boolean => parserNames().includes(plainName(name));

/**
 * The parser that a row asks for.
 * @returns `auto` where neither the row nor its repository says
 */
export const parserOfRow = (row: { logParser: string | null; repo: string }): string =>
  plainName(row.logParser ?? OF_REPOSITORY[row.repo] ?? 'auto');

/** The parser under which most of the tests that count are found. */
const auto =
  (tests: readonly string[]): LogParser =>
  (log) => {
    let best = PARSERS[GENERIC[0]!]!(log);
    let most = -1;
    for (const name of GENERIC) {
      const found = PARSERS[name]!(log);
      const known = tests.filter((test) => found.has(test)).length;
      if (known > most) [best, most] = [found, known];
    }
    return best;
  };

/**
 * A parser by its name, ours or the official one.
 * @param tests those that count: `auto` looks for them
 * @throws AppError parser.unknown
 */
export const parserNamed = (name: string, tests: readonly string[]): LogParser => {
  const plain = plainName(name);
  if (plain === 'auto') return auto(tests);
  const parser = Object.hasOwn(PARSERS, plain) ? PARSERS[plain] : undefined;
  if (parser) return parser;
  throw new AppError('parser.unknown', `There is no log parser \`${name}\` here.`, {
    hint: `Choose one of ${parserNames().join(', ')}, or grade preds.jsonl with \`swebench eval\`.`,
  });
};
