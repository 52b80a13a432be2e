import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { detectParser, verify } from '../../../src/bench/verified.ts';
import { isAppError } from '../../../src/errors.ts';
import { type HistoryWish, suiteFromHistory } from '../../../src/workflows/bench/from-history.ts';
import { readBench } from '../../../src/workflows/bench/read-bench.ts';
import { InterruptSwitch } from '../../../src/workflows/interrupts.ts';
import { git, tempDir } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';

const RUNNER =
  'n=0; for t in test/*.sh; do n=$((n+1)); if sh "$t"; then echo "ok $n $t"; else echo "not ok $n $t"; bad=1; fi; done; exit $bad\n';

const write = (dir: string, files: Record<string, string>): void => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
};

const commit = async (dir: string, message: string, files: Record<string, string>): Promise<string> => {
  write(dir, files);
  await git(dir, 'add', '-A');
  await git(dir, 'commit', '-q', '-m', message);
  return git(dir, 'rev-parse', 'HEAD');
};

/** A past with every kind of commit. */
const past = async () => {
  const dir = tempDir('amp-past-');
  await git(dir, 'init', '-q', '-b', 'main');
  await git(dir, 'config', 'user.name', 'Test User');
  await git(dir, 'config', 'user.email', 'test@example.com');
  const first = await commit(dir, 'A calculator', {
    'run.sh': RUNNER,
    'add.sh': 'echo $(($1 + $2))\n',
    'test/add.sh': '[ "$(sh add.sh 1 2)" = 3 ]\n',
  });
  const sub = await commit(
    dir,
    'Subtract two numbers (#3)\n\nThe second from the first.\n\nSigned-off-by: A <a@example.com>',
    {
      'sub.sh': 'echo $(($1 - $2))\n',
      'test/sub.sh': '[ "$(sh sub.sh 3 2)" = 1 ]\n',
    },
  );
  const plain = await commit(dir, 'Explain what it is', { 'README.md': 'A calculator.\n' });
  const tests = await commit(dir, 'One more test of the sum', { 'test/more.sh': '[ "$(sh add.sh 2 2)" = 4 ]\n' });
  const idle = await commit(dir, 'Rename a variable, and test it', {
    'add.sh': 'echo $(($1 + $2)) # sum\n',
    'test/same.sh': '[ "$(sh add.sh 3 3)" = 6 ]\n',
  });
  const broken = await commit(dir, 'Multiply, but wrongly', {
    'mul.sh': 'echo $(($1 + $2))\n',
    'test/mul.sh': '[ "$(sh mul.sh 3 4)" = 12 ]\n',
  });
  const terse = await commit(dir, 'wip', {
    'mul.sh': 'echo $(($1 * $2))\n',
    'test/mul.sh': '[ "$(sh mul.sh 3 4)" = 12 ]\n\n',
  });
  await git(dir, 'checkout', '-q', '-b', 'divide');
  await commit(dir, 'Divide two numbers', {
    'div.sh': 'echo $(($1 / $2))\n',
    'test/div.sh': '[ "$(sh div.sh 6 3)" = 2 ]\n',
  });
  await git(dir, 'checkout', '-q', 'main');
  await git(dir, 'merge', '-q', '--no-ff', '-m', "Merge branch 'divide'", 'divide');
  const merge = await git(dir, 'rev-parse', 'HEAD');
  return { dir, first, sub, plain, tests, idle, broken, terse, merge };
};

let world: Awaited<ReturnType<typeof past>>;
beforeAll(async () => {
  world = await past();
});

const make = async (over: Partial<HistoryWish> = {}) => {
  const ctx = await contextIn(world.dir);
  const work = join(tempDir('amp-work-'), 'work');
  const wish: HistoryWish = {
    out: join(tempDir('amp-out-'), 'suite'),
    name: 'calc',
    test: 'sh run.sh',
    setup: null,
    branch: null,
    tests: [],
    limit: 10,
    scan: 100,
    testTimeoutSec: 30,
    concurrency: 2,
    work,
    dryRun: false,
    interrupts: new InterruptSwitch(),
    ...over,
  };
  return { ...(await suiteFromHistory(ctx, wish)), wish };
};

