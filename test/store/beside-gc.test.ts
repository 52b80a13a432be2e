import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import type { Draft } from '../../src/events/catalogue.ts';
import { sessionLog } from '../../src/events/envelope.ts';
import { verify } from '../../src/workflows/verify.ts';
import { exec, git, makeRepo, sh } from '../support/repo.ts';
import { contextIn } from '../support/sessions.ts';

/** As many appends as are made; `TEST_GC_APPENDS=5000` is the run that a release makes. */
const APPENDS = Number(process.env['TEST_GC_APPENDS'] ?? 100);
const SESSIONS = 4;

/** All that a person or git itself may do to a repository at any time, over and over. */
const CLEANING = `while [ ! -e .git/stop ]; do
  git gc -q --prune=now; git repack -adq; git pack-refs --all; git reflog expire --expire=now --all
  git prune --expire=now; git worktree prune; echo >> .git/rounds
done`;

const said = (n: number): Draft =>
  ({
    type: 'agent-message.received',
    by: 'agent',
    data: { iteration: 1, text: `${n} `.repeat(40) },
  }) as unknown as Draft;

test('gc, repack, pack-refs, reflog expire, prune and worktree prune in a loop take nothing of what is appended beside them', async () => {
  const dir = await makeRepo();
  await sh(dir, 'for n in $(seq 30); do echo $n > n.txt; git add n.txt; git commit -qm $n; done');
  const cleaning = spawn('sh', ['-c', CLEANING], { cwd: dir, stdio: 'ignore' });
  const ended = new Promise((resolve) => cleaning.on('close', resolve));
  const { store } = await contextIn(dir);
  const logs = Array.from({ length: SESSIONS }, (_, n) => sessionLog(`s${n}`));
  const acknowledged = new Map<string, string[]>(logs.map((log) => [log, []]));
  const head = await git(dir, 'rev-parse', 'HEAD');
  try {
    for (let n = 0; n < APPENDS; n++) {
      const log = logs[n % SESSIONS]!;
      const [event] = await store.append(log, [said(n)]);
      acknowledged.get(log)!.push(JSON.stringify(event));
      if (n % 10 === 9) await store.flush(log, { code: [head], notes: new Map([[head, [event!]]]) });
    }
    for (const log of logs) await store.flush(log);
  } finally {
    await exec(dir, 'touch', ['.git/stop']);
    await ended;
  }
  const rounds = Number((await sh(dir, 'wc -l < .git/rounds')).stdout);
  expect(rounds).toBeGreaterThan(0);
  const fresh = await contextIn(dir);
  for (const log of logs) {
    const { events, warnings } = await fresh.store.read(log);
    expect([events.map((event) => JSON.stringify(event)), warnings]).toEqual([acknowledged.get(log), []]);
  }
  expect(await verify(fresh)).toMatchObject({ ok: true, events: APPENDS });
  expect(await sh(dir, 'git fsck --full --strict --no-dangling')).toMatchObject({ exitCode: 0 });
}, 1_200_000);
