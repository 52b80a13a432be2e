import { rmSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { locateRepository } from '../../../src/git/locate.ts';
import { openStore } from '../../../src/store/git-store.ts';
import { cli } from '../../support/cli.ts';
import { created, draft } from '../../support/events.ts';
import { git } from '../../support/repo.ts';
import { hookOf, refsIn, syncIn, twoClones, type World, workIn } from '../sync/world.ts';
import { closeIn, packIn } from './pack-world.ts';

const kindsIn = async (dir: string): Promise<string[]> =>
  [...new Set(Object.keys(await refsIn(dir)).map((ref) => ref.split('/')[2]!))].sort();

describe('what a remote, or a secret, keeps back', () => {
  let world: World;
  beforeAll(async () => {
    world = await twoClones();
    await closeIn(world.a, await workIn(world.a, 'one'));
    await syncIn(world.a);
  });

  it('as long as a remote refuses an archive, it keeps the refs that the archive stands for', async () => {
    const { up, a, b } = world;
    await packIn(a);
    const hook = hookOf(up, 'update', 'case "$1" in refs/amp/archive/*) exit 1;; esac');
    const { refused } = await syncIn(a);
    expect(refused.map(({ ref }) => ref.split('/')[2])).toEqual(['archive']);
    expect(await kindsIn(up)).toEqual(['code-archive', 'sessions']);
    await syncIn(b);
    expect(await kindsIn(b)).toEqual(['code-archive', 'sessions']);
    rmSync(hook);
    expect(await syncIn(a)).toMatchObject({ refused: [] });
    expect(await kindsIn(up)).toEqual(['archive', 'code-archive']);
  });

  it('a remote that lets nothing be taken away is left as it is, and nobody’s answers change', async () => {
    const { up, b } = world;
    const [[ref, id]] = Object.entries(await refsIn(b, 'refs/amp/sessions')) as [[string, string]];
    await git(b, 'push', '-q', up, `${id}:${ref}`);
    const hook = hookOf(up, 'update', 'case "$3" in *[!0]*) exit 0;; esac; exit 1');
    expect(await syncIn(b)).toMatchObject({ held: [] });
    expect(await kindsIn(up)).toEqual(['archive', 'code-archive', 'sessions']);
    expect(await kindsIn(b)).toEqual(['archive', 'code-archive']);
    expect(await syncIn(b)).toMatchObject({ fetched: [], pushed: [] });
    rmSync(hook);
    await syncIn(b);
    expect(await kindsIn(up)).toEqual(['archive', 'code-archive']);
  });

  it('a secret in a packed log keeps its archive here, and says in which session it stands', async () => {
    const { up, b } = world;
    const store = await openStore(await locateRepository(b), { clock: systemClock, redact: (text) => text });
    const log = 'sessions/leak000001';
    await store.append(log, [draft('session.created', created())]);
    await store.append(log, [draft('session.renamed', { name: `ghp_${'a1B2'.repeat(9)}`, previous: 'x' })]);
    await store.append(log, [{ type: 'session.archived', by: 'user', data: {} }]);
    await store.flush(log);
    await store.close();
    expect((await packIn(b)).packed.map(({ session }) => session)).toEqual(['leak000001']);
    const { held } = await syncIn(b);
    expect(held.map(({ ref }) => ref.split('/')[2])).toEqual(['archive']);
    expect(held[0]!.secrets[0]).toMatchObject({ where: log, seq: 2 });
    expect(Object.keys(await refsIn(up, 'refs/amp/archive'))).toHaveLength(1);
  });
});

describe('amp-sessions history pack', () => {
  let dir: string;
  let id: string;
  beforeAll(async () => {
    dir = (await twoClones()).a;
    id = await workIn(dir, 'login');
    await closeIn(dir, id);
  });

  it('says what it would do, and does it only when told', async () => {
    const before = await refsIn(dir);
    expect((await cli(dir, ['history', 'pack'])).stdout).toContain('No session is old enough and closed');
    const plan = await cli(dir, ['history', 'pack', '--older-than', '1ms', '--dry-run']);
    expect(plan.stdout).toMatch(/login +archived/);
    expect(plan.stdout).toContain('1 session can be packed away: 2 refs become 2.');
    const json = JSON.parse((await cli(dir, ['history', 'pack', '--older-than', '1ms', '--json'])).stdout);
    expect(json).toMatchObject({ schema: 'amp-sessions/history-pack/v1', dryRun: false, packed: [] });
    expect(await refsIn(dir)).toEqual(before);
    const bad = await cli(dir, ['history', 'pack', '--older-than', 'long']);
    expect(bad.exitCode).toBe(2);
    expect(bad.stderr).toContain('not a duration');
    const done = await cli(dir, ['history', 'pack', '--older-than', '1ms', '-y', '-q']);
    expect(done.stdout.trim()).toBe(id);
    expect(await kindsIn(dir)).toEqual(['archive', 'code-archive']);
    expect((await cli(dir, ['timeline', id])).stdout).toContain('archived');
  });
});
