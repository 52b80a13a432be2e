import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { PROGRAM } from '../support/cli.ts';
import { git, sh, tempDir } from '../support/repo.ts';
import { homeEnv } from '../workflows/batch/engine.ts';

/** What the pages say for job arrays and CI, word by word, with the variables that those systems set. */
const ROOT = resolve(import.meta.dirname, '../..');

const filesOf = (page: string): Map<string, string> => {
  const text = readFileSync(join(ROOT, 'docs', page), 'utf8');
  return new Map(
    [...text.matchAll(/^\*\*`([^`]+)`\*\*\n\n```\w+\n([\s\S]*?)^```$/gm)].map(([, name, body]) => [name!, body!]),
  );
};

/** The program under its own name, for scripts. */
const programIn = (dir: string): string => {
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'amp-sessions'), `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`);
  chmodSync(join(bin, 'amp-sessions'), 0o755);
  return bin;
};

/** A bare remote that holds the page's file of work, and machines that share nothing but it. */
const world = async (page: string, committed: string[]) => {
  const dir = tempDir('amp-recipes-');
  const files = filesOf(page);
  const bin = programIn(dir);
  const first = join(dir, 'first');
  mkdirSync(first);
  await git(first, 'init', '-q', '-b', 'main');
  for (const name of committed) writeFileSync(join(first, name), files.get(name)!);
  writeFileSync(join(first, 'README.md'), '# A shop\n');
  await git(first, 'add', '-A');
  await git(first, '-c', 'user.name=You', '-c', 'user.email=you@example.com', 'commit', '-q', '-m', 'first');
  const remote = join(dir, 'remote.git');
  await git(dir, 'clone', '-q', '--bare', first, remote);
  let machines = 0;
  /** One machine: a home and a folder of its own, and what its system says of the job. */
  const machine = async (job: Record<string, string>, { cloned }: { cloned: boolean }) => {
    machines += 1;
    const cwd = join(dir, `machine-${machines}`);
    if (cloned) await git(dir, 'clone', '-q', remote, cwd);
    else mkdirSync(cwd);
    const tmp = join(dir, `tmp-${machines}`);
    mkdirSync(tmp);
    const home = homeEnv();
    // Compiled code is kept once for all: that is no part of what is tried here.
    const env = {
      ...home,
      ...job,
      XDG_CACHE_HOME: join(dir, 'cache'),
      PATH: `${bin}:${home['PATH']}`,
      REMOTE: remote,
      TMPDIR: tmp,
    };
    const run = async (name: string, also = '') => {
      const ran = await sh(cwd, `${files.get(name)}${also}`, env);
      return { ...ran, told: `${ran.exitCode}\n${ran.stderr}\n${ran.stdout}` };
    };
    return { cwd, run };
  };
  return { remote, machine };
};

type World = Awaited<ReturnType<typeof world>>;

/** Three machines do a part each: a task of Slurm, a pod of Kubernetes, a job of CI. */
const threeMachines = async ({ machine }: World) => {
  const slurm = await machine({ SLURM_ARRAY_TASK_ID: '1', SLURM_ARRAY_TASK_COUNT: '3' }, { cloned: false });
  const pod = await machine({ JOB_COMPLETION_INDEX: '1' }, { cloned: false });
  const ci = await machine({ PART: '3' }, { cloned: true });
  return Promise.all([slurm.run('slurm.sh'), pod.run('kubernetes.sh'), ci.run('ci.sh')]);
};

describe('a batch on three machines', () => {
  let made: World;
  let ran: Awaited<ReturnType<typeof threeMachines>>;
  beforeAll(async () => {
    made = await world('batches.md', ['many.yaml', 'agent.sh']);
    ran = await threeMachines(made);
  });

  it('each does its part and sends it', async () => {
    expect(ran.map(({ exitCode, told }) => (exitCode === 0 ? 'done' : told))).toEqual(['done', 'done', 'done']);
    const refs = await git(made.remote, 'for-each-ref', '--format=%(refname)', 'refs/amp/batches/many');
    expect(refs.split('\n')).toHaveLength(3);
  });

  it('a clone that did nothing of it knows the whole after a sync', async () => {
    const { run } = await made.machine({}, { cloned: true });
    const all = await run('gather.sh', '\namp-sessions batch status many --json > status.json; cat status.json');
    const status = JSON.parse(all.stdout.slice(all.stdout.indexOf('\n{') + 1));
    expect(status.state).toBe('finished');
    expect(status.counts).toMatchObject({ passed: 3, queued: 0, running: 0 });
    expect(status.items.map(({ name, attempts }: { name: string; attempts: number }) => [name, attempts])).toEqual([
      ['one', 1],
      ['two', 1],
      ['three', 1],
    ]);
  });
});

describe('a benchmark on three machines', () => {
  let made: World;
  let ran: Awaited<ReturnType<typeof threeMachines>>;
  beforeAll(async () => {
    made = await world('benchmarks.md', ['parts.yaml']);
    ran = await threeMachines(made);
  });

  it('each does a case with both agents, says that it is a part, and sends it', () => {
    expect(ran.map(({ exitCode, told }) => (exitCode === 0 ? 'done' : told))).toEqual(['done', 'done', 'done']);
    for (const [at, { stdout }] of ran.entries()) {
      expect(stdout).toMatch(
        new RegExp(`^parts [0-9a-f]{10}, part ${at + 1}/3: ${at < 2 ? 1 : 0} of 2 graded resolved`),
      );
      expect(stdout).toMatch(/\nparrot .*\nidle /);
    }
  });

  it('a clone that did nothing of it writes the whole: results, report, and what each agent made', async () => {
    const { cwd, run } = await made.machine({}, { cloned: true });
    const { exitCode, told } = await run('gather.sh');
    expect(exitCode, told).toBe(0);
    const results = JSON.parse(readFileSync(join(cwd, 'results', 'results.json'), 'utf8'));
    expect(results).toMatchObject({ shard: null, resolved: 2, graded: 6, total: 6, lost: [] });
    expect(readFileSync(join(cwd, 'results', 'report.md'), 'utf8')).toContain('6 graded');
    const answers = readFileSync(join(cwd, 'results', 'preds.parrot.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answers.map((one) => [one.instance_id, /^\+(Say.*)$/m.exec(one.model_patch)?.[1]])).toEqual([
      ['one', 'Say one.'],
      ['two', 'Say two.'],
      ['three', 'Say nothing.'],
    ]);
  });
});
