import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ownIdentity } from '../../../src/process/identity.ts';
import { batchLog, readBatch } from '../../../src/workflows/batch/home.ts';
import { openBatchJournal } from '../../../src/workflows/batch/journal.ts';
import { takeItem } from '../../../src/workflows/batch/locks.ts';
import { abandonRunning, retryBatch } from '../../../src/workflows/batch/retry.ts';
import { batchStatus } from '../../../src/workflows/batch/status.ts';
import { silentView } from '../../../src/workflows/batch/view.ts';
import type { Context } from '../../../src/workflows/context.ts';
import { InterruptSwitch } from '../../../src/workflows/interrupts.ts';
import { errorOf } from '../../config/support.ts';
import { git, makeRepo, tempDir } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { create, homeEnv, shell } from './engine.ts';

/** The pid of a process that has ended. */
const deadPid = async (): Promise<number> => {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await new Promise((resolve) => child.on('close', resolve));
  return child.pid!;
};

/** A batch of three, two of which a clone has begun that nobody will hear of again; and another clone of it. */
const scene = async () => {
  const root = await makeRepo();
  const [env, theirs] = [homeEnv(), homeEnv()];
  const gone = await contextIn(root, theirs);
  const items = [1, 2, 3].map((n) => shell(n, root, 'true'));
  const id = await create(gone, items);
  const clone = join(tempDir(), 'clone');
  await git(root, 'clone', '-q', root, clone);
  /** The clone that is gone says who it is; what it has begun is known here then. */
  const begin = async (worker: { host: string; pid: number }, begun: string[] = []) => {
    const journal = openBatchJournal(await contextIn(root, theirs), id);
    await journal.turn(async (turn) => {
      await turn.decide({ do: 'start', data: { reason: 'start', isolation: 'group', ...worker } });
      for (const item of begun) await turn.decide({ do: 'startAttempt', item, session: `s${item}`, repository: root });
    });
    await journal.close();
    await git(clone, 'fetch', '-q', 'origin', '+refs/amp/*:refs/amp/*');
  };
  await begin({ host: 'node7', pid: 1 }, ['001', '002']);
  // A context ends with the test that opened it.
  const here = () => contextIn(clone, env);
  return { id, writer: gone.store.writer, here, gone: () => contextIn(root, theirs), begin };
};

const stateOf = async (ctx: Context, id: string) => (await readBatch(ctx, id)).items.map(({ state }) => state);

describe('what a clone that is gone left running', () => {
  let world: Awaited<ReturnType<typeof scene>>;
  beforeAll(async () => {
    world = await scene();
  });

  it('is told by status with the clone and its machine', async () => {
    const { here, id, writer, gone } = world;
    const { items } = await batchStatus(await here(), id);
    const there = { writer, host: 'node7' };
    expect(items.map(({ elsewhere }) => elsewhere)).toEqual([there, there, null]);
    const own = await batchStatus(await gone(), id);
    expect(own.items.map(({ elsewhere }) => elsewhere)).toEqual([null, null, null]);
  });

  it('a name that nobody has is refused, with those that there are', async () => {
    const { here, id, writer } = world;
    const ctx = await here();
    const error = await errorOf(() => abandonRunning(ctx, id, 'nobody'));
    expect([error.code, error.hint]).toEqual(['batch.idle', `Other clones run: 001 by ${writer}, 002 by ${writer}.`]);
  });

  it('what this clone itself has begun is looked at by resume, and not given up', async () => {
    const { gone, id, writer } = world;
    const ctx = await gone();
    const error = await errorOf(() => abandonRunning(ctx, id, writer));
    expect([error.code, error.hint]).toEqual(['usage.invalid', expect.stringContaining(`batch resume ${id}`)]);
    expect(await stateOf(ctx, id)).toEqual(['running', 'running', 'queued']);
  });

  it('an item that a process here holds is left to it', async () => {
    const { here, id, writer } = world;
    const ctx = await here();
    const lock = await takeItem(ctx, id, '002');
    const error = await errorOf(() => abandonRunning(ctx, id, writer));
    lock!.release();
    expect([error.code, error.message]).toEqual(['session.busy', expect.stringContaining(`Process ${process.pid} on`)]);
    expect(await stateOf(ctx, id)).toEqual(['running', 'running', 'queued']);
  });

  it('so is a clone on this very machine whose process lives', async () => {
    const { here, id, writer, begin } = world;
    await begin({ host: ownIdentity().host, pid: process.pid });
    const ctx = await here();
    const error = await errorOf(() => abandonRunning(ctx, id, writer));
    expect([error.code, error.hint]).toEqual(['session.busy', 'End it, or wait for it; then try again.']);
    await begin({ host: ownIdentity().host, pid: await deadPid() });
  });

  it('is given up by name and tried again here; the log says that somebody did', async () => {
    const { here, id, writer } = world;
    const ctx = await here();
    const options = { interrupts: new InterruptSwitch(), view: silentView, items: { running: writer } };
    const { counts } = await retryBatch(ctx, id, options);
    expect(counts).toMatchObject({ passed: 3, running: 0 });
    const { items } = await readBatch(ctx, id);
    expect(items.map(({ attempts }) => attempts.map(({ end }) => end?.state))).toEqual([
      ['cancelled', 'passed'],
      ['cancelled', 'passed'],
      ['passed'],
    ]);
    const { events } = await ctx.store.read(batchLog(id));
    const ended = events.filter(({ type, by }) => type === 'batch-attempt.finished' && by === 'user');
    expect(ended.map(({ data }) => (data as { cause: { message: string } }).cause.message)).toEqual(
      Array(2).fill(
        expect.stringMatching(`^Given up from another clone: ${writer} began it at .* and told no end\\.$`),
      ),
    );
    const again = await errorOf(() => abandonRunning(ctx, id, writer));
    expect([again.code, again.hint]).toEqual(['batch.idle', expect.stringContaining('No other clone runs any')]);
  });
});
