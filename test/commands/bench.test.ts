import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { benchAnswers } from '../../src/cli/answers/bench-answers.ts';
import { cli, cliJson } from '../support/cli.ts';
import { git, tempDir } from '../support/repo.ts';
import { homeEnv } from '../workflows/batch/engine.ts';

const RUNNER =
  'for t in test/*.sh; do n=$((n + 1)); sh $t && echo "ok $n $t" || { echo "not ok $n $t"; bad=1; }; done; exit $bad\n';

const commit = async (dir: string, message: string, files: Record<string, string>): Promise<void> => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  await git(dir, 'add', '-A');
  await git(dir, 'commit', '-q', '-m', message);
};

let dir: string;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  dir = tempDir('amp-bench-');
  env = homeEnv();
  await git(dir, 'init', '-q', '-b', 'main');
  await git(dir, 'config', 'user.name', 'Test User');
  await git(dir, 'config', 'user.email', 'test@example.com');
  await commit(dir, 'A calculator', {
    'run.sh': RUNNER,
    'add.sh': 'echo $(($1 + $2))\n',
    'test/add.sh': 'test $(sh add.sh 1 2) = 3\n',
  });
  await commit(dir, 'Subtract two numbers', {
    'sub.sh': 'echo $(($1 - $2))\n',
    'test/sub.sh': 'test $(sh sub.sh 5 3) = 2\n',
  });
});