describe('a suite of one’s own past', () => {
  let made: Awaited<ReturnType<typeof make>>;
  beforeAll(async () => {
    made = await make();
  });

  it('has the commits that changed tests and more, fail before and pass after, and says why not of the rest', () => {
    const why = new Map(made.looked.map((one) => [one.commit, one.case === null ? one.why : 'case']));
    const { first, sub, plain, tests, idle, broken, terse, merge } = world;
    expect([first, sub, plain, tests, idle, broken, terse, merge].map((id) => why.get(id))).toEqual([
      'has no parent',
      'case',
      'touches no tests',
      'touches tests only',
      'passes before',
      'fails after',
      'says too little',
      'case',
    ]);
    expect(made.cases.map(({ id }) => id)).toEqual([
      `divide-two-numbers-${world.merge.slice(0, 8)}`,
      `subtract-two-numbers-${world.sub.slice(0, 8)}`,
    ]);
  });

  it('begins at the commit before, and is told by the message and by the tests that change', () => {
    const [divide, subtract] = made.cases;
    expect(divide).toMatchObject({ commit: world.terse, prompt: 'Divide two numbers', failToPass: ['test/div.sh'] });
    expect(subtract).toMatchObject({
      commit: world.first,
      prompt: 'Subtract two numbers\n\nThe second from the first.',
      parser: 'tap',
      failToPass: ['test/sub.sh'],
      passToPass: ['test/add.sh'],
    });
  });

  it('holds the tests out of the solution, and the solution out of the tests', () => {
    const patch = (name: string): string[] =>
      [...readFileSync(join(made.wish.out, made.cases[1]!.id, name), 'utf8').matchAll(/^\+\+\+ b\/(.*)$/gm)].map(
        ([, file]) => file!,
      );
    expect([patch('tests.patch'), patch('solution.patch')]).toEqual([['test/sub.sh'], ['sub.sh']]);
  });

  it('can be read as a suite, from where it lies', async () => {
    const bench = await readBench({ file: made.suite!, repos: new Map(), env: process.env });
    expect(bench.cases.map(({ id, commit, from }) => [id, commit, from])).toEqual(
      made.cases.map(({ id, commit }) => [id, commit, world.dir]),
    );
    expect(bench.cases[1]!.solution).toContain('sub.sh');
  });

  it('leaves nothing behind but the suite', async () => {
    expect(existsSync(made.wish.work)).toBe(false);
    expect(await git(world.dir, 'status', '--porcelain')).toBe('');
    expect(await git(world.dir, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/divide\nrefs/heads/main');
  });

  it('is not written over another one', async () => {
    const error = await make({ out: made.wish.out }).catch((thrown: unknown) => thrown);
    expect(isAppError(error, 'file.exists')).toBe(true);
  });
});

describe('what is looked at', () => {
  it('as many as wanted, newest first', async () => {
    const { cases } = await make({ limit: 1, concurrency: 1 });
    expect(cases.map(({ commit }) => commit)).toEqual([world.terse]);
  });

  it('a dry run tries out nothing, and writes nothing', async () => {
    const { looked, suite, wish } = await make({ dryRun: true, test: 'exit 1' });
    expect(looked.filter((one) => one.case !== null)).toHaveLength(4);
    expect([suite, existsSync(wish.out)]).toEqual([null, false]);
  });

  it('where no test can be run, that is said, with what the machine said', async () => {
    const error = await make({ setup: 'echo no such tool >&2; exit 1', scan: 1 }).catch((thrown: unknown) => thrown);
    expect(isAppError(error, 'case.missing') && error.hint).toMatch(
      /^Of [0-9a-f]{10}: The set-up command failed: no such tool\. Give --setup/,
    );
  });

  it('where nothing counts as a test, another way is told', async () => {
    const error = await make({ tests: ['checks/**'] }).catch((thrown: unknown) => thrown);
    expect(isAppError(error, 'case.missing') && error.hint).toContain('--tests');
  });

  it('once interrupted it ends', async () => {
    const interrupts = new InterruptSwitch();
    const { cases, interrupted } = await make({ interrupts, onCommit: () => interrupts.stop() });
    expect([cases, interrupted]).toEqual([[], true]);
  });
});

describe('a case is verified by names where there are some', () => {
  const tap = (lines: string): string =>
    lines
      .split(';')
      .map((line, at) => line.replace(' - ', ` ${at + 1} `))
      .join('\n');
  const ran = (log: string, exitCode = 0) => ({ log: tap(log), exitCode });

  it.each<[string, Parameters<typeof verify>, ReturnType<typeof verify>]>([
    [
      'a test that is mended',
      [ran('ok - a;not ok - b', 1), [ran('ok - a;ok - b'), ran('ok - a;ok - b')]],
      { ok: true, parser: 'tap', failToPass: ['b'], passToPass: ['a'] },
    ],
    [
      'a test that was not there',
      [ran('ok - a'), [ran('ok - a;ok - b'), ran('ok - a;ok - b')]],
      { ok: true, parser: 'tap', failToPass: ['b'], passToPass: ['a'] },
    ],
    [
      'a flaky test counts neither way',
      [ran('ok - a;not ok - b', 1), [ran('ok - a;ok - b;ok - c'), ran('ok - a;ok - b;not ok - c', 1)]],
      { ok: true, parser: 'tap', failToPass: ['b'], passToPass: ['a'] },
    ],
    [
      'others may fail all along',
      [ran('not ok - z;not ok - b', 1), [ran('not ok - z;ok - b', 1), ran('not ok - z;ok - b', 1)]],
      { ok: true, parser: 'tap', failToPass: ['b'], passToPass: [] },
    ],
    ['nothing changes', [ran('ok - a'), [ran('ok - a'), ran('ok - a')]], { ok: false, why: 'passes before' }],
    [
      'it still fails',
      [ran('not ok - a', 1), [ran('not ok - a', 1), ran('not ok - a', 1)]],
      { ok: false, why: 'fails after' },
    ],
    [
      'no names: exit codes',
      [ran('bad', 1), [ran('good'), ran('good')]],
      { ok: true, parser: 'exit', failToPass: null, passToPass: null },
    ],
    ['no names, and once it failed', [ran('bad', 1), [ran('good'), ran('bad', 1)]], { ok: false, why: 'fails after' }],
  ])('%s', (_, [before, after], verdict) => expect(verify(before, after)).toEqual(verdict));

  it.each([
    ['ok 1 - adds\nnot ok 2 - subtracts\n', 'tap'],
    ['PASSED test_a.py::test_x\nFAILED test_a.py::test_y - boom\n', 'pytest'],
    ['test_x (tests.T) ... ok\ntest_y (tests.T) ... FAIL\n', 'unittest'],
    ['--- PASS: TestAdd (0.00s)\n--- FAIL: TestSub (0.00s)\n', 'gotest'],
    ['nothing of the kind\n', null],
  ])('the parser of %j is %s', (log, name) => expect(detectParser(log)).toBe(name));
});
