import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, PROGRAM } from '../support/cli.ts';
import { makeRepo, sh, tempDir } from '../support/repo.ts';

/** Kills in all, spread over lanes that run beside each other; TEST_KILLS=1000 for a longer night. */
const KILLS = Number(process.env['TEST_KILLS'] ?? 200);
const LANES = 2;
const SEED = Number(process.env['TEST_SEED'] ?? Math.floor(performance.timeOrigin) % 1_000_000);

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

const lane = async (kills: number, chance: () => number): Promise<number> => {
  const dir = await makeRepo();
  const agent = join(tempDir('amp-script-'), 'agent.yaml');
  writeFileSync(agent, SCRIPT);
  const before = await users(dir);
  const create = ['new', '--name', 'n', '--prompt', 'p', '-a', `scripted:${agent}`, '--test', 'true', '--json'];
  let spans = { new: 700, iterate: 1500 };
  let lasting = JSON.parse((await cli(dir, create)).stdout).id as string;
  let interrupted = 0;
  for (let i = 0; i < kills; i++) {
    if (i % 3 === 0) {
      const { out, done, ms } = await killed(dir, create, chance() * spans.new);
      if (done) spans = { ...spans, new: ms };
      else interrupted += 1;
      const listed = JSON.parse((await cli(dir, ['list', '--json'])).stdout) as { items: { id: string }[] };
      if (out.endsWith('}\n')) expect(listed.items.map(({ id }) => id)).toContain(JSON.parse(out).id);
      lasting = listed.items.at(-1)!.id;
    } else {
      const { out, done, ms } = await killed(dir, ['iterate', lasting, '--stream-json'], chance() * spans.iterate);
      if (done) spans = { ...spans, iterate: ms };
      else interrupted += 1;
      const acknowledged = whole(out).map((line) => JSON.parse(line) as { seq: number; type: string });
      const after = await cli(dir, ['iterate', lasting, '--json']);
      expect(after.exitCode, after.stdout + after.stderr).toBe(0);
      const kept = (JSON.parse((await cli(dir, ['timeline', lasting, '--json'])).stdout) as { items: unknown[] }).items;
      for (const event of acknowledged) expect(kept).toContainEqual(event);
      const open = JSON.parse((await cli(dir, ['status', lasting, '--json'])).stdout) as {
        state: string;
        history: { outcome: string | null; commit?: string }[];
      };
      expect(open.state).toBe('idle');
      expect(open.history.every(({ outcome }) => outcome !== null)).toBe(true);
      for (const { commit } of open.history)
        if (commit)
          expect((await sh(dir, `git notes --ref=amp show ${commit}`)).stdout).toContain('iteration.finished');
    }
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
