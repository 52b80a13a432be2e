import { parserNamed } from './parsers/registry.ts';
import type { Statuses } from './parsers/statuses.ts';

/** What a test command showed, once. */
export interface Tried {
  exitCode: number | null;
  log: string;
}

/** A case that was tried out: by which tests it is told, or why it is none. */
export type Verified =
  | { ok: true; parser: string; failToPass: string[] | null; passToPass: string[] | null }
  | { ok: false; why: 'passes before' | 'fails after' };

/** Formats whose lines name tests; the first that names most of them is taken. */
const PARSERS = ['pytest', 'pytest_v2', 'unittest', 'gotest', 'cargo', 'tap', 'vitest', 'jest', 'mocha', 'karma'];

/** The parser that finds most tests in a log; null where none finds any. */
export const detectParser = (log: string): string | null => {
  let best: { name: string; found: number } | null = null;
  for (const name of PARSERS) {
    const found = parserNamed(name, [])(log).size;
    if (found > (best?.found ?? 0)) best = { name, found };
  }
  return best?.name ?? null;
};

const passing = (statuses: Statuses): Set<string> =>
  new Set([...statuses].filter(([, status]) => status === 'PASSED').map(([name]) => name));

/** Control characters, and names that are nothing but spaces, stand in no file. */
const isName = (name: string): boolean => name.trim() !== '' && !/[\0-\x1f\x7f]/.test(name);

/**
 * Whether a case fails without its solution and passes with it. By the names of its tests where the output tells them:
 * those that pass in both runs with the solution, so that neither a flaky test nor a name with a time in it counts.
 * Else by exit codes.
 * @param after two runs with the solution
 */
export const verify = (
  before: Tried,
  after: readonly [Tried, Tried],
  parser = detectParser(after[0].log),
): Verified => {
  if (parser !== null && parser !== 'exit') {
    const read = parserNamed(parser, []);
    const was = read(before.log);
    const [first, second] = [passing(read(after[0].log)), passing(read(after[1].log))];
    const stable = [...first].filter((name) => second.has(name) && isName(name));
    const failToPass = stable.filter((name) => was.get(name) !== 'PASSED');
    // A run that gave no results at all says nothing about which of the tests fail.
    if (failToPass.length > 0 && (was.size > 0 || before.exitCode !== 0)) {
      const passToPass = stable.filter((name) => was.get(name) === 'PASSED');
      return { ok: true, parser, failToPass, passToPass };
    }
  }
  if (before.exitCode === 0) return { ok: false, why: 'passes before' };
  if (after.some(({ exitCode }) => exitCode !== 0)) return { ok: false, why: 'fails after' };
  return { ok: true, parser: 'exit', failToPass: null, passToPass: null };
};
