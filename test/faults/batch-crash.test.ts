import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CRASHED } from '../../src/batch/causes.ts';
import { replay } from '../../src/batch/evolve.ts';
import type { PlannedItem } from '../../src/batch/plan.ts';
import type { Batch } from '../../src/batch/state.ts';
import { builtProgram } from '../../src/process/built-program.ts';
import { createBatch } from '../../src/workflows/batch/create.ts';
import { batchLog } from '../../src/workflows/batch/home.ts';
import { readSession } from '../../src/workflows/summaries.ts';
import { optionsOf, planned } from '../batch/world.ts';
import { bundle } from '../support/bundle.ts';
import { git, makeRepo, sh, tempDir } from '../support/repo.ts';
import { contextIn } from '../support/sessions.ts';

/** For a long night: `TEST_BATCH_ITEMS=500 TEST_BATCH_REPOS=5 TEST_BATCH_KILLS=20`. */
const ITEMS = Number(process.env['TEST_BATCH_ITEMS'] ?? 8);
const REPOSITORIES = Number(process.env['TEST_BATCH_REPOS'] ?? 2);
const KILLS = Number(process.env['TEST_BATCH_KILLS'] ?? 2);
const SEED = Number(process.env['TEST_SEED'] ?? 20_261_123);

/** mulberry32: a failing night is played again by its seed. */
const random = (seed: number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};

/** Works on a batch as the command does, and says how it ended. */
const WORKER = `
import { openBatchHome } from './src/workflows/batch/home.ts';
import { runBatch } from './src/workflows/batch/run.ts';
import { silentView } from './src/workflows/batch/view.ts';
import { InterruptSwitch } from './src/workflows/interrupts.ts';

const [dir, id] = process.argv.slice(2);
const home = await openBatchHome({ dir, warn: (text) => process.stderr.write(text + '\\n') });
const reason = 'resume';
const view = { ...silentView, event: ({ type }) => process.stdout.write(type + '\\n') };
const { outcome, counts } = await runBatch(home, id, { interrupts: new InterruptSwitch(), view, reason });
await home.store.close();
process.stdout.write(JSON.stringify({ outcome, counts }) + '\\n');
`;

/**
 * Every twentieth crashes, every twentieth hangs, some fail their tests, one kills whoever runs it: the rest leave one
 * line in one file. All of them by number, so that what must come of each is known.
 */
const kindOf = (n: number): 'crash' | 'hang' | 'fail' | 'scripted' | 'pass' => {
  if (n % 20 === 2) return 'crash';
  if (n % 20 === 4) return 'hang';
  if (n % 10 === 3) return 'fail';
  return n % 10 === 7 ? 'scripted' : 'pass';
};

const EXPECTED = { crash: 'error', hang: 'timeout', fail: 'failed', scripted: 'passed', pass: 'passed' } as const;

const LINES = {
  crash: 'echo half >> done.txt; kill -9 $$',
  hang: 'echo half >> done.txt; sleep 600 & wait',
  fail: 'echo no >> done.txt',
  pass: 'sleep 0.0$((PPID % 10)); echo yes >> done.txt',
};

const itemOf = (n: number, repo: string, script: string): PlannedItem => {
  const kind = kindOf(n);
  const agent =
    kind === 'scripted'
      ? { name: 'scripted', mode: null, command: script }
      : { name: 'command', mode: null, command: LINES[kind] };
  return planned(n, { repo, agent, test: 'grep -qx yes done.txt', timeoutSec: kind === 'hang' ? 1 : 300 });
};

interface Ran {
  out: string;
  err: string;
  code: number | null;
}

/** @param killAt kills it -9 when so many facts are on record, at the line itself or a little later */
const work = (
  program: string,
  dir: string,
  id: string,
  env: NodeJS.ProcessEnv,
  kill?: { at: number; afterMs: number },
) =>
  new Promise<Ran>((resolve) => {
    const child = spawn(process.execPath, [program, dir, id], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err, facts] = ['', '', 0];
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk;
      const before = facts;
      facts = out.split('\n').length - 1;
      if (kill && before < kill.at && facts >= kill.at) setTimeout(() => child.kill('SIGKILL'), kill.afterMs);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk;
    });
    child.on('close', (code) => resolve({ out, err, code }));
  });

/** Processes that carry the environment of one of these sessions. */
const processesOf = (sessions: Set<string>): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
        return sessions.has(/(?:^|\0)AMP_SESSIONS_SESSION=([^\0]*)/.exec(environment)?.[1] ?? '');
      } catch {
        return false;
      }
    });

/** The small processes that start git. */
const startersOf = (program: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(join(dirname(program), 'process'));
    } catch {
      return false;
    }
  });

