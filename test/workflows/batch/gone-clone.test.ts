import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
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

/** A batch of three, the first of which a clone has begun that nobody will hear of again; and another clone of it. */
const scene = async (worker: { host: string; pid: number }) => {
  const root = await makeRepo();
  const gone = await contextIn(root, homeEnv());
  const items = [1, 2, 3].map((n) => shell(n, root, 'true'));
  const id = await create(gone, items);
  const journal = openBatchJournal(gone, id);
  await journal.turn(async (turn) => {
    await turn.decide({ do: 'start', data: { reason: 'start', isolation: 'group', ...worker } });
    for (const item of ['001', '002'])
      await turn.decide({ do: 'startAttempt', item, session: `s${item}`, repository: root });
  });
  await journal.close();
  const clone = join(tempDir(), 'clone');
  await git(root, 'clone', '-q', root, clone);
  await git(clone, 'fetch', '-q', 'origin', '+refs/amp/*:refs/amp/*');
  return { id, writer: gone.store.writer, here: await contextIn(clone, homeEnv()), gone };
};

const stateOf = async (ctx: Context, id: string) => (await readBatch(ctx, id)).items.map(({ state }) => state);

describe('what a clone that is gone left running', () => {
  let world: Awaited<ReturnType<typeof scene>>;
  beforeEach(async () => {
    world = await scene({ host: 'node7', pid: 1 });
  });

  it('is told by status with the clone and its machine', async () => {
    const { here, id, writer, gone } = world;
    const { items } = await batchStatus(here, id);
    expect(items.map(({ elsewhere }) => elsewhere)).toEqual([
      { writer, host: 'node7' },
      { writer, host: 'node7' },
      null,
    ]);
    expect((await batchStatus(gone, id)).items.map(({ elsewhere }) => elsewhere)).toEqual([null, null, null]);
  });

  it('is given up by name and tried again here; the log says that somebody did', async () => {
    const { here, id, writer } = world;
    const options = { interrupts: new InterruptSwitch(), view: silentView, items: { running: writer } };
    const { counts } = await retryBatch(here, id, options);
    expect(counts).toMatchObject({ passed: 3, running: 0 });
    const { items } = await readBatch(here, id);
    expect(items.map(({ attempts }) => attempts.map(({ end }) => end?.state))).toEqual([
      ['cancelled', 'passed'],
      ['cancelled', 'passed'],
      ['passed'],
    ]);
    const { events } = await here.store.read(batchLog(id));
    const ended = events.filter(({ type, by }) => type === 'batch-attempt.finished' && by === 'user');
    expect(ended.map(({ data }) => (data as { cause: { message: string } }).cause.message)).toEqual(
      Array(2).fill(
        expect.stringMatching(`^Given up from another clone: ${writer} began it at .* and told no end\\.$`),
      ),
    );
  });

  it('a name that nobody has is refused, with those that there are', async () => {
    const { here, id, writer } = world;
    const error = await errorOf(() => abandonRunning(here, id, 'nobody'));
    expect([error.code, error.hint]).toEqual(['batch.idle', `Other clones run: 001 by ${writer}, 002 by ${writer}.`]);
    await abandonRunning(here, id, writer);
    const again = await errorOf(() => abandonRunning(here, id, writer));
    expect([again.code, again.hint]).toEqual(['batch.idle', expect.stringContaining('No other clone runs any')]);
  });

  it('what this clone itself has begun is looked at by resume, and not given up', async () => {
    const { gone, id, writer } = world;
    const error = await errorOf(() => abandonRunning(gone, id, writer));
    expect([error.code, error.hint]).toEqual(['usage.invalid', expect.stringContaining(`batch resume ${id}`)]);
    expect(await stateOf(gone, id)).toEqual(['running', 'running', 'queued']);
  });

  it('an item that a process here holds is left to it', async () => {
    const { here, id, writer } = world;
    const lock = await takeItem(here, id, '002');
    const error = await errorOf(() => abandonRunning(here, id, writer));
    expect([error.code, error.message]).toEqual(['session.busy', expect.stringContaining(`Process ${process.pid} on`)]);
    expect(await stateOf(here, id)).toEqual(['running', 'running', 'queued']);
    lock!.release();
    expect(await abandonRunning(here, id, writer)).toEqual(['001', '002']);
  });
});

describe('a clone on this very machine', () => {
  it('whose process lives is not gone', async () => {
    const { here, id, writer } = await scene({ host: ownIdentity().host, pid: process.pid });
    const error = await errorOf(() => abandonRunning(here, id, writer));
    expect([error.code, error.hint]).toEqual(['session.busy', 'End it, or wait for it; then try again.']);
  });

  it('whose process has ended is', async () => {
    const { here, id, writer } = await scene({ host: ownIdentity().host, pid: await deadPid() });
    expect(await abandonRunning(here, id, writer)).toEqual(['001', '002']);
  });
});
