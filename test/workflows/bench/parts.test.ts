import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Batch } from '../../../src/batch/state.ts';
import type { NamedAgent } from '../../../src/bench/contenders.ts';
import { isAppError } from '../../../src/errors.ts';
import type { LogEvent } from '../../../src/events/catalogue.ts';
import { readBatch } from '../../../src/workflows/batch/home.ts';
import { openBatchJournal } from '../../../src/workflows/batch/journal.ts';
import { silentView } from '../../../src/workflows/batch/view.ts';
import { findPatch, patchFile } from '../../../src/workflows/bench/find-patch.ts';
import { readBench } from '../../../src/workflows/bench/read-bench.ts';
import { reportBench } from '../../../src/workflows/bench/report-bench.ts';
import { type BenchRunWish, planOf, runBench } from '../../../src/workflows/bench/run-bench.ts';
import { InterruptSwitch } from '../../../src/workflows/interrupts.ts';
import { git, makeRepo, tempDir } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { homeEnv } from '../batch/engine.ts';

const LONG = 'x'.repeat(70_000);

const CASES = `cases:
  - { id: one, prompt: Say one., test: grep -q one answer.txt }
  - { id: two, prompt: "Say two ${LONG}", test: grep -q three answer.txt }
`;

const SUITE = `suite: parts
defaults: { repo: a/b, commit: main }
agents:
  - { agent: "command:cat > answer.txt", name: parrot }
  - { agent: "command:echo half > half.txt; exit 3", name: failing }
retries: 0
${CASES}`;

/** The same with one agent. */
const ALONE = SUITE.replace(/.*failing.*\n/, '');

/** A repository, and machines that have a clone of it, a home and a copy of the suite each. */
const world = async (suite = SUITE) => {
  const origin = await makeRepo();
  const machine = async () => {
    const dir = join(tempDir('amp-machine-'), 'clone');
    await git(origin, 'clone', '-q', origin, dir);
    const file = join(tempDir('amp-suite-'), 'parts.yaml');
    writeFileSync(file, suite);
    const env = homeEnv();
    // A context ends with the test that opened it.
    const home = () => contextIn(dir, env);
    const work = join(tempDir('amp-work-'), 'work');
    const said: string[] = [];
    const bench = () => readBench({ file, repos: new Map([['a/b', dir]]), env });
    const run = async (over: Partial<BenchRunWish> = {}) =>
      runBench(await home(), {
        bench: await bench(),
        agents: [],
        models: [],
        work,
        interrupts: new InterruptSwitch(),
        view: { ...silentView, line: (text) => said.push(text) },
        ...over,
      });
    return { dir, file, home, work, run, said, bench };
  };
  return { origin, machine };
};

type Machine = Awaited<ReturnType<Awaited<ReturnType<typeof world>>['machine']>>;

/** What `sync` does with the refs of batches. */
const bring = async (from: Machine, to: Machine): Promise<void> => {
  await git(to.dir, 'fetch', '-q', from.dir, 'refs/amp/batches/*:refs/amp/batches/*');
};

const report = (at: Machine, run: string, over: { work?: string; out?: string } = {}) =>
  reportBench({ dir: at.dir, run, work: tempDir('amp-none-'), warn: () => {}, ...over });

const answersIn = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { instance_id: string; model_patch: string });

