import { linesOf, pattern, strip, withoutColour } from './python-text.ts';
import type { LogParser, TestStatus } from './statuses.ts';

/** Where one line says all: a pattern with the groups `mark` and `name`, and what each mark means. */
const byLine =
  (line: RegExp, marks: Record<string, TestStatus>): LogParser =>
  (log) => {
    const found = new Map<string, string>();
    const fits = pattern(line);
    for (const text of linesOf(log)) {
      const groups = fits.exec(strip(text))?.groups;
      const status = groups && marks[groups['mark']!];
      if (status) found.set(groups['name']!, status);
    }
    return found;
  };

/** `go test -v`; tests below tests are indented. What cannot fit is seen at its end, before anything is tried. */
export const parseGo = byLine(/^(?=.*\)$)--- (?<mark>PASS|FAIL|SKIP): (?<name>.+) \(.+\)$/, {
  PASS: 'PASSED',
  FAIL: 'FAILED',
  SKIP: 'SKIPPED',
});

/** `cargo test` */
export const parseCargo = byLine(/^test\s+(?<name>\S+)\s+\.\.\.\s+(?<mark>\w+)$/, { ok: 'PASSED', FAILED: 'FAILED' });

/** TAP: the name is all that follows the number, directives and a leading dash included. */
export const parseTap = byLine(/^(?<mark>ok|not ok) \d+ (?<name>.+)$/, { ok: 'PASSED', 'not ok': 'FAILED' });

/** `jest --verbose`; tests of one name in several groups are one. */
const jest = byLine(/^(?<mark>[✓✕○])\s(?<name>.+?)(?:\s\(\d+\s*m?s\))?$/u, {
  '✓': 'PASSED',
  '✕': 'FAILED',
  '○': 'SKIPPED',
});
export const parseJest: LogParser = (log) => {
  const found = new Map<string, string>();
  for (const [name, status] of jest(log)) found.set(strip(name), status);
  return found;
};

/** `[PASSED] full name`, as the official harness has `jest --json` printed. */
export const parseJestJson = byLine(/^\[(?<mark>PASSED|FAILED)\]\s(?<name>.+)$/, {
  PASSED: 'PASSED',
  FAILED: 'FAILED',
});

/** `vitest --reporter=verbose` */
export const parseVitest = byLine(/^(?<mark>[✓×↓])\s(?<name>.+?)(?:\s(?:\d+\s*m?s?|\[skipped\]))?$/u, {
  '✓': 'PASSED',
  '×': 'FAILED',
  '↓': 'SKIPPED',
});

const MOCHA_TEST = /^(?<indent>\s*)(?:(?<mark>[✓✔√-])|(?<failed>\d+\))) (?<name>.+?)(?: \(\d+m?s\))?$/u;

/** A group's heading on the way to a test: how far it is indented, and its words. */
interface Heading {
  indent: number;
  name: string;
}

/** Mocha's `spec` reporter: groups by indentation, names joined with ` > `. The summary and all below it is passed over. */
export const parseMocha: LogParser = (log) => {
  const found = new Map<string, string>();
  const groups: Heading[] = [];
  for (const raw of linesOf(withoutColour(log))) {
    if (/^\s*\d+ (passing|failing)\b/.test(raw)) break;
    if (raw.trim() === '') continue;
    const indent = raw.length - raw.trimStart().length;
    while (groups.length > 0 && groups.at(-1)!.indent >= indent) groups.pop();
    const test = MOCHA_TEST.exec(raw)?.groups;
    if (!test) {
      if (indent > 0) groups.push({ indent, name: raw.trim() });
      continue;
    }
    const name = [...groups.map((group) => group.name), test['name']!].join(' > ');
    found.set(name, test['failed'] !== undefined ? 'FAILED' : test['mark'] === '-' ? 'SKIPPED' : 'PASSED');
  }
  return found;
};

const KARMA_LINE = pattern(/^(\s*)?([✔✖])?\s(.*)$/u);

/** Karma's `spec` reporter, between the browser's start and the summary. */
export const parseKarma: LogParser = (log) => {
  const found = new Map<string, string>();
  const groups: string[] = [];
  let deepest = -1;
  let hasStarted = false;
  for (const line of linesOf(log)) {
    if (line.startsWith('SUMMARY:')) break;
    if (line.includes('Starting browser')) hasStarted = true;
    else if (hasStarted) {
      const [, indent = '', mark, name = ''] = KARMA_LINE.exec(line) ?? [];
      if (mark) found.set([...groups, name].join(' > '), mark === '✔' ? 'PASSED' : 'FAILED');
      else if (indent.length > 0 && indent.length > deepest) groups.push(name);
      else if (indent.length > 0 && indent.length < deepest) groups.pop();
      if (!mark && indent.length > 0) deepest = indent.length;
    }
  }
  return found;
};
