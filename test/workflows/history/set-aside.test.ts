import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { inventory, isOwnRef, kindOfRef } from '../../../src/workflows/history/inventory.ts';
import { historySize } from '../../../src/workflows/history/size.ts';
import { planUninstall, uninstall } from '../../../src/workflows/history/uninstall.ts';
import { git, makeRepo, sh } from '../../support/repo.ts';
import { contextIn, make } from '../../support/sessions.ts';

describe('the kind of a ref', () => {
  it.each([
    ['refs/amp/sessions/s1/w1', 'sessions'],
    ['refs/amp/snapshots/s1', 'snapshots'],
    ['refs/amp/tombstones/w1', 'tombstones'],
    ['refs/amp/code-archive/w1/2026-11', 'code-archive'],
    ['refs/amp-incoming/sessions/s1/w1', 'incoming'],
    ['refs/amp-outgoing/sessions/s1/w1', 'outgoing'],
    ['refs/amp-damaged/sessions/s1/w1/x1', 'damaged'],
    ['refs/amp-damaged/notes/x1', 'damaged'],
    ['refs/notes/amp', 'notes'],
  ])('%s: %s', (ref, kind) => expect([kindOfRef(ref), isOwnRef(ref)]).toEqual([kind, true]));

  it.each(['refs/amp-mine/x', 'refs/ampere/x', 'refs/amp', 'refs/notes/amp2', 'refs/heads/amp/x', 'refs/heads/main'])(
    '%s is somebody else’s',
    (ref) => expect(isOwnRef(ref)).toBe(false),
  );
});

describe('what was set aside, and what is on its way', () => {
  let dir = '';
  let log = '';
  const aside: string[] = [];
  const kinds = async () => {
    const size = await historySize(await contextIn(dir));
    return { size, of: new Map(size.kinds.map((kind) => [kind.kind, kind])) };
  };

  beforeAll(async () => {
    dir = await makeRepo();
    const ctx = await contextIn(dir);
    const { session } = await make(ctx);
    await ctx.store.close();
    log = `refs/amp/sessions/${session.id}/${ctx.store.writer}`;
    const damaged = `refs/amp-damaged/sessions/${session.id}/${ctx.store.writer}/x1`;
    aside.push(damaged, `refs/amp-outgoing/sessions/${session.id}/${ctx.store.writer}`, 'refs/amp-damaged/notes/x2');
    for (const ref of aside) await git(dir, 'update-ref', ref, log);
    await git(dir, 'update-ref', 'refs/amp-mine/x', 'HEAD');
  });

  it('is listed by name, with a word on what it is', async () => {
    const { items } = await inventory(await contextIn(dir));
    const told = items.filter(({ name }) => aside.includes(name)).map(({ name, kind, what }) => [name, kind, what]);
    expect(told.sort()).toEqual([
      [aside[2], 'damaged', 'what `verify --repair` set aside'],
      [aside[0], 'damaged', 'what `verify --repair` set aside'],
      [aside[1], 'outgoing', 'on their way out to a remote'],
    ]);
    expect(items.map(({ name }) => name)).not.toContain('refs/amp-mine/x');
    expect(items.every(({ what }) => what !== '')).toBe(true);
  });

  it('costs nothing where the log itself leads to the same, and is nothing that others fetch', async () => {
    const before = await kinds();
    expect([before.of.get('damaged'), before.of.get('outgoing')]).toEqual([
      { kind: 'damaged', refs: 2, bytes: 0 },
      { kind: 'outgoing', refs: 1, bytes: 0 },
    ]);
    expect(before.of.get('sessions')!.bytes).toBeGreaterThan(0);
    await sh(dir, `head -c 9000 /dev/urandom > .git/noise`);
    const blob = await git(dir, 'hash-object', '-w', '.git/noise');
    const tree = (await sh(dir, `printf '100644 blob ${blob}\\tnoise\\n' | git mktree`)).stdout.trim();
    const commit = await git(dir, 'commit-tree', tree, '-p', log, '-m', 'another end');
    await git(dir, 'update-ref', aside[0]!, commit);
    const { size, of } = await kinds();
    expect(of.get('damaged')!.bytes).toBeGreaterThan(9000);
    expect(size.bytes - before.size.bytes).toBe(of.get('damaged')!.bytes);
    expect(size.fetch).toEqual(before.size.fetch);
    expect(size.refs.all).toBe(before.size.refs.all);
  });

  it('code that was packed away is code: a history without code does not cost it', async () => {
    const ref = 'refs/amp/code-archive/w1/2026-11';
    const before = (await kinds()).size.fetch;
    const commit = await git(dir, 'commit-tree', `${aside[0]}^{tree}`, '-p', 'HEAD', '-m', 'packed');
    await git(dir, 'update-ref', '-d', aside[0]!);
    await git(dir, 'update-ref', ref, commit);
    const { size, of } = await kinds();
    expect(of.get('code-archive')!.bytes).toBeGreaterThan(9000);
    expect(size.fetch.withoutCode).toBe(before.withoutCode);
    expect(size.fetch.bytes).toBe(before.bytes + of.get('code-archive')!.bytes);
    const { items } = await inventory(await contextIn(dir));
    expect(items.find(({ name }) => name === ref)?.what).toContain('packed away');
    await git(dir, 'update-ref', '-d', ref);
    await git(dir, 'update-ref', aside[0]!, log);
  });

  it('goes with uninstall, and a ref that only looks alike stays', async () => {
    const wish = { keepHistory: false, unmerged: true, uncommitted: true };
    expect((await planUninstall(await contextIn(dir), wish)).refs).toEqual(expect.arrayContaining(aside));
    expect((await planUninstall(await contextIn(dir), { ...wish, keepHistory: true })).refs).toEqual([]);
    mkdirSync(join(dir, '.git/amp/quarantine/objects.x1'), { recursive: true });
    writeFileSync(join(dir, '.git/amp/quarantine/objects.x1/abc'), 'bad');
    await uninstall(await contextIn(dir), wish);
    expect(await git(dir, 'for-each-ref', '--format=%(refname)')).toBe('refs/amp-mine/x\nrefs/heads/main');
    for (const name of ['amp', 'refs/amp', 'refs/amp-damaged', 'refs/amp-outgoing', 'refs/amp-incoming'])
      expect([name, existsSync(join(dir, '.git', name))]).toEqual([name, false]);
  });
});
