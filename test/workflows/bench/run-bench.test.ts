import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { NamedAgent } from '../../../src/bench/contenders.ts';
import { type ErrorCode, isAppError } from '../../../src/errors.ts';
import { readBatch } from '../../../src/workflows/batch/home.ts';
import { runBatch } from '../../../src/workflows/batch/run.ts';
import { silentView } from '../../../src/workflows/batch/view.ts';
import { patchFile } from '../../../src/workflows/bench/find-patch.ts';
import { readBench } from '../../../src/workflows/bench/read-bench.ts';
import { type BenchRunWish, runBench } from '../../../src/workflows/bench/run-bench.ts';
import { InterruptSwitch } from '../../../src/workflows/interrupts.ts';
import { git, tempDir } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';

const SECRET = 'what-nobody-may-know';

const write = (dir: string, files: Record<string, string>): void => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
};

/** A repository with a future, and a suite of two cases that begin before it. */
const scene = async ({ only }: { only?: 'sub' } = {}) => {
  const dir = tempDir('amp-bench-');
  const repo = join(dir, 'calc');
  write(repo, { 'add.sh': 'echo $(($1 + $2))\n', 'README.md': 'A calculator.\n' });
  await git(repo, 'init', '-q', '-b', 'main');
  await git(repo, 'config', 'user.name', 'Test User');
  await git(repo, 'config', 'user.email', 'test@example.com');
  await git(repo, 'add', '-A');
  await git(repo, 'commit', '-q', '-m', 'A calculator');
  const base = await git(repo, 'rev-parse', 'HEAD');
  const patches: Record<string, string> = {};
  for (const [name, sign] of Object.entries({ sub: '-', mul: '*' })) {
    write(repo, { [`${name}.sh`]: `echo $(($1 ${sign} $2)) # ${SECRET}\n` });
    await git(repo, 'add', '-A');
    patches[`${name}/solution.patch`] = `${await git(repo, 'diff', '--cached', '--binary')}\n`;
    await git(repo, 'commit', '-q', '-m', `${name}: ${SECRET}`);
    const [left, right, result] = name === 'sub' ? [5, 3, 2] : [5, 3, 15];
    write(repo, { [`test/${name}.sh`]: `# ${SECRET}\n[ "$(sh ${name}.sh ${left} ${right})" = ${result} ]\n` });
    await git(repo, 'add', '-A');
    patches[`${name}/tests.patch`] = `${await git(repo, 'diff', '--cached', '--binary')}\n`;
    await git(repo, 'commit', '-q', '-m', `test ${name}: ${SECRET}`);
  }
  const one = (name: string, more = ''): string =>
    `  - { id: ${name}, prompt: "Write ${name}.sh", test: sh test/${name}.sh, hiddenPatch: ${name}/tests.patch, solution: ${name}/solution.patch${more} }\n`;
  const head = `suite: calc\ndefaults: { repo: ./calc, commit: ${base} }\ncases:\n`;
  write(dir, { ...patches, 'suite.yaml': head + one('sub') + (only ? '' : one('mul')) });
  return { dir, repo, base, one };
};

type World = Awaited<ReturnType<typeof scene>>;

const run = async ({ dir, repo }: World, agents: (string | NamedAgent)[], over: Partial<BenchRunWish> = {}) => {
  const home = await contextIn(repo);
  const bench = await readBench({ file: join(dir, 'suite.yaml'), repos: new Map(), env: process.env });
  const said: string[] = [];
  const done = await runBench(home, {
    bench,
    agents: agents.map((agent) => (typeof agent === 'string' ? { agent } : agent)),
    models: [],
    work: join(dir, 'work'),
    interrupts: new InterruptSwitch(),
    view: { ...silentView, line: (text) => said.push(text) },
    ...over,
  });
  return { ...done, home, said };
};

/** An agent that is a shell script, with the world's folder as `$DIR`. */
const program = (world: World, name: string, script: string): NamedAgent => {
  write(world.dir, { [`agents/${name}.sh`]: `cat > /dev/null\nDIR='${world.dir}'\n${script}` });
  return { agent: `command:sh '${join(world.dir, 'agents', `${name}.sh`)}'`, name };
};

const codeOf = async (work: Promise<unknown>): Promise<ErrorCode | undefined> => {
  const error = await work.catch((thrown: unknown) => thrown);
  return isAppError(error) ? error.code : undefined;
};

