import { linesOf, strip, words } from './python-text.ts';
import type { LogParser, Statuses } from './statuses.ts';

const PASSED = [' ... ok', ' ... OK', ' ...  OK'];

/** What a line says by its end; later rules win, as several can fit. */
const readEnd = (line: string, found: Statuses): void => {
  const suffix = PASSED.find((end) => line.endsWith(end));
  if (suffix !== undefined) {
    // A migration's progress and the test's name share a line.
    const isProgress = line.startsWith('Applying sites.0002_alter_domain_unique...test_no_migrations');
    const said = isProgress ? strip(line.slice(line.indexOf('...') + 3)) : line;
    found.set(said.endsWith(suffix) ? said.slice(0, -suffix.length) : said, 'PASSED');
  }
  const before = (mark: string): string => line.slice(0, line.indexOf(mark));
  if (line.includes(' ... skipped')) found.set(before(' ... skipped'), 'SKIPPED');
  if (line.endsWith(' ... FAIL')) found.set(before(' ... FAIL'), 'FAILED');
  if (line.startsWith('FAIL:')) found.set(words(line)[1] ?? '', 'FAILED');
  if (line.endsWith(' ... ERROR')) found.set(before(' ... ERROR'), 'ERROR');
  if (line.startsWith('ERROR:')) found.set(words(line)[1] ?? '', 'ERROR');
};

/** Django's own words may stand between a test's name and its `ok`, which is then on a line of its own. */
const INTERRUPTED = [
  /^(.*?)\s\.\.\.\sTesting against Django installed in [\s\S]{0,2000}? silenced\)\.\nok$/gm,
  /^(.*?)\s\.\.\.\sInternal Server Error: \/.*\/\nok$/gm,
  /^(.*?)\s\.\.\.\sSystem check identified no issues \(0 silenced\)\nok$/gm,
];

/** Django's runner, and Python's own with `-v`: `name (place) ... ok`. */
export const parseDjango: LogParser = (log) => {
  const found: Statuses = new Map();
  const lines = linesOf(log);
  let previous: string | undefined;
  for (const raw of lines) {
    const line = strip(raw);
    const version = '--version is equivalent to version';
    if (line.includes(version)) found.set(version, 'PASSED');
    if (line.includes(' ... ')) previous = line.slice(0, line.indexOf(' ... '));
    readEnd(line, found);
    if (line.startsWith('ok') && previous !== undefined) found.set(previous, 'PASSED');
  }
  const whole = lines.join('\n');
  for (const pattern of INTERRUPTED) for (const match of whole.matchAll(pattern)) found.set(match[1]!, 'PASSED');
  return found;
};

/** The same, and what Django's lists never have: failures that are expected, and passes that are not. */
export const parseUnittest: LogParser = (log) => {
  const found = parseDjango(log);
  for (const raw of linesOf(log)) {
    const line = strip(raw);
    for (const [end, status] of [
      [' ... expected failure', 'XFAIL'],
      [' ... unexpected success', 'FAILED'],
    ] as const)
      if (line.endsWith(end)) found.set(line.slice(0, -end.length), status);
  }
  return found;
};

/** `____ sympy/core/tests/test_x.py:test_y ____`: all between the first space and the last, when a place is in it. */
const headingName = (line: string): string | undefined => {
  const [first, last] = [line.indexOf(' '), line.lastIndexOf(' ')];
  const place = last < 4 ? -1 : line.lastIndexOf('.py:', last - 4);
  return first !== -1 && place > first ? line.slice(first + 1, last) : undefined;
};

/** SymPy's own runner: `test_name ok`, `F` or `E`; failures again below a line of underscores. */
export const parseSympy: LogParser = (log) => {
  const found: Statuses = new Map();
  const lines = linesOf(log);
  for (const line of lines) {
    const name = headingName(line);
    if (name !== undefined) found.set(name, 'FAILED');
  }
  for (const raw of lines) {
    const line = strip(raw);
    if (!line.startsWith('test_')) continue;
    const name = words(line)[0]!;
    if (line.endsWith(' E')) found.set(name, 'ERROR');
    if (line.endsWith(' F')) found.set(name, 'FAILED');
    if (line.endsWith(' ok')) found.set(name, 'PASSED');
  }
  return found;
};