/** One result an item, and what came before it in the order that alone is possible. */
const checkStory = (events: { type: string; data: unknown }[]): void => {
  const story = new Map<string, string[]>();
  for (const { type, data } of events) {
    const { item } = data as { item?: string };
    if (item !== undefined) story.set(item, [...(story.get(item) ?? []), type.replace(/^batch-/, '')]);
  }
  for (const [item, types] of story)
    expect(types.join(' '), item).toMatch(/^item\.planned( attempt\.started attempt\.finished)+ item\.finished$/);
};

const checkItems = (batch: Batch): void => {
  for (const [at, { plan, state, attempts }] of batch.items.entries()) {
    expect([plan.item, state]).toEqual([plan.item, EXPECTED[kindOf(at + 1)]]);
    const ends = attempts.map(({ end }) => end!.cause?.code);
    expect(
      ends.slice(0, -1).every((code) => code === CRASHED),
      `${plan.item}: ${ends.join(' ')}`,
    ).toBe(true);
    expect(new Set(attempts.map(({ session }) => session)).size).toBe(attempts.length);
  }
};

describe.runIf(process.platform === 'linux')(`a batch of ${ITEMS}, its process killed ${KILLS} times`, () => {
  it('every item ends in the one state that it must, the figures add up, and nothing is left', {
    timeout: 3_600_000,
  }, async () => {
    const chance = random(SEED);
    const program = await bundle(WORKER);
    // The programs that play scripts, and start git, are looked for beside the one that runs.
    for (const room of ['agents', 'process'])
      symlinkSync(join(import.meta.dirname, '../../dist', room), join(dirname(program), room));
    const home = tempDir('amp-home-');
    const env = {
      ...process.env,
      HOME: home,
      XDG_DATA_HOME: join(home, 'data'),
      XDG_CONFIG_HOME: join(home, 'config'),
    };
    const script = join(home, 'agent.yaml');
    writeFileSync(
      script,
      'iterations:\n - - edit: { path: done.txt, content: "yes\\n" }\n   - usage: { input: 3, output: 4 }\n   - cost: 0.01\n',
    );
    const repos: string[] = [];
    for (let n = 0; n < REPOSITORIES; n++) repos.push(await makeRepo());
    const ctx = await contextIn(repos[0]!, env);
    const items = Array.from({ length: ITEMS }, (_, n) => itemOf(n + 1, repos[(n * 7) % REPOSITORIES]!, script));
    const id = await createBatch(ctx, { id: 'night', options: optionsOf({ concurrency: 4 }), items });
    await ctx.store.close();
    const runs: Ran[] = [];
    for (let n = 0; n < KILLS; n++) {
      const kill = { at: 2 + Math.floor(chance() * ((2 * ITEMS) / KILLS)), afterMs: Math.floor(chance() * 120) };
      runs.push(await work(program, repos[0]!, id, env, kill));
    }
    const last = await work(program, repos[0]!, id, env);
    expect([last.code, last.err.includes('Error')], last.err).toEqual([0, false]);
    expect(runs.filter(({ code }) => code === null).length, 'kills that met it alive').toBe(KILLS);

    const after = await contextIn(repos[0]!, env);
    const { events } = await after.store.read(batchLog(id));
    const batch = replay(events);
    expect(batch).toMatchObject({ malformedEvents: 0, unknownEvents: 0 });
    checkStory(events);
    checkItems(batch);
    const told = JSON.parse(last.out.trim().split('\n').at(-1)!) as { counts: Record<string, number>; outcome: string };
    const expected = items.map((_, n) => EXPECTED[kindOf(n + 1)]);
    for (const state of ['passed', 'failed', 'error', 'timeout'] as const)
      expect(told.counts[state], state).toBe(expected.filter((one) => one === state).length);
    expect(told.outcome).toBe('finished');

    const sessions = new Set(batch.items.flatMap(({ attempts }) => attempts.map(({ session }) => session)));
    expect(processesOf(sessions)).toEqual([]);
    expect(builtProgram('process/starter-main', dirname(program))).toContain(dirname(program));
    await expect.poll(() => startersOf(program)).toEqual([]);
    for (const repo of repos) {
      const locks = (await sh(repo, 'ls .git/amp/locks 2>/dev/null')).stdout
        .split('\n')
        .filter((name) => /\.lock/.test(name));
      expect(locks, repo).toEqual([]);
      expect((await git(repo, 'fsck', '--no-dangling')).trim()).toBe('');
      expect(await git(repo, 'status', '--porcelain')).toBe('');
    }
    const passed = batch.items.filter(({ state }) => state === 'passed').slice(0, 20);
    for (const { attempts, plan } of passed) {
      const { session, repository, end } = attempts.at(-1)!;
      expect(await git(repository, 'show', `${end!.commit}:done.txt`), plan.item).toBe('yes');
      const its = await contextIn(repository, env);
      expect((await readSession(its, session)).head).toBe(end!.commit);
    }
  });
});