describe('the harness is checked by two agents that are none', () => {
  let world: World;
  let done: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => {
    world = await scene();
    done = await run(world, ['gold', 'empty'], { concurrency: 2 });
  });

  it('gold resolves every case, empty none', () => {
    const { agents, total, resolved, graded } = done.results;
    expect({ total, resolved, graded }).toEqual({ total: 4, resolved: 2, graded: 4 });
    expect(agents.map(({ name, passAt1, passAt1Strict }) => [name, passAt1?.value, passAt1Strict?.value])).toEqual([
      ['gold', 1, 1],
      ['empty', 0, 0],
    ]);
    expect(done.results.pairs[0]).toMatchObject({ cases: 2, onlyA: 2, onlyB: 0, difference: 1, p: 0.5 });
  });

  it('what each made is kept: the solution, and nothing', () => {
    const patches = done.results.runs.map((one) => [
      one.case,
      one.agent,
      readFileSync(patchFile(done.work, one.item), 'utf8'),
    ]);
    for (const [name, agent, patch] of patches)
      if (agent === 'gold') expect(patch).toContain(`diff --git a/${name}.sh b/${name}.sh`);
      else expect(patch).toBe('');
  });

  it('every run is a session in a repository of its own, which the log names', async () => {
    const batch = await readBatch(await contextIn(world.repo), done.id);
    const places = batch.items.map(({ attempts }) => attempts[0]!.repository);
    expect(new Set(places).size).toBe(4);
    for (const place of places) {
      expect(dirname(place)).toBe(done.work);
      const log = await git(place, 'log', '--all', '--format=%s');
      expect(log.split('\n').filter((line) => line.startsWith('sub') || line.startsWith('mul'))).toEqual([]);
    }
    expect(batch.options.kind).toBe('bench');
  });

  it('nothing else is left: no checkout of grading, no process in the user’s repository', async () => {
    expect(readdirSync(done.work).filter((name) => !/^(\d{3}\.1|\d{3}\.patch|seeds|grading)$/.test(name))).toEqual([]);
    expect(existsSync(join(done.work, 'grading')) ? readdirSync(join(done.work, 'grading')) : []).toEqual([]);
    expect(await git(world.repo, 'status', '--porcelain')).toBe('');
  });

  it('going on with a run that is done changes nothing', async () => {
    const again = await run(world, [], { resume: done.id });
    expect(again.results).toEqual(done.results);
  });

  it('a suite that has changed is another benchmark', async () => {
    const suite = join(world.dir, 'suite.yaml');
    const text = readFileSync(suite, 'utf8');
    writeFileSync(suite, `${text}# another\n`);
    expect(await codeOf(run(world, [], { resume: done.id }))).toBe('suite.changed');
    writeFileSync(suite, text);
  });
});

describe('what agents are', () => {
  it('one that works, one that does now and then, one that fails, one that is too slow: each is told as what it is', async () => {
    const world = await scene({ only: 'sub' });
    const suite = join(world.dir, 'suite.yaml');
    writeFileSync(suite, readFileSync(suite, 'utf8').replace('defaults: {', 'defaults: { timeoutSec: 2,'));
    const agents = [
      program(world, 'good', "echo 'echo $(($1 - $2))' > sub.sh; echo 'echo $(($1 * $2))' > mul.sh\n"),
      program(
        world,
        'moody',
        'n=$(cat "$DIR/n" 2>/dev/null || echo 0); echo $((n + 1)) > "$DIR/n"\n[ $n -gt 0 ] || echo \'echo $(($1 - $2))\' > sub.sh\necho \'echo 15\' > mul.sh\n',
      ),
      program(world, 'failing', 'exit 3\n'),
      program(world, 'slow', 'sleep 60\n'),
    ];
    const { results } = await run(world, agents, { repeats: 2, concurrency: 4 });
    const counts = Object.fromEntries(results.agents.map(({ name, counts: of }) => [name, of]));
    expect(counts['good']).toMatchObject({ resolved: 2, unresolved: 0 });
    expect(counts['failing']).toMatchObject({ resolved: 0, unresolved: 0, 'agent-failed': 2 });
    expect(counts['slow']).toMatchObject({ resolved: 0, unresolved: 0, timeout: 2 });
    const strict = Object.fromEntries(
      results.agents.map((one) => [one.name, [one.passAt1?.value, one.passAt1Strict?.value]]),
    );
    expect([strict['good'], strict['failing'], strict['slow']]).toEqual([
      [1, 1],
      [undefined, 0],
      [undefined, 0],
    ]);
    expect(counts['moody']).toMatchObject({ resolved: 1, unresolved: 1 });
    expect(results.flaky).toEqual([{ case: 'sub', agent: 'moody', resolved: 1, graded: 2 }]);
    expect(results.graded).toBe(4);
  });

  it('sees neither the future nor the tests, and what it does to those files does not count', async () => {
    const world = await scene({ only: 'sub' });
    const spy = program(
      world,
      'spy',
      `{ git log --all --format=%B; git cat-file --batch-all-objects --batch; env; cat -- .git/* 2>/dev/null; find . -name '*.sh'; } > "$DIR/seen" 2>&1
mkdir -p test; echo 'exit 0' > test/sub.sh; echo 'exit 0' > test/mul.sh; echo 'exit 0' > conftest.sh\n`,
    );
    const { results, work } = await run(world, [spy]);
    expect(readFileSync(join(world.dir, 'seen'), 'latin1')).not.toContain(SECRET);
    expect(readFileSync(join(world.dir, 'seen'), 'latin1')).toContain('./add.sh');
    expect(results.counts).toMatchObject({ resolved: 0, unresolved: 1 });
    expect(readFileSync(patchFile(work, '001'), 'utf8')).not.toContain('test/sub.sh');
  });

  it('a set-up that fails is nobody’s bad score', async () => {
    const world = await scene({ only: 'sub' });
    const suite = join(world.dir, 'suite.yaml');
    writeFileSync(suite, readFileSync(suite, 'utf8').replace('defaults: {', 'defaults: { setup: "exit 7",'));
    const { results } = await run(world, ['gold']);
    expect(results.counts).toMatchObject({ resolved: 0, unresolved: 0, error: 1 });
    expect(results.agents[0]).toMatchObject({ passAt1: null, passAt1Strict: null });
    expect(results.runs[0]!.cause?.code).toBe('setup.failed');
  });

  it('a test patch that does not fit is an error of the case, never of the agent', async () => {
    const world = await scene();
    write(world.dir, {
      'sub/tests.patch': readFileSync(join(world.dir, 'sub/tests.patch'), 'utf8')
        .replace('new file mode 100644\nindex 0000000', 'index 1234567')
        .replace('--- /dev/null', '--- a/test/sub.sh'),
    });
    const { results } = await run(world, ['gold']);
    expect(results.runs.map((one) => [one.case, one.outcome])).toEqual([
      ['sub', 'error'],
      ['mul', 'resolved'],
    ]);
    expect(results.runs[0]!.reason).toMatch(/^case\.invalid: /);
  });
});

