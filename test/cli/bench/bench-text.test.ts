import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { type Contender, type Run, resultsOf } from '../../../src/bench/results.ts';
import { benchAnswers } from '../../../src/cli/answers/bench-answers.ts';
import { benchAnswer, benchFailure, type Finished, lostTexts, writeReports } from '../../../src/cli/bench/finish.ts';
import { againOf, fileOf, repoFolders, secondsOf } from '../../../src/cli/bench/flags.ts';
import { initAnswer, initFailure, initText, lookedText } from '../../../src/cli/bench/init-text.ts';
import { benchText } from '../../../src/cli/bench/text.ts';
import { isAppError } from '../../../src/errors.ts';
import { writeAllPredictions } from '../../../src/workflows/bench/write-predictions.ts';
import { tempDir } from '../../support/repo.ts';

const color = new Chalk({ level: 0 });
const contender = (name: string): Contender => ({ name, agent: name, model: null });

const run = (at: number, over: Partial<Run> = {}): Run => ({
  item: String(at).padStart(3, '0'),
  case: 'add',
  agent: 'amp',
  repeat: 1,
  outcome: 'resolved',
  cause: null,
  session: 's',
  attempts: 1,
  failToPass: { passed: 1, total: 1 },
  passToPass: { passed: 0, total: 0 },
  reason: null,
  patchBytes: 10,
  costUsd: 0.5,
  tokensInput: 100,
  tokensOutput: 10,
  durationMs: 1500,
  ...over,
});

const finished = (runs: Run[], over: Partial<Finished> = {}): Finished => {
  const names = [...new Set(runs.map(({ agent }) => agent))];
  const repeats = Math.max(...runs.map(({ repeat }) => repeat));
  return {
    id: 'k3x9',
    file: 'my suite.yaml',
    shard: null,
    predictions: [],
    lost: [],
    results: resultsOf({ suite: 'calc', contenders: names.map(contender), repeats }, runs),
    outcome: 'finished',
    budget: null,
    isolation: 'namespace',
    at: '2026-11-23T03:00:00.000Z',
    ...over,
  };
};

describe('a result on a terminal', () => {
  const lines = (runs: Run[], out: string | null = null): string[] =>
    benchText({ ...finished(runs), out }, color).split('\n');

  it('is one row an agent, with what it is and what it is not', () => {
    const [title, , head, row, ...more] = lines([
      run(1),
      run(2, { case: 'sub', outcome: 'unresolved' }),
      run(3, { case: 'mul', outcome: 'timeout' }),
      run(4, { case: 'div', outcome: 'error', costUsd: null }),
    ]);
    expect(title).toBe('calc k3x9: 1 of 2 graded resolved; 4 cases, 1 agent, 1 repeat, 4 runs');
    expect(head!.split(/ +/)).toEqual('AGENT PASS@1 95% STRICT RESOLVED GRADED STOPPED ERRORS TIME COST'.split(' '));
    expect(row!.split(/ +/)).toEqual(['amp', '50%', '9–91%', '33%', '1', '2', '1', '1', '1.5s', '≥$1.50']);
    expect(more.filter(Boolean)).toEqual([
      '1 time-out: not among the graded; the strict rate counts them as unresolved.',
      '1 error of 4 runs: nothing that an agent did, so in neither rate.',
    ]);
  });

  it('an unknown cost is that, and nothing graded is a dash', () => {
    const row = lines([run(1, { outcome: 'error', costUsd: null, durationMs: null })])[3]!;
    expect(row.split(/ +/).slice(1)).toEqual(['–', '–', '–', '0', '0', '0', '1', '–', 'unknown']);
  });

  it('names what is flaky, and where files are', () => {
    const said = lines([run(1), run(2, { repeat: 2, outcome: 'unresolved' })], '/out').slice(5);
    expect(said).toEqual(['Flaky: add by amp, 1 of 2 resolved', 'Written: /out']);
  });

  it('of many flaky cases the first are named, the rest is counted', () => {
    const many = Array.from({ length: 14 }, (_, at) => [
      run(2 * at, { case: `c${at}` }),
      run(2 * at + 1, { case: `c${at}`, repeat: 2, outcome: 'unresolved' }),
    ]).flat();
    const said = lines(many).slice(5);
    expect(said).toHaveLength(11);
    expect(said.at(-1)).toBe('… and 4 flaky cases more');
  });

  it('a name that would act on the terminal does not', () => {
    expect(lines([run(1, { agent: 'x\u001b[31my' })]).join('\n')).not.toContain('\u001b');
  });
});