describe('two machines do a part each', () => {
  let first: Machine;
  let second: Machine;
  let third: Machine;
  let parts: Awaited<ReturnType<Machine['run']>>[];
  beforeAll(async () => {
    const { machine } = await world();
    [first, second, third] = [await machine(), await machine(), await machine()];
    parts = await Promise.all([first.run({ shard: { index: 1, of: 2 } }), second.run({ shard: { index: 2, of: 2 } })]);
  });

  it('they make the same run of it, and each tells its part', () => {
    expect(parts[0]!.id).toMatch(/^[0-9a-f]{10}$/);
    expect(parts[1]!.id).toBe(parts[0]!.id);
    expect(
      parts.map(({ results, batch }) => [results.cases.map((one) => one.case), results.graded, batch.outcome]),
    ).toEqual([
      [['one'], 1, 'finished'],
      [['two'], 1, 'finished'],
    ]);
    for (const { results } of parts) expect(results.agents.map(({ name }) => name)).toEqual(['parrot', 'failing']);
  });

  it('a folder for the reports that cannot be is told before anything is written', async () => {
    const out = first.file;
    await expect(report(first, 'parts', { out })).rejects.toMatchObject({ code: 'usage.invalid' });
    await expect(report(first, 'parts', { out: join(out, 'below') })).rejects.toMatchObject({ code: 'usage.invalid' });
  });

  it('where one part alone has come together, the rest is told as not run', async () => {
    await bring(first, third);
    const { results } = await report(third, 'parts');
    expect(results.counts).toMatchObject({ resolved: 1, 'agent-failed': 1, unfinished: 2 });
  });

  it('a third one tells the whole from the log alone, and writes what each agent made', async () => {
    await bring(second, third);
    const out = join(tempDir('amp-out-'), 'out');
    const { results, predictions, lost, isolation } = await report(third, parts[0]!.id.slice(0, 6), { out });
    expect(results).toMatchObject({ total: 4, graded: 2, resolved: 1 });
    expect(lost).toEqual([]);
    expect(isolation).not.toContain(',');
    expect(predictions.map((file) => file.slice(out.length + 1))).toEqual([
      'preds.parrot.jsonl',
      'preds.failing.jsonl',
    ]);
    const made = answersIn(predictions[0]!);
    expect(made.map((one) => one.instance_id)).toEqual(['one', 'two']);
    // An agent that failed by itself has answered all the same.
    for (const one of answersIn(predictions[1]!)) expect(one.model_patch).toContain('+half');
    // Byte by byte what was made: the long one too, which is no part of the line itself.
    for (const { item, case: name } of results.runs.filter(({ agent }) => agent === 'parrot')) {
      const { work } = parts.find((part) => part.results.runs.some((run) => run.item === item))!;
      expect(made.find((one) => one.instance_id === name)!.model_patch).toBe(
        readFileSync(patchFile(work, item), 'utf8'),
      );
    }
  });

  it('to go on with the whole there begins nothing, and gives the same', async () => {
    const whole = await third.run({ resume: parts[0]!.id });
    expect(whole.results).toEqual((await report(third, 'parts')).results);
    expect(existsSync(third.work)).toBe(false);
  });

  it('other flags, another suite or another start are another run', async () => {
    const idOf = async (at: Machine, over: Partial<BenchRunWish> = {}) =>
      planOf({ bench: await at.bench(), agents: [], models: [], shard: { index: 1, of: 2 }, ...over }).id;
    const id = await idOf(first);
    expect(await idOf(second, { shard: { index: 2, of: 7 } })).toBe(id);
    expect(await idOf(second, { concurrency: 5 })).toBe(id);
    expect(await idOf(second, { repeats: 2 })).not.toBe(id);
    expect(await idOf(second, { agents: [{ agent: 'command:false' }] })).not.toBe(id);
    expect(await idOf(second, { shard: undefined })).toBeNull();
    expect(await idOf(second, { runId: 'mine' })).toBe('mine');
    const script = (dir: string): NamedAgent[] => [{ agent: `scripted:${dir}/play.yaml` }];
    expect(await idOf(first, { agents: script('/a') })).toBe(await idOf(second, { agents: script('/b/c') }));
    await git(second.dir, '-c', 'user.name=T', '-c', 'user.email=t@x', 'commit', '-q', '--allow-empty', '-m', 'moved');
    expect(await idOf(second)).not.toBe(id);
  });
});

