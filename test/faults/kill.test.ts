import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, PROGRAM } from '../support/cli.ts';
import { makeRepo, sh, tempDir } from '../support/repo.ts';

/** Kills in all, spread over lanes that run beside each other; TEST_KILLS=1000 for a longer night. */
const KILLS = Number(process.env['TEST_KILLS'] ?? 50);
const LANES = 2;
/** So many deaths, one upon the other, until a command is let live and everything is compared. */
const CHECK_EVERY = 5;
const SEED = Number(process.env['TEST_SEED'] ?? 20_261_122);

/** mulberry32: a failing night is replayed by its seed. */
const random = (seed: number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};

const SCRIPT = `
after: repeat
iterations:
  - - message: Working.
    - run: date +%N >> work.txt
    - usage: { input: 1, output: 2 }
    - run: date +%N > other-$$.txt
    - message: Did a little.
`;

/** Starts the program, kills it -9 after so long, and gives what it had printed by then. */
const killed = (dir: string, args: string[], afterMs: number): Promise<{ out: string; ms: number; done: boolean }> =>
  new Promise((resolve) => {
    const began = performance.now();
    const child = spawn(process.execPath, [PROGRAM, '-C', dir, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ out, ms: performance.now() - began, done: code !== null });
    });
  });

/** All that is the user's: checkout, index, HEAD, configuration, hooks, their branches. */
const users = async (dir: string): Promise<string> =>
  (
    await sh(
      dir,
      'cat .git/HEAD .git/config; sha256sum .git/index; sha256sum .git/hooks/*; git for-each-ref refs/heads/main refs/tags; find . -path ./.git -prune -o -path ./.worktrees -prune -o -type f -print0 | sort -z | xargs -0 sha256sum',
    )
  ).stdout;

const fsck = async (dir: string): Promise<void> => {
  const ran = await sh(dir, 'git fsck --full --strict --no-dangling 2>&1');
  expect(ran.exitCode, ran.stdout).toBe(0);
};

const whole = (out: string): string[] =>
  out
    .slice(0, out.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean);

/** What a lane has been told, to be found again whatever died since. */
interface Told {
  created: string[];
  /** Events printed by an iteration that was killed later. */
  events: unknown[];
}

/** One run that is killed, or ends before; the next one is its recovery, and may be killed again. */
const round = async (dir: string, args: string[], afterMs: number, told: Told) => {
  const { out, done, ms } = await killed(dir, args, afterMs);
  if (args[0] === 'new') told.created.push(...(out.endsWith('}\n') ? [JSON.parse(out).id as string] : []));
  else told.events.push(...whole(out).map((line) => JSON.parse(line) as unknown));
  return { done, ms };
};

/** The next command goes on, and nothing that was told is gone. */
const check = async (dir: string, session: string, told: Told): Promise<void> => {
  const after = await cli(dir, ['iterate', session, '--json']);
  expect(after.exitCode, after.stdout + after.stderr).toBe(0);
  const json = async (...args: string[]) => JSON.parse((await cli(dir, [...args, '--json'])).stdout);
  const { items } = (await json('list')) as { items: { id: string }[] };
  expect(items.map(({ id }) => id)).toEqual(expect.arrayContaining(told.created));
  const kept = new Set(((await json('timeline', session)).items as unknown[]).map((event) => JSON.stringify(event)));
  expect(told.events.filter((event) => !kept.has(JSON.stringify(event)))).toEqual([]);
  const { state, history } = (await json('status', session)) as {
    state: string;
    history: { outcome: string | null; commit?: string }[];
  };
  expect(state).toBe('idle');
  expect(history.every(({ outcome }) => outcome !== null)).toBe(true);
  const commits = history.flatMap(({ commit }) => (commit ? [commit] : []));
  for (const commit of commits.slice(-CHECK_EVERY * 2))
    expect((await sh(dir, `git notes --ref=amp show ${commit}`)).stdout).toContain('iteration.finished');
};

const lane = async (kills: number, chance: () => number): Promise<number> => {
  const dir = await makeRepo();
  const agent = join(tempDir('amp-script-'), 'agent.yaml');
  writeFileSync(agent, SCRIPT);
  const before = await users(dir);
  const create = ['new', '--name', 'n', '--prompt', 'p', '-a', `scripted:${agent}`, '--test', 'true', '--json'];
  const session = JSON.parse((await cli(dir, create)).stdout).id as string;
  const told: Told = { created: [session], events: [] };
  const spans = { new: 700, iterate: 1500 };
  let interrupted = 0;
  for (let i = 0; i < kills; i++) {
    const verb = i % 3 === 0 ? 'new' : 'iterate';
    const args = verb === 'new' ? create : ['iterate', session, '--stream-json'];
    const { done, ms } = await round(dir, args, chance() * spans[verb], told);
    if (done) spans[verb] = ms;
    else interrupted += 1;
    if (i % CHECK_EVERY < CHECK_EVERY - 1 && i < kills - 1) continue;
    // What is torn is seen before anything could mend it.
    await fsck(dir);
    await check(dir, session, told);
    await fsck(dir);
    expect(await users(dir)).toBe(before);
  }
  return interrupted;
};

describe('kill -9', () => {
  it(`at ${KILLS} random moments of new and iterate loses nothing (seed ${SEED})`, {
    timeout: KILLS * 15_000,
  }, async () => {
    const lanes = Array.from({ length: LANES }, (_, i) => lane(Math.ceil(KILLS / LANES), random(SEED + i)));
    const interrupted = (await Promise.all(lanes)).reduce((sum, n) => sum + n, 0);
    expect(interrupted).toBeGreaterThan(KILLS / 3);
  });
});
