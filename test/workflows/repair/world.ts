import { chmodSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Draft } from '../../../src/events/catalogue.ts';
import { sessionLog } from '../../../src/events/envelope.ts';
import { codeRef, eventsFile, laneRef } from '../../../src/store/layout.ts';
import { type RepairWish, repair } from '../../../src/workflows/repair/repair.ts';
import { verify } from '../../../src/workflows/verify.ts';
import { created, draft, finished, started } from '../../support/events.ts';
import { git, sh } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { syncIn, twoClones } from '../sync/world.ts';

export const SESSION = 's000000001';
export const LOG = sessionLog(SESSION);

const said = (n: number, text = `step ${n} ä`): Draft =>
  ({ type: 'agent-message.received', by: 'agent', data: { iteration: 1, text } }) as unknown as Draft;

/** A session of three flushes, with a kept commit, its note and a long text, on a remote and in two clones. */
export const makeWorld = async () => {
  const { up, a, b } = await twoClones();
  const ctx = await contextIn(a);
  const { store } = ctx;
  await git(a, 'commit', '-q', '--allow-empty', '-m', 'work');
  await git(a, 'push', '-q', 'origin', 'HEAD:main');
  const commit = await git(a, 'commit-tree', 'HEAD^{tree}', '-p', 'HEAD', '-m', 'kept');
  await store.append(LOG, [draft('session.created', created()), started(1)]);
  await store.append(
    LOG,
    Array.from({ length: 8 }, (_, n) => said(n)),
  );
  await store.flush(LOG);
  await store.append(LOG, [said(9, 'y'.repeat(70_000)), ...Array.from({ length: 9 }, (_, n) => said(10 + n))]);
  await store.flush(LOG);
  const [end] = await store.append(LOG, [finished(1, { commit })]);
  await store.append(
    LOG,
    Array.from({ length: 9 }, (_, n) => said(20 + n)),
  );
  await store.flush(LOG, { notes: new Map([[commit, [end!]]]), code: [commit] });
  await syncIn(a);
  await syncIn(b);
  const lane = { log: LOG, writer: store.writer };
  return {
    up,
    a,
    b,
    commit,
    lane,
    ref: laneRef(lane),
    code: codeRef(SESSION, store.writer),
    wal: eventsFile(ctx.repo, lane),
  };
};

export const repairIn = async (dir: string, over: Partial<RepairWish> = {}) => {
  const ctx = await contextIn(dir);
  const answer = await repair(ctx, { directory: dir, dryRun: false, onStep: () => {}, ...over });
  await ctx.store.close();
  return answer;
};

export const verifyIn = async (dir: string) => verify(await contextIn(dir));

export const append = async (dir: string, count: number, from = 100): Promise<void> => {
  const { store } = await contextIn(dir);
  await store.append(
    LOG,
    Array.from({ length: count }, (_, n) => said(from + n)),
  );
};

export const linesIn = async (dir: string): Promise<string[]> =>
  (await (await contextIn(dir)).store.read(LOG)).events.map((event) => JSON.stringify(event));

/** Every object as a file of its own, so that one can be spoiled. */
export const explode = async (dir: string): Promise<void> => {
  const packs = join(dir, '.git/objects/pack');
  const aside = join(dir, '.git/packs-aside');
  renameSync(packs, aside);
  for (const name of readdirSync(aside).filter((file) => file.endsWith('.pack')))
    await sh(dir, `git unpack-objects -q < '${join(aside, name)}'`);
  rmSync(aside, { recursive: true });
};

export const objectFile = (dir: string, id: string): string => {
  const file = join(dir, '.git/objects', id.slice(0, 2), id.slice(2));
  if (existsSync(file)) chmodSync(file, 0o644);
  return file;
};

export const isClean = async (dir: string): Promise<string> => {
  const { stdout, stderr } = await sh(dir, 'git fsck --full --no-dangling 2>&1');
  return stdout + stderr;
};
