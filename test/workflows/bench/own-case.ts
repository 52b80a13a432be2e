import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemClock } from '../../../src/clock.ts';
import { type GradedCase, type GradeWish, gradeCase } from '../../../src/workflows/bench/grade.ts';
import { git, tempDir } from '../../support/repo.ts';

/**
 * A case as SWE-bench has them, small and of `sh` alone: a calculator whose `sub` is wrong, a runner that prints as
 * `pytest -rA` does, the commit that mends it, and tests that came with it.
 */
const FILES: Record<string, string> = {
  'src/calc.sh': 'add() { echo $(($1 + $2)); }\nsub() { echo $(($2 - $1)); }\n',
  'run-tests.sh': `. ./src/calc.sh
bad=0
check() { if [ "$2" = "$3" ]; then echo "PASSED $1"; else echo "FAILED $1 - got $2, not $3"; bad=1; fi; }
for file in "$@"; do . "./$file"; done
exit $bad
`,
  'tests/add.test':
    'check tests/add.test::adds "$(add 1 2)" 3\ncheck "tests/add.test::adds[to nothing]" "$(add 0 0)" 0\n',
};

const MENDED = 'add() { echo $(($1 + $2)); }\nsub() { echo $(($1 - $2)); }\n';

const HIDDEN = 'check tests/sub.test::takes "$(sub 5 2)" 3\ncheck tests/sub.test::below "$(sub 2 5)" -3\n';

const put = (dir: string, path: string, text: string): void => {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
};

/** The row, and the repository that it is about: its history goes on behind the base, as real ones do. */
export interface OwnCase {
  dir: string;
  row: Record<string, unknown> & { base_commit: string; patch: string; test_patch: string };
}

const make = async (): Promise<OwnCase> => {
  const dir = tempDir('amp-own-');
  await git(dir, 'init', '-q', '-b', 'main');
  await git(dir, 'config', 'user.name', 'Test User');
  await git(dir, 'config', 'user.email', 'test@example.com');
  for (const [path, text] of Object.entries(FILES)) put(dir, path, text);
  await git(dir, 'add', '-A');
  await git(dir, 'commit', '-qm', 'a calculator');
  const base = await git(dir, 'rev-parse', 'HEAD');
  put(dir, 'src/calc.sh', MENDED);
  await git(dir, 'commit', '-qam', 'fix: the calculator');
  const mended = await git(dir, 'rev-parse', 'HEAD');
  put(dir, 'tests/sub.test', HIDDEN);
  put(dir, 'tests/add.test', `${FILES['tests/add.test']}check tests/add.test::more "$(add 2 2)" 4\n`);
  await git(dir, 'add', '-A');
  await git(dir, 'commit', '-qm', 'test: the calculator');
  const row = {
    instance_id: 'own__calc-1',
    repo: 'own/calc',
    base_commit: base,
    problem_statement: 'sub 5 2 gives -3 instead of 3.',
    hints_text: 'The operands are the wrong way round.',
    patch: `${await git(dir, 'diff', base, mended)}\n`,
    test_patch: `${await git(dir, 'diff', mended, 'HEAD')}\n`,
    version: '1.0',
    created_at: '2026-01-01T00:00:00Z',
    FAIL_TO_PASS: '["tests/sub.test::takes", "tests/sub.test::below"]',
    PASS_TO_PASS: ['tests/add.test::adds', 'tests/add.test::adds[to', 'tests/add.test::more'],
    log_parser: 'parse_log_pytest',
  };
  return { dir, row };
};

let own: Promise<OwnCase> | undefined;
/** Made once a test file: nobody changes it. */
export const ownCase = (): Promise<OwnCase> => {
  own ??= make();
  return own;
};

export const TEST = 'sh run-tests.sh {{tests}}';

/** The case as it is graded. */
export const gradedCase = async (over: Partial<GradedCase> = {}): Promise<GradedCase> => {
  const { row } = await ownCase();
  return {
    id: 'own__calc-1',
    commit: row.base_commit,
    testPatch: row.test_patch,
    test: TEST,
    setup: null,
    failToPass: ['tests/sub.test::takes', 'tests/sub.test::below'],
    passToPass: ['tests/add.test::adds', 'tests/add.test::more'],
    evalType: 'pass_and_fail',
    parser: 'pytest',
    timeoutSec: 60,
    ...over,
  };
};

let shared: string | undefined;
/** Grades a patch in the case, or in a case that is a little other. */
export const grade = async (patch: string | Buffer, over: Partial<GradedCase> = {}, wish: Partial<GradeWish> = {}) => {
  const { dir } = await ownCase();
  const place = tempDir('amp-grade-');
  shared ??= join(tempDir('amp-seeds-'), 'seeds');
  const graded = await gradeCase({
    case: await gradedCase(over),
    patch: Buffer.from(patch as string),
    from: dir,
    work: join(place, 'work'),
    seeds: shared,
    env: process.env,
    clock: systemClock,
    ...wish,
  });
  return { ...graded, place };
};

/** A patch that makes a file of the base, or a new one, another. */
export const patchTo = async (files: Record<string, string | null>): Promise<string> => {
  const { dir, row } = await ownCase();
  const copy = join(tempDir('amp-patch-to-'), 'copy');
  await git(dir, 'worktree', 'add', '-q', '--detach', copy, row.base_commit);
  for (const [path, text] of Object.entries(files)) {
    if (text === null) await git(copy, 'rm', '-q', path);
    else put(copy, path, text);
  }
  await git(copy, 'add', '-A');
  const patch = await git(copy, 'diff', '--cached', '--binary', '--no-renames', row.base_commit);
  await git(dir, 'worktree', 'remove', '--force', copy);
  return patch === '' ? '' : `${patch}\n`;
};
