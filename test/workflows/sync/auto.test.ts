import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { acquireLock } from '../../../src/process/lock.ts';
import { changeSyncState, readSyncState, type SyncState } from '../../../src/store/sync/sync-state.ts';
import { syncInBackground } from '../../../src/workflows/sync/auto.ts';
import { syncPlace } from '../../../src/workflows/sync/place.ts';
import { syncStatus } from '../../../src/workflows/sync/status.ts';
import { cli, cliJson } from '../../support/cli.ts';
import { git } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { eventsIn, hookOf, refsIn, twoClones, workIn } from './world.ts';

const AUTO = { AMP_SESSIONS_SYNC_AUTO: 'true' };
const MADE = ['new', '--name', 'task', '-p', 'Do it', '-a', 'command:true', '-q'];

const background = async (dir: string): Promise<SyncState> => {
  const ctx = await contextIn(dir, { ...process.env, ...AUTO });
  const where = syncPlace(ctx, { 'history-only': false, directory: dir });
  await syncInBackground(ctx, { ...where, push: true, pull: true, dryRun: false });
  return readSyncState(ctx.repo);
};

const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 400 && !(await isSo()); tries++) await sleep(50);
  expect(await isSo()).toBe(true);
};

const seconds = (from: string | null, to: string | null): number =>
  (Date.parse(to ?? '') - Date.parse(from ?? '')) / 1000;

it('what a command recorded is synced after it; offline it waits, is told of once, and tried again', async () => {
  const { up, a } = await twoClones();
  const { repo } = await contextIn(a);
  const first = await cli(a, MADE, AUTO);
  expect(first).toMatchObject({ exitCode: 0, stderr: '' });
  await until(() => readSyncState(repo).remotes['origin'] !== undefined);
  expect(Object.keys(await refsIn(up))).toEqual([expect.stringContaining(`refs/amp/sessions/${first.stdout.trim()}/`)]);
  expect(readSyncState(repo)).toMatchObject({ since: null, wanted: null, attempts: 0 });

  renameSync(up, `${up}-gone`);
  expect(await cli(a, MADE, AUTO)).toMatchObject({ exitCode: 0, stderr: '' });
  await until(() => readSyncState(repo).attempts === 1);
  const once = readSyncState(repo);
  expect(once.reason).toContain('cannot be reached');
  const second = await background(a);
  expect(second).toMatchObject({ attempts: 2, since: once.since });
  const told = await cli(a, ['list', '-q', '--json'], AUTO);
  expect(told).toMatchObject({ exitCode: 0, stderr: '' });
  const line = (await cli(a, ['list'], AUTO)).stderr;
  expect(line).toMatch(
    /^$|^! History is not synced yet \(2 tries\): .*tried again with the next command after \d\d:\d\d UTC\.\n$/,
  );
  expect((await cli(a, ['list'], AUTO)).stderr).toBe('');
  const { json } = await cliJson(a, ['sync', '--status']);
  expect(json).toMatchObject({ remotes: [{ error: expect.any(String) }], queued: { attempts: 2, since: once.since } });
  expect((await cli(a, ['doctor'], AUTO)).stdout).toMatch(/! sync +waits since .*, 2 tries in vain/);

  renameSync(`${up}-gone`, up);
  await sleep(100);
  expect(readSyncState(repo).attempts).toBe(2);
  // A command that records nothing is enough, once the time has come.
  changeSyncState(repo, () => ({ next: '2026-01-01T00:00:00.000Z' }));
  await cli(a, ['list'], AUTO);
  await until(async () => Object.keys(await refsIn(up)).length === 2);
  await until(() => readSyncState(repo).since === null);
});

it('waits longer from try to try, an hour at most, and what was recorded meanwhile still waits after it', async () => {
  const { up, a } = await twoClones();
  const id = await workIn(a);
  const { repo } = await contextIn(a);
  await git(a, 'remote', 'set-url', 'origin', `${up}-gone`);
  const waits: number[] = [];
  for (const attempts of [0, 1, 2, 30]) {
    changeSyncState(repo, () => ({ attempts }));
    const began = new Date().toISOString();
    waits.push(Math.round(seconds(began, (await background(a)).next) / 10) * 10);
  }
  expect(waits).toEqual([30, 60, 120, 3600]);
  await git(a, 'remote', 'set-url', 'origin', up);
  const later = new Date(Date.now() + 60_000).toISOString();
  changeSyncState(repo, () => ({ wanted: later }));
  expect(await background(a)).toMatchObject({ since: later, wanted: later, attempts: 0, next: null });
  expect(Object.keys(await refsIn(up, `refs/amp/sessions/${id}`))).toHaveLength(1);

  hookOf(up, 'update', 'case "$1" in refs/amp/code/*) exit 1;; esac');
  const bad = await workIn(a, 'bad');
  await background(a);
  const ctx = await contextIn(a);
  const [standing] = (await syncStatus(ctx, syncPlace(ctx, { 'history-only': false, directory: a }))).remotes;
  expect(standing?.last?.refused.map(({ ref }) => ref)).toEqual([expect.stringContaining(`refs/amp/code/${bad}/`)]);
  rmSync(join(up, 'hooks/update'));
  await background(a);
  writeFileSync(join(repo.commonDir, 'amp/sync-state.json'), '{"attempts": "x", "remotes": {"origin": 7}, "next"');
  expect(readSyncState(repo)).toMatchObject({ attempts: 0, remotes: {} });
});

it('of many at once one syncs and one waits; the rest has nothing to add', async () => {
  const { up, a, b } = await twoClones();
  const ids = [await workIn(a, 'one')];
  const { repo } = await contextIn(a);
  const running = await acquireLock(join(repo.commonDir, 'amp/locks/sync.lock'), { command: 'sync' });
  const waiting = background(a);
  await until(() => existsSync(join(repo.commonDir, 'amp/locks/sync-next.lock')));
  await background(a);
  expect(await refsIn(up)).toEqual({});
  ids.push(await workIn(a, 'two'));
  running.release();
  await waiting;
  await background(b);
  for (const id of ids) expect(await eventsIn(b, id)).toEqual(await eventsIn(a, id));
});

it("a repository's own file decides neither that nor where to, unless it is trusted", async () => {
  const { up, a } = await twoClones();
  await git(a, 'remote', 'set-url', 'origin', `${up}-gone`);
  writeFileSync(join(a, '.amp-sessions.yaml'), `sync:\n  auto: true\n  remote: ${up}\n`);
  expect(await cli(a, MADE)).toMatchObject({ exitCode: 0, stderr: '' });
  const refused = await cliJson(a, ['sync']);
  expect(refused).toMatchObject({ exitCode: expect.any(Number), json: { error: { code: 'config.untrusted' } } });
  await sleep(300);
  expect(existsSync(join(a, '.git/amp/sync-state.json'))).toBe(false);
  expect(await refsIn(up)).toEqual({});
  await cli(a, ['config', 'trust']);
  await cli(a, MADE);
  await until(async () => Object.keys(await refsIn(up)).length === 2);
  await until(
    () =>
      existsSync(join(a, '.git/amp/sync-state.json')) &&
      readFileSync(join(a, '.git/amp/sync-state.json'), 'utf8').includes('refused'),
  );
});
