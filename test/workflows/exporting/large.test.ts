import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openCatFile } from '../../../src/git/git.ts';
import { readLanes, type StoredLane } from '../../../src/store/lanes/read-lanes.ts';
import type { Out } from '../../../src/workflows/export/out-file.ts';
import { LineFile } from '../../../src/workflows/import/file-lines.ts';
import { lookAtFile } from '../../../src/workflows/import/look-at-file.ts';
import { importHistory } from '../../support/history.ts';
import { git, makeRepo, tempDir } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { elsewhere, exportFrom, importInto, seeded } from './support.ts';

/** Enough for more than one piece. */
const EVENTS = 20_000;

/** Lines of one writer: small ones, as an agent's are. */
const writeLines = (path: string, count: number): void => {
  const log = 'sessions/large00001';
  let prev = '0'.repeat(64);
  const parts: string[] = [];
  for (let seq = 1; seq <= count; seq += 1) {
    const line = JSON.stringify({
      v: 1,
      log,
      writer: 'wlarge0001',
      seq,
      clock: seq,
      at: '2026-11-22T10:00:00.000Z',
      by: 'agent',
      type: 'future.said',
      data: { text: `word ${seq}` },
      prev,
    });
    prev = createHash('sha256').update(line).digest('hex');
    parts.push(line, '\n');
  }
  writeFileSync(path, parts.join(''));
};

describe('20,000 events', () => {
  let path: string;
  let imported: string;
  beforeAll(() => {
    path = join(tempDir(), 'large.ndjson');
    writeLines(path, EVENTS);
  });

  it('are checked without being kept: what is remembered does not grow with them', () => {
    const file = new LineFile(path);
    const look = lookAtFile(file);
    file.close();
    expect(look.events).toBe(EVENTS);
    const [lane] = look.lanes.values();
    expect(lane!.ranges).toEqual([{ start: 0, end: statSync(path).size, number: 1 }]);
    expect(lane!.end.seq).toBe(EVENTS);
    expect(JSON.stringify([...look.lanes.values(), ...look.texts]).length).toBeLessThan(1000);
  });

  it('come in as pieces of some megabytes, and are named by their blobs only', async () => {
    const ctx = await elsewhere();
    imported = ctx.repo.root;
    expect((await importInto(ctx, path)).taken).toEqual([
      { log: 'sessions/large00001', writer: 'wlarge0001', events: EVENTS },
    ]);
    const lanes: StoredLane[] = [];
    for await (const lane of readLanes(ctx.repo, ['sessions/large00001'])) lanes.push(lane);
    expect(lanes).toHaveLength(1);
    expect(lanes[0]!.segments.length).toBeGreaterThan(1);
    expect(lanes[0]!.loose.length).toBe(0);
    const reader = openCatFile(ctx.repo);
    let bytes = 0;
    for (const { id } of lanes[0]!.segments) {
      const blob = await reader.object(id);
      expect(blob!.bytes.length).toBeLessThan(5 << 20);
      bytes += blob!.bytes.length;
    }
    reader.close();
    expect(bytes).toBe(statSync(path).size);
  });

  it('leave with no more than one piece of a log in hand', async () => {
    const ctx = await contextIn(imported);
    const sizes: number[] = [];
    const { exportLogs, selectLogs } = await import('../../../src/workflows/export/export-log.ts');
    const out: Out = {
      bytes: 0,
      whole: () => '',
      check: () => {},
      write: async (bytes) => {
        sizes.push(bytes.length);
      },
    };
    const logs = await selectLogs(ctx, { sessions: [], directory: ctx.repo.root });
    expect(await exportLogs([{ ctx, logs }], out)).toMatchObject({ rows: EVENTS, sessions: 1, held: [] });
    expect(Math.max(...sizes)).toBeLessThan(5 << 20);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(statSync(path).size);
  });
});

describe('lanes as they lie here', () => {
  it('come log by log in the order asked for, a log’s writers in theirs', async () => {
    const { dir, lines } = await seeded(9, 6);
    const ctx = await contextIn(dir);
    const logs = (await ctx.store.logs()).map(({ log }) => log).reverse();
    const seen: string[] = [];
    for await (const { log, writer } of readLanes(ctx.repo, logs)) seen.push(`${log} ${writer}`);
    const expected = new Set(
      lines.map((line) => {
        const { log, writer } = JSON.parse(line) as { log: string; writer: string };
        return `${log} ${writer}`;
      }),
    );
    expect([...seen].sort()).toEqual([...expected].sort());
    expect([...new Set(seen.map((key) => key.split(' ')[0]))]).toEqual(logs);
    for (const [at, key] of seen.entries()) {
      const before = seen[at - 1];
      if (before?.split(' ')[0] === key.split(' ')[0]) expect(before! < key).toBe(true);
    }
  });

  it('of a log that is not here are none', async () => {
    const ctx = await elsewhere();
    for await (const lane of readLanes(ctx.repo, ['sessions/none'])) expect(lane).toBeUndefined();
  });
});

describe('other repositories', () => {
  let source: Awaited<ReturnType<typeof seeded>>;
  beforeAll(async () => {
    source = await seeded(4, 3);
  });

  it('with SHA-256 take the same lines', async () => {
    const { dir, lines } = source;
    const { path, text } = await exportFrom(dir);
    const ctx = await contextIn(await makeRepo({ empty: true, objectFormat: 'sha256' }));
    expect((await importInto(ctx, path)).events).toBe(lines.length);
    expect((await exportFrom(ctx.repo.root)).text).toBe(text);
    expect(await git(ctx.repo.root, 'fsck', '--full')).toBe('');
  });

  it('that are bare take them too', async () => {
    const { dir } = source;
    const { path, text } = await exportFrom(dir);
    const ctx = await contextIn(await makeRepo({ empty: true, bare: true }));
    await importInto(ctx, path);
    expect((await exportFrom(ctx.repo.commonDir)).text).toBe(text);
  });

  it('that have some of it from a fetch get the rest on top, and lose nothing', async () => {
    const { dir, lines } = source;
    const ctx = await elsewhere();
    importHistory(ctx.repo.root, 4, 1);
    const before = await git(ctx.repo.root, 'for-each-ref');
    const { path } = await exportFrom(dir);
    const answer = await importInto(ctx, path);
    expect(answer.same).toBe(before.split('\n').length);
    expect(answer.refused).toEqual([]);
    for (const ref of before.split('\n')) expect(await git(ctx.repo.root, 'for-each-ref')).toContain(ref);
    expect((await exportFrom(ctx.repo.root)).rows).toBe(lines.length);
  });

  it('keep nothing from a gc once it is in', async () => {
    const { dir } = source;
    const { path, text } = await exportFrom(dir);
    const ctx = await elsewhere();
    await importInto(ctx, path);
    const packs = execFileSync('ls', [join(ctx.repo.commonDir, 'objects', 'pack')], { encoding: 'utf8' });
    expect(packs).not.toContain('.keep');
    await git(ctx.repo.root, 'gc', '-q', '--prune=now');
    expect((await exportFrom(ctx.repo.root)).text).toBe(text);
  });
});