describe('a part of a run', () => {
  const shard = { index: 2, of: 3 };

  it('is told as that, with what comes next', () => {
    const lines = benchText({ ...finished([run(1)]), shard, out: null }, color).split('\n');
    expect(lines[0]).toMatch(/^calc k3x9, part 2\/3: 1 of 1 graded resolved;/);
    expect(lines.at(-1)).toBe(
      'Once `amp-sessions sync` has brought all parts here: amp-sessions bench report k3x9 --out <folder>',
    );
  });

  it('may be empty, where there are more parts than cases', () => {
    const results = resultsOf({ suite: 'calc', contenders: [], repeats: 1 }, []);
    const lines = benchText({ id: 'k3x9', results, shard, out: null }, color).split('\n');
    expect(lines.slice(1, 3)).toEqual(['', 'No run falls into this part.']);
    expect(benchFailure({ ...finished([run(1)]), results, shard }, {})).toBeUndefined();
  });

  it('is gone on with as that', () => {
    const failure = benchFailure(finished([run(1, { outcome: 'unfinished' })], { shard, outcome: 'stopped' }), {});
    expect(failure!.hint).toBe("Go on with it: amp-sessions bench 'my suite.yaml' --resume k3x9 --shard 2/3");
  });

  it('is gone on with by the flags that belong to the run: with others it would be another one', () => {
    const flags = { repo: ['you/calc=../my calc'], case: ['a', 'b'], 'test-command': 'run {{tests}}', parser: 'tap' };
    const again = againOf({ ...flags, setup: 'npm ci', timeout: 90_000, 'test-timeout': 1500, work: '/w' });
    const said =
      " --repo 'you/calc=../my calc' --case a --case b --test-command 'run {{tests}}' --setup 'npm ci' --parser tap --timeout 90s --test-timeout 2s --work /w";
    expect([again, againOf({})]).toEqual([said, '']);
    const failure = benchFailure(finished([run(1, { outcome: 'unfinished' })], { again, outcome: 'stopped' }), {});
    expect(failure!.hint).toBe(`Go on with it: amp-sessions bench 'my suite.yaml'${said} --resume k3x9`);
  });

  it('what is not there of a whole may be on other machines', () => {
    const failure = benchFailure(finished([run(1), run(2, { outcome: 'unfinished' })]), {});
    expect([failure!.code, failure!.exit]).toEqual(['bench.incomplete', 5]);
    expect(failure!.hint).toMatch(/^What other machines did comes by `amp-sessions sync`\. Go on with it: /);
  });
});

describe('how the command ends', () => {
  const failureOf = (runs: Run[], over: Partial<Finished> = {}) => {
    const failure = benchFailure(finished(runs, over), { id: 'k3x9' });
    return failure && [failure.code, failure.exit, failure.hint];
  };

  it.each<[string, Run[], Partial<Finished>, unknown]>([
    ['all judged', [run(1), run(2, { outcome: 'unresolved' })], {}, undefined],
    ['limits are told, and no error', [run(1, { outcome: 'timeout' })], {}, undefined],
    ['nothing was to be graded', [run(1, { outcome: 'ungraded' })], {}, undefined],
    [
      'stopped by hand',
      [run(1, { outcome: 'unfinished' })],
      { outcome: 'drained' },
      ['interrupted', 130, "Go on with it: amp-sessions bench 'my suite.yaml' --resume k3x9"],
    ],
    [
      'out of budget',
      [run(1)],
      { outcome: 'budget', budget: 'Enough.' },
      ['budget.exceeded', 6, 'What was graded until then counts.'],
    ],
    [
      'an error of ours',
      [run(1, { outcome: 'error', cause: { code: 'store.full', message: 'The disk is full.' } })],
      {},
      ['bench.incomplete', 5, 'The first: add by amp: The disk is full.'],
    ],
  ])('%s', (_, runs, over, expected) => expect(failureOf(runs, over)).toEqual(expected));

  it('the answer stands beside the error', () => {
    const failure = benchFailure(finished([run(1, { outcome: 'error' })]), { id: 'k3x9' });
    expect(failure!.answer).toEqual({ id: 'k3x9' });
  });
});