describe('from a past to a result', () => {
  it('init makes a suite, and says what it is', async () => {
    const { json, exitCode } = await cliJson(
      dir,
      ['bench', 'init', '--from-history', '--test-command', 'sh run.sh'],
      env,
    );
    expect(exitCode).toBe(0);
    expect(json.suite).toBe(join(dir, 'bench', 'suite.yaml'));
    expect(json.cases).toMatchObject([{ parser: 'tap', failToPass: ['test/sub.sh'], passToPass: ['test/add.sh'] }]);
    expect(json.looked.map(({ why }: { why: string | null }) => why)).toEqual([null, 'has no parent']);
  });

  it('its commands are trusted, as the user has just had them run: gold and empty run at once', async () => {
    const args = ['bench', 'bench/suite.yaml', '--agent', 'gold', '--agent', 'empty', '--out', 'results'];
    const { json, exitCode } = await cliJson(dir, args, env);
    expect(exitCode).toBe(0);
    expect(json).toMatchObject({ resolved: 1, graded: 2, total: 2, repeats: 1 });
    expect(
      json.agents.map(({ name, passAt1 }: { name: string; passAt1: { value: number } }) => [name, passAt1.value]),
    ).toEqual([
      ['gold', 1],
      ['empty', 0],
    ]);
    const results = join(dir, 'results');
    expect(json.files).toEqual(
      ['preds.gold.jsonl', 'preds.empty.jsonl', 'results.json', 'report.md'].map((name) => join(results, name)),
    );
    expect(JSON.parse(readFileSync(join(results, 'results.json'), 'utf8'))).toEqual(json);
    expect(readFileSync(join(results, 'report.md'), 'utf8')).toMatch(/^# Benchmark report: /);
    const [gold, empty] = ['gold', 'empty'].map((name) =>
      JSON.parse(readFileSync(join(results, `preds.${name}.jsonl`), 'utf8')),
    );
    expect(gold.model_patch).toContain('+echo $(($1 - $2))');
    expect([empty.model_patch, empty.model_name_or_path]).toEqual(['', 'empty']);
  });

  it('what could not be judged ends it with 5, and the answer is there all the same', async () => {
    const args = ['bench', 'bench/suite.yaml', '--agent', 'gold', '--setup', 'exit 9'];
    const { json, exitCode } = await cliJson(dir, args, env);
    expect([exitCode, json.error.code]).toEqual([5, 'bench.incomplete']);
    expect(json.counts).toMatchObject({ error: 1, resolved: 0, unresolved: 0 });
    expect(json.agents[0].passAt1).toBeNull();
  });

  it('another content of the file is to be trusted again, and in a pipe nobody is asked', async () => {
    const suite = join(dir, 'bench', 'other.yaml');
    writeFileSync(suite, readFileSync(join(dir, 'bench', 'suite.yaml'), 'utf8').replace('sh run.sh', 'sh other.sh'));
    const { stderr, exitCode } = await cli(dir, ['bench', suite, '--agent', 'gold'], env);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('test command sh other.sh');
    expect(stderr).toContain(`amp-sessions bench ${suite} --trust`);
  });
});

describe('a dry run', () => {
  const args = [
    'bench',
    'bench/suite.yaml',
    '--dry-run',
    '--agent',
    'gold',
    '--agent',
    'command:sh x.sh',
    '--repeats',
    '2',
  ];
  const inside = () => readdirSync(dir, { recursive: true }).length;

  it('says what would be run, starts nothing, writes nothing and asks nothing', async () => {
    // Its commands are not trusted: that is said, and not asked.
    const suite = readFileSync(join(dir, 'bench', 'suite.yaml'), 'utf8').replace('sh run.sh', 'sh run.sh # new');
    writeFileSync(join(dir, 'bench', 'dry.yaml'), suite);
    const home = homeEnv();
    const before = inside();
    const { stdout, stderr, exitCode } = await cli(dir, args.with(1, 'bench/dry.yaml'), home);
    expect([exitCode, inside(), existsSync(home['XDG_DATA_HOME']!)]).toEqual([0, before, false]);
    expect(stdout).toMatch(/: 1 case × 2 agents × 2 repeats = 4 runs, 1 at once\n/);
    expect(stdout).toMatch(/sh x\.sh +command:sh x\.sh/);
    expect(stdout).toMatch(/sh run\.sh # new +tap/);
    expect(stderr).toContain('Before it starts you are asked about these:');
  });

  it('says it to programs too, of a part as well', async () => {
    const { json, exitCode } = await cliJson(dir, [...args, '--shard', '2/2'], env);
    expect(exitCode).toBe(0);
    expect(benchAnswers.bench.safeParse(json).error).toBeUndefined();
    expect(json).toMatchObject({ dryRun: true, total: 4, shard: { index: 2, of: 2 }, repeats: 2 });
    expect(json.id).toMatch(/^[0-9a-f]{10}$/);
    expect(json.runs).toEqual(
      ['gold', 'sh x.sh'].map((agent, at) => ({ item: `00${at + 3}`, case: json.cases[0].case, agent, repeat: 2 })),
    );
    expect(json.cases[0]).toMatchObject({ parser: 'tap', hasHiddenTests: true, hasSolution: true });
    expect(JSON.stringify(json)).not.toContain('diff --git');
  });
});

describe('what is refused', () => {
  it.each([
    [['--shard', '3/2'], 'Write i/n, from 1'],
    [['--shard', 'x'], 'Write i/n, from 1'],
    [['--run-id', 'a b', '--agent', 'gold'], 'Use letters, digits'],
    [['--agent', 'command:'], 'Write it behind the colon'],
    [['--resume', 'x', '--run-id', 'y'], '--help'],
  ])('%j', async (more, hint) => {
    const { stderr, exitCode } = await cli(dir, ['bench', 'bench/suite.yaml', ...more], env);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(hint)]);
  });

  it.each([
    [['bench', 'init'], 2, '--from-history'],
    [['bench', 'init', '--from-history', '--out', 'none'], 2, '--test-command'],
    [['bench', 'gone.yaml', '--agent', 'gold'], 2, 'Name a suite file'],
    [['bench', 'bench/suite.yaml', '--repo', 'nonsense'], 2, '--repo owner/name=<folder>'],
  ])('%j ends with %i', async (args, exit, hint) => {
    const { stderr, exitCode } = await cli(dir, args as string[], env);
    expect(exitCode).toBe(exit);
    expect(stderr).toContain(hint);
  });
});
