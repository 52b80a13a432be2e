import { linesOf, words } from './python-text.ts';
import { type LogParser, STATUSES } from './statuses.ts';

const startsWithStatus = (line: string): boolean => STATUSES.some((status) => line.startsWith(status));

/** `SKIPPED [3] path:12: why` counts tests and names none. */
const isCount = (status: string, name: string): boolean => status === 'SKIPPED' && /^\[\d+\]$/.test(name);

/**
 * The summary of `pytest -rA`: status, then the test's id up to its first space. That cut is official, and lists of
 * the data sets have such cut ids.
 */
const summary =
  (named: (id: string) => string, changed: (line: string) => string = (line) => line): LogParser =>
  (log) => {
    const found = new Map<string, string>();
    for (const raw of linesOf(log)) {
      const line = changed(raw);
      if (!startsWithStatus(line)) continue;
      const [status, id] = words(line.startsWith('FAILED') ? line.replaceAll(' - ', ' ') : line);
      if (status !== undefined && id !== undefined && !isCount(status, id)) found.set(named(id), status);
    }
    return found;
  };

export const parsePytest: LogParser = summary((id) => id);

/** A parameter that is a path shows its last part only: where the tests ran is nobody's business. */
const shortOption = (id: string): string => {
  const [open, close] = [id.indexOf('['), id.lastIndexOf(']')];
  if (open === -1 || close < open) return id;
  const [main, option] = [id.slice(0, open), id.slice(open + 1, close)];
  const isPath = option.startsWith('/') && !option.startsWith('//') && !option.includes('*');
  return `${main}[${isPath ? `/${option.slice(option.lastIndexOf('/') + 1)}` : option}]`;
};

export const parsePytestOptions: LogParser = summary(shortOption);

/** Mouse buttons are numbers in the lists, and names in newer Pythons. */
export const parseMatplotlib: LogParser = summary(
  (id) => id,
  (line) => line.replaceAll('MouseButton.LEFT', '1').replaceAll('MouseButton.RIGHT', '3'),
);

const plain = (line: string): string => line.replace(/\[\d+m/g, '').replace(/[\u0001-\u001f]/g, '');

/** Newer suites: ids keep their spaces, and old versions of pytest put the status behind. */
export const parsePytestV2: LogParser = (log) => {
  const found = new Map<string, string>();
  for (const raw of linesOf(log)) {
    const line = plain(raw);
    if (startsWithStatus(line)) {
      const [status, ...id] = words(line.startsWith('FAILED') ? line.split(' - ')[0]! : line);
      if (id.length > 0 && !isCount(status!, id[0]!)) found.set(id.join(' '), status!);
    } else if (STATUSES.some((status) => line.endsWith(status))) {
      const parts = words(line);
      if (parts.length > 1) found.set(parts.slice(0, -1).join(' '), parts.at(-1)!);
    }
  }
  return found;
};

export const parseSeaborn: LogParser = (log) => {
  const found = new Map<string, string>();
  for (const line of linesOf(log)) {
    const [first, second] = words(line);
    if (second === undefined) continue;
    if (line.startsWith('FAILED')) found.set(second, 'FAILED');
    else if (line.includes(' PASSED ')) {
      if (second === 'PASSED') found.set(first!, 'PASSED');
    } else if (line.startsWith('PASSED')) found.set(second, 'PASSED');
  }
  return found;
};