describe('what another machine has made', () => {
  it('is graded here where grading was left there', async () => {
    const { machine } = await world(ALONE);
    const [there, here] = [await machine(), await machine()];
    const left = await there.run({ shard: { index: 1, of: 2 } });
    // As after a crash between the agent's end and the verdict: the log ends before it.
    const { items } = await readBatch(await there.home(), left.id);
    const answer = items[0]!.answer!;
    const journal = openBatchJournal(await here.home(), left.id);
    const plan = planOf({ bench: await here.bench(), agents: [], models: [], runId: left.id });
    const session = answer.session;
    await journal.turn(async (turn) => {
      await turn.decide({ do: 'create', id: left.id, plan });
      await turn.decide({ do: 'startAttempt', item: '001', session, repository: '/nowhere' });
      await turn.record([{ type: 'batch-case.answered', by: 'agent', data: answer }]);
      const end = items[0]!.attempts[0]!.end!;
      await turn.decide({ do: 'finishAttempt', item: '001', session, end, pauseUntil: () => '' });
    });
    await journal.close();
    const done = await here.run({ resume: left.id, shard: { index: 1, of: 2 } });
    expect(done.results.runs.map(({ case: name, outcome, attempts }) => [name, outcome, attempts])).toEqual([
      ['one', 'resolved', 1],
    ]);
    expect(here.said).toEqual([expect.stringMatching(/^001 one: resolved$/)]);
  });

  it('is no answer where a secret was taken out of it, too large, or not there', async () => {
    const halves = ['A1b2C3d4E5f6G7h8I9j0', 'K1l2M3n4O5p6Q7r8'];
    const secret = `ghp_${halves.join('')}`;
    const { machine } = await world(ALONE.replace('cat >', `printf 'ghp_%s%s' ${halves.join(' ')} >`));
    const [there, here] = [await machine(), await machine()];
    const { id, work } = await there.run({ shard: { index: 1, of: 2 } });
    await bring(there, here);
    const home = await here.home();
    const batch = await readBatch(home, id);
    const item = batch.items[0]!;
    expect(readFileSync(patchFile(work, '001'), 'utf8')).toContain(secret);
    expect(await findPatch(home, { id, item, work })).toEqual({ patch: readFileSync(patchFile(work, '001')) });
    const none = join(here.work, 'none');
    expect(await findPatch(home, { id, item, work: none })).toEqual({ lost: 'redacted' });
    const large = { ...item, answer: { ...item.answer!, patch: null } };
    expect(await findPatch(home, { id, item: large, work: none })).toEqual({ lost: 'large' });
    expect(await findPatch(home, { id, item: { ...item, answer: null }, work: none })).toEqual({
      lost: 'missing',
    });
    const other = { ...item, answer: { ...item.answer!, session: 'before' } };
    expect(await findPatch(home, { id, item: other, work: none })).toEqual({ lost: 'missing' });
    // A file that an attempt before it left is not what the newest one made.
    mkdirSync(none, { recursive: true });
    writeFileSync(patchFile(none, '001'), 'old');
    expect(await findPatch(home, { id, item, work: none })).toEqual({ lost: 'redacted' });
    const out = join(tempDir('amp-out-'), 'out');
    const { lost, results } = await report(here, id, { out });
    expect(lost).toEqual([{ item: '001', case: 'one', agent: 'parrot', why: 'redacted' }]);
    expect(results.graded).toBe(1);
  });

  it('a run that another clone planned runs nothing here before somebody has said so', async () => {
    const { machine } = await world(ALONE);
    const [there, here] = [await machine(), await machine()];
    const { id } = await there.run({ shard: { index: 1, of: 2 } });
    await bring(there, here);
    const asked: string[] = [];
    const ask = async ({ file, programs }: { file: string; programs: readonly { line: string }[] }) => {
      asked.push(file, ...programs.map(({ line }) => line));
      return false;
    };
    const error = await here.run({ resume: id, trust: { trust: false, ask } }).catch((thrown: unknown) => thrown);
    expect(isAppError(error, 'batch.untrusted') && error.hint).toContain(`--resume ${id} --trust`);
    expect(asked).toEqual([expect.stringContaining(id), 'cat > answer.txt']);
    const done = await here.run({ resume: id, trust: { trust: true, ask }, keepWorktrees: true });
    expect(done.results).toMatchObject({ total: 2, graded: 2 });
    // What was run here keeps its worktree, as was asked for.
    const { session } = done.results.runs[1]!;
    expect(readdirSync(join(done.work, '002.1', '.worktrees', session!))).toContain('answer.txt');
  });
});

describe('what a graded run leaves on the disk', () => {
  it('its log, its branch and its commits, and no worktree; its history is one file with that of the others', async () => {
    const { machine } = await world(ALONE);
    const at = await machine();
    const { id, work, results } = await at.run({ shard: { index: 1, of: 2 } });
    const place = join(work, '001.1');
    const { session } = results.runs[0]!;
    expect(existsSync(join(place, '.worktrees', session!))).toBe(false);
    expect(await git(place, 'worktree', 'list')).not.toContain(session);
    const refs = await git(place, 'for-each-ref', '--format=%(refname)');
    expect(refs).toContain(`refs/amp/sessions/${session}/`);
    expect(await git(place, 'fsck', '--no-dangling')).toBe('');
    const [seed] = readdirSync(join(work, 'seeds'));
    const pack = readdirSync(join(work, 'seeds', seed!)).find((name) => name.endsWith('.pack'))!;
    const same = (dir: string) => git(at.dir, 'hash-object', '--no-filters', join(dir, pack));
    expect(await same(join(place, '.git/objects/pack'))).toBe(await same(join(work, 'seeds', seed!)));
    // Whoever takes the session up again has its worktree again.
    expect((await readBatch(await at.home(), id)).items[0]!.attempts[0]!.repository).toBe(place);
  });
});

describe('the reference solution', () => {
  it('comes into being when no other agent of the run is at work', async () => {
    const { machine } = await world(`suite: gold
defaults: { repo: a/b, commit: main, test: test -e s.txt }
agents: [gold, "command:true"]
cases:
  - { id: one, prompt: P, solution: s.patch }
`);
    const at = await machine();
    const patch = '--- /dev/null\n+++ b/s.txt\n@@ -0,0 +1 @@\n+SOLUTION\n';
    writeFileSync(join(at.file, '..', 's.patch'), `diff --git a/s.txt b/s.txt\nnew file mode 100644\n${patch}`);
    const order: string[] = [];
    const view = {
      ...silentView,
      event: ({ type, data }: LogEvent, { items }: Batch) => {
        const item = items.find(({ plan }) => plan.item === (data as { item?: string }).item);
        if (item && /^batch-attempt\./.test(type)) order.push(`${item.plan.agent.name} ${type.slice(14)}`);
      },
    };
    const { results } = await at.run({ concurrency: 4, view });
    expect(results.agents.map(({ name, passAt1 }) => [name, passAt1?.value])).toEqual([
      ['gold', 1],
      ['true', 0],
    ]);
    expect(order).toEqual(['command started', 'command finished', 'gold started', 'gold finished']);
  });
});