describe('what is refused before anything starts', () => {
  it.each<[string, string[], Partial<BenchRunWish>, ErrorCode]>([
    ['no agent', [], {}, 'usage.invalid'],
    ['a run that is not there', ['gold'], { resume: 'nothing' }, 'batch.missing'],
  ])('%s', async (_, agents, over, code) => {
    const world = await scene({ only: 'sub' });
    expect(await codeOf(run(world, agents, over))).toBe(code);
    expect(existsSync(join(world.dir, 'work'))).toBe(false);
  });

  it('gold, where a case has no solution', async () => {
    const world = await scene({ only: 'sub' });
    const suite = join(world.dir, 'suite.yaml');
    writeFileSync(suite, readFileSync(suite, 'utf8').replace(', solution: sub/solution.patch', ''));
    expect(await codeOf(run(world, ['gold']))).toBe('usage.invalid');
  });
});

describe('a run that was interrupted', () => {
  /** Somebody presses Ctrl-C so many times when the first agent has come to its end, and is judged. */
  const pressed = (world: World, times: number) => {
    const interrupts = new InterruptSwitch();
    const event = ({ type }: { type: string }): void => {
      if (type === 'batch-case.answered') for (let n = 0; n < times; n++) interrupts.stop();
    };
    return run(world, ['gold'], { interrupts, repeats: 2, concurrency: 1, view: { ...silentView, event } });
  };

  it('gently lets its tests judge what has ended, and begins nothing new', async () => {
    const { batch, results } = await pressed(await scene({ only: 'sub' }), 1);
    expect(batch.outcome).toBe('drained');
    expect(results.counts).toMatchObject({ resolved: 1, unfinished: 1 });
  });

  it('at once is gone on with where it was: nothing twice, and the same results', async () => {
    const world = await scene({ only: 'sub' });
    const first = await pressed(world, 2);
    expect(first.batch.outcome).toBe('stopped');
    expect(first.results.counts).toMatchObject({ resolved: 0 });
    expect(first.results.counts.unfinished).toBeGreaterThan(0);
    const plainly = runBatch(await contextIn(world.repo), first.id, {
      interrupts: new InterruptSwitch(),
      view: silentView,
    });
    expect(await codeOf(plainly), 'as a batch it would be judged by nobody').toBe('usage.invalid');
    const { results, home, id } = await run(world, [], { resume: first.id });
    expect(results.counts).toMatchObject({ resolved: 2, unfinished: 0 });
    const { items } = await readBatch(home, id);
    expect(items.every(({ attempts }) => attempts.filter(({ end }) => end?.state === 'passed').length === 1)).toBe(
      true,
    );
  });
});