describe('what is written', () => {
  it('results.json is the published answer, and report.md beside it', () => {
    const out = tempDir('amp-out-');
    const done = finished([run(1), run(2, { case: 'sub', outcome: 'error', cause: { code: 'x', message: 'y' } })]);
    const files = writeReports(out, { ...done, predictions: [join(out, 'preds.jsonl')] });
    expect(files.map((file) => file.slice(out.length + 1))).toEqual(['preds.jsonl', 'results.json', 'report.md']);
    const json = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
    expect(json.schema).toBe('amp-sessions/bench/v1');
    expect(benchAnswers.bench.safeParse(json).error).toBeUndefined();
    expect(json).toEqual({ schema: 'amp-sessions/bench/v1', ...JSON.parse(JSON.stringify(benchAnswer(done, files))) });
    expect(readFileSync(join(out, 'report.md'), 'utf8')).toContain('Isolation: namespace.');
    // A second time it is replaced.
    writeReports(out, finished([run(1)]));
    expect(JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')).total).toBe(1);
  });

  const predictions = async (runs: Run[]) => {
    const out = join(tempDir('amp-out-'), 'results');
    const patchOf = async (item: string) => ({ patch: Buffer.from(`patch ${item}\n`) });
    const { files, lost } = await writeAllPredictions(out, finished(runs).results, patchOf);
    expect(lost).toEqual([]);
    return files.map((file) => {
      const text = readFileSync(file, 'utf8');
      const rows = text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
      return [
        file.slice(out.length + 1),
        rows.map((row) => `${row.instance_id} ${row.model_name_or_path} ${row.model_patch.trim()}`),
      ];
    });
  };

  it('one agent, once: one file of predictions', async () => {
    expect(await predictions([run(1), run(2, { case: 'sub', outcome: 'unresolved' })])).toEqual([
      ['preds.jsonl', ['add amp patch 001', 'sub amp patch 002']],
    ]);
  });

  it('a file an agent and repeat, as the official reader knows an instance once', async () => {
    const both = [
      run(1, { agent: 'amp (smart)' }),
      run(2, { agent: 'amp (smart)', repeat: 2 }),
      run(3, { agent: '../x' }),
    ];
    expect(await predictions(both)).toEqual([
      ['preds.amp-smart.1.jsonl', ['add amp-smart patch 001']],
      ['preds.amp-smart.2.jsonl', ['add amp-smart patch 002']],
      ['preds.x.1.jsonl', ['add x patch 003']],
      ['preds.x.2.jsonl', []],
    ]);
  });

  it('names that come out alike have files of their own', async () => {
    const made = await predictions([run(1, { agent: 'a b' }), run(2, { agent: 'a/b' })]);
    expect(made.map(([file]) => file)).toEqual(['preds.a-b.jsonl', 'preds.a-b-.jsonl']);
  });

  it('an agent that is called after a long command line has a file, too', async () => {
    const long = (end: string): string => `sh -c "${'cat > answer.txt; '.repeat(40)}${end}"`;
    const made = await predictions([run(1, { agent: long('a') }), run(2, { agent: long('b') })]);
    const [one, other] = made.map(([file]) => file as string);
    expect(one).toMatch(/^preds\.sh--c-cat-answer\.txt-[a-z.-]{50,60}\.jsonl$/);
    expect(other).toBe(one!.replace('.jsonl', '-.jsonl'));
  });

  it('what an error ended is left out: there it would count as an empty answer', async () => {
    const error = { outcome: 'error', cause: { code: 'store.full', message: '' } } as const;
    const runs = [
      run(1, error),
      run(2, { case: 'late', outcome: 'timeout' }),
      run(3, { case: 'no', outcome: 'unfinished' }),
    ];
    expect(await predictions(runs)).toEqual([['preds.jsonl', ['late amp patch 002']]]);
    const ungradable = run(1, { outcome: 'error', reason: 'environment: no python' });
    expect((await predictions([ungradable]))[0]![1]).toEqual(['add amp patch 001']);
  });

  it('a patch that is not to be had is no prediction, and is named', async () => {
    const out = tempDir('amp-out-');
    const { results } = finished([run(1), run(2, { case: 'sub' })]);
    const patchOf = async (item: string) =>
      item === '001' ? ({ lost: 'redacted' } as const) : { patch: Buffer.alloc(0) };
    const { files, lost } = await writeAllPredictions(out, results, patchOf);
    expect(JSON.parse(readFileSync(files[0]!, 'utf8'))).toMatchObject({ instance_id: 'sub', model_patch: '' });
    expect(lost).toEqual([{ item: '001', case: 'add', agent: 'amp', why: 'redacted' }]);
    expect(lostTexts(lost)).toEqual([
      expect.stringMatching(/^In no file of predictions: 001 \(add by amp\): what looks/),
    ]);
    const many = Array.from({ length: 7 }, (_, at) => ({
      item: `${at}`,
      case: 'c',
      agent: 'a',
      why: 'large' as const,
    }));
    expect(lostTexts([...many, { ...lost[0]!, why: 'missing' }])).toEqual([
      expect.stringContaining('4 (c by a) and 2 more: too large'),
      expect.stringContaining('001 (add by amp): neither on this machine'),
    ]);
    expect(lostTexts([])).toEqual([]);
  });
});

describe('what init says', () => {
  const looked = [
    { commit: 'a'.repeat(40), subject: 'Add \u001b[31msub', case: 'sub-aaaaaaaa', why: null },
    { commit: 'b'.repeat(40), subject: 'Docs', case: null, why: 'touches no tests' },
    { commit: 'c'.repeat(40), subject: 'More docs', case: null, why: 'touches no tests' },
  ];
  const cases = [
    { id: 'sub-aaaaaaaa', commit: 'b'.repeat(40), parser: 'tap', failToPass: ['t'], passToPass: ['u', 'v'] },
    { id: 'mul', commit: 'c'.repeat(40), parser: 'exit', failToPass: null, passToPass: null },
  ];
  const made = { suite: '/out/suite.yaml', cases, looked, interrupted: false };

  it('a line a commit while it looks', () => {
    expect(looked.map(lookedText)).toEqual([
      '✓ aaaaaaaaaa Add sub',
      '· bbbbbbbbbb Docs: touches no tests',
      '· cccccccccc More docs: touches no tests',
    ]);
  });

  it('cases, how each is told, why the rest is none, and the next step', () => {
    expect(initText(made, { isDry: false, color, shown: 'my bench/suite.yaml' }).split('\n')).toEqual([
      '✓ my bench/suite.yaml: 2 cases of 3 commits (2 × touches no tests)',
      '  sub-aaaaaaaa (1 to mend, 2 to keep)',
      '  mul (by its exit code)',
      '',
      "Check it: amp-sessions bench 'my bench/suite.yaml' --agent gold --agent empty",
    ]);
  });

  it('a dry run says what would be tried out', () => {
    expect(initText({ ...made, suite: null }, { isDry: true, color, shown: 'x' })).toBe(
      '1 commit would be tried out, of 3 commits (2 × touches no tests)',
    );
  });

  it('what was stopped before the first case names no file, as there is none', () => {
    const none = { suite: null, cases: [], looked: [], interrupted: true };
    expect(initText(none, { isDry: false, color, shown: 'x' })).toBe('No case yet, of 0 commits');
  });

  it('its answer is the published one', () => {
    expect(benchAnswers['bench:init'].safeParse(initAnswer(made)).error).toBeUndefined();
    expect(initFailure(made)).toBeUndefined();
    const failure = initFailure({ ...made, interrupted: true });
    expect([failure!.exit, failure!.hint]).toEqual([130, 'What was found until then is in /out/suite.yaml.']);
    expect(initFailure({ ...made, interrupted: true, suite: null })!.hint).toBe('Nothing was written.');
  });
});

describe('flags', () => {
  it('say where repositories are', () => {
    const folders = repoFolders(['a/b=../c', 'd/e=/x=y'], (path) => `/here/${path}`);
    expect([...folders]).toEqual([
      ['a/b', '/here/../c'],
      ['d/e', '/here//x=y'],
    ]);
    expect([...repoFolders(undefined, (path) => path)]).toEqual([]);
  });

  it('a case that is named twice is one', () => {
    const path = (given: string): string => given;
    expect(fileOf('/s.yaml', { case: ['b', 'a', 'b'] }, path).cases).toEqual(['b', 'a']);
    expect(fileOf('/s.yaml', {}, path).cases).toBeUndefined();
  });

  it.each(['a/b', '=x', 'a/b='])('%s says nothing', (given) => {
    const read = () => repoFolders([given], (path) => path);
    expect(read).toThrow(/does not say which repository is where/);
    try {
      read();
    } catch (error) {
      expect(isAppError(error, 'usage.invalid')).toBe(true);
    }
  });

  it('time limits are whole seconds, never none', () => {
    expect([secondsOf(undefined), secondsOf(1), secondsOf(1000), secondsOf(1001)]).toEqual([undefined, 1, 1, 2]);
  });
});
