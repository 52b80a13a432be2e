import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cliJson } from '../support/cli.ts';
import { makeRepo, tempDir } from '../support/repo.ts';
import { atTerminal, CTRL_C, hasTerminal, screenOf } from '../support/terminal.ts';
import { homeEnv } from '../workflows/batch/engine.ts';

/** Works until it is let go, and leaves a sign of life all the while. */
const AGENT = `#!/bin/sh
cat > /dev/null
echo work >> work.txt
while [ ! -e "$HOLD/go" ]; do
  echo x >> "$HOLD/$AMP_SESSIONS_SESSION.alive"
  sleep 0.05
done
`;

let env: NodeJS.ProcessEnv;
let repo: string;
let dir: string;
beforeAll(async () => {
  repo = await makeRepo();
  dir = tempDir('amp-batch-');
  writeFileSync(join(dir, 'agent.sh'), AGENT);
  chmodSync(join(dir, 'agent.sh'), 0o755);
  env = homeEnv();
});

const held = (id: string): string => join(dir, id);

const file = (id: string): string => {
  const path = join(dir, `${id}.yaml`);
  const agent = `"command:HOLD=${held(id)} ${join(dir, 'agent.sh')}"`;
  mkdirSync(held(id));
  const items = ['one', 'two', 'three'].map((name) => `  - { name: ${name}, prompt: write }\n`).join('');
  writeFileSync(path, `runId: ${id}\nconcurrency: 2\ndefaults: { repo: ${repo}, agent: ${agent} }\nmatrix:\n${items}`);
  return path;
};

/** How many agents give a sign of life. */
const alive = async (id: string): Promise<number> => {
  const sizes = (): Map<string, number> =>
    new Map(
      readdirSync(held(id))
        .filter((name) => name.endsWith('.alive'))
        .map((name) => [name, statSync(join(held(id), name)).size]),
    );
  const before = sizes();
  await sleep(500);
  return [...sizes()].filter(([name, size]) => size > (before.get(name) ?? 0)).length;
};

const statesOf = async (id: string): Promise<string[]> => {
  const { json } = await cliJson(repo, ['batch', 'status', id], env);
  return json.items.map(({ state }: { state: string }) => state);
};

const open: ReturnType<typeof atTerminal>[] = [];
const started = (args: string[]): ReturnType<typeof atTerminal> => {
  const seen = atTerminal(repo, args, { env });
  open.push(seen);
  return seen;
};
afterEach(() => {
  for (const one of open.splice(0)) one.kill();
  for (const id of ['drained', 'ended']) if (existsSync(held(id))) writeFileSync(join(held(id), 'go'), '');
});

it('a screen is what stays of what was written', () => {
  expect(screenOf('a\r\nb\r\n\r\x1b[2A\x1b[0Jc\x1b[36md\x1b[39m\r\n')).toEqual(['cd', '']);
});

describe.skipIf(!hasTerminal)('a batch at a terminal', () => {
  it('shows who is at work; Ctrl-C lets them finish, and nothing new begins', async () => {
    const seen = started(['batch', 'start', '-f', file('drained')]);
    await seen.until(/\? .*\[y\/N\]/i);
    seen.type('y\r');
    await seen.until(/1 queued, 2 running/);
    await seen.until(/one[^\n]*\n[^\n]*two/);
    seen.type(CTRL_C);
    await seen.until(/Stopping: 2 running items may finish\. Once more ends them\./);
    expect(await alive('drained')).toBe(2);
    expect(await statesOf('drained')).toEqual(['running', 'running', 'queued']);
    writeFileSync(join(held('drained'), 'go'), '');
    expect(await seen.ended).toBe(130);
    expect(await statesOf('drained')).toEqual(['passed', 'passed', 'queued']);
    const screen = seen.screen();
    expect(screen.filter((line) => /one.*passed|passed.*one/.test(line))).toHaveLength(1);
    expect(screen.join('\n')).not.toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/);
  });

  it('goes on there, to its end', async () => {
    const seen = started(['batch', 'resume', 'drained']);
    expect(await seen.ended).toBe(0);
    expect(await statesOf('drained')).toEqual(['passed', 'passed', 'passed']);
  });

  it('a second Ctrl-C ends who is at work, and says how to go on', async () => {
    const seen = started(['batch', 'start', '-f', file('ended'), '--trust']);
    await seen.until(/1 queued, 2 running/);
    while ((await alive('ended')) < 2);
    seen.type(CTRL_C);
    await sleep(300);
    expect(await alive('ended')).toBe(2);
    seen.type(CTRL_C);
    expect(await seen.ended).toBe(130);
    expect(await alive('ended')).toBe(0);
    expect(await statesOf('ended')).not.toContain('running');
    expect(seen.screen().join('\n')).toContain('amp-sessions batch resume ended');
  });
});
