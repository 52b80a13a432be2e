import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { sessionLog } from '../../src/events/envelope.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { openStore } from '../../src/store/git-store.ts';
import { ampDir, eventsFile } from '../../src/store/layout.ts';
import { findWriter, mintWriter, ownWriters } from '../../src/store/wal/writer.ts';
import { bundle } from '../support/bundle.ts';
import { exec, git, makeRepo, sh, tempDir } from '../support/repo.ts';
import { gitPlace, messages, testClock } from './places.ts';

const LOG = sessionLog('s000000001');
const openAt = async (dir: string) =>
  openStore(await locateRepository(dir), { clock: testClock(), redact: (text) => text });

describe('the writer of a clone', () => {
  test('looking around leaves nothing behind; the first append makes the folder, for its owner only', async () => {
    const place = await gitPlace();
    const store = await place.open();
    await store.read(LOG);
    await store.logs();
    await store.recover(LOG);
    await store.flush(LOG);
    await store.close();
    expect(existsSync(ampDir(place.repo))).toBe(false);
    const promised = store.writer;
    const [event] = await store.append(LOG, messages(1));
    expect(event!.writer).toBe(promised);
    if (process.platform !== 'win32') expect(statSync(ampDir(place.repo)).mode & 0o777).toBe(0o700);
    expect((await place.open()).writer).toBe(promised);
  });

  test('a moved folder keeps it, a copied one gets its own and sees what the old one had not flushed', async () => {
    const place = await gitPlace();
    const first = await place.open();
    const flushed = await first.append(LOG, messages(1));
    await first.flush(LOG);
    const pending = await first.append(LOG, messages(1, 2));
    await first.close();

    const copied = join(tempDir(), 'copy');
    await sh('/', `cp -a '${place.dir}' '${copied}'`);
    const moved = `${place.dir}-moved`;
    renameSync(place.dir, moved);
    expect((await openAt(moved)).writer).toBe(first.writer);

    const copy = await openAt(copied);
    expect(copy.writer).not.toBe(first.writer);
    expect((await copy.read(LOG)).events).toEqual([...flushed, ...pending]);
    const [added] = await copy.append(LOG, messages(1, 3));
    expect(added).toMatchObject({ writer: copy.writer, seq: 1, clock: 3 });
    await copy.flush(LOG);
    await copy.recover(LOG);
    expect((await copy.read(LOG)).events).toEqual([...flushed, ...pending, added]);
    const repo = await locateRepository(copied);
    const theirs = readFileSync(eventsFile(repo, { log: LOG, writer: first.writer }));
    expect(theirs).toEqual(readFileSync(eventsFile(await locateRepository(moved), { log: LOG, writer: first.writer })));
    expect((await openAt(copied)).writer).toBe(copy.writer);
    renameSync(moved, place.dir);
  });

  test('one brought back from a backup writes under a new name, and the work of the old one is its own', async () => {
    const { dir } = await gitPlace();
    await (await openAt(dir)).append(LOG, messages(1));
    const writer = findWriter(await locateRepository(dir))!;
    const backup = join(tempDir(), 'backup');
    await sh('/', `cp -a '${dir}' '${backup}'`);
    expect(ownWriters(await locateRepository(backup))).toEqual([]);
    rmSync(dir, { recursive: true });
    await sh('/', `cp -a '${backup}' '${dir}'`);
    const repo = await locateRepository(dir);
    expect([findWriter(repo), ownWriters(repo)]).toEqual([undefined, [writer]]);
    const again = mintWriter(repo, { clock: systemClock });
    expect(again).not.toBe(writer);
    expect(ownWriters(repo)).toEqual([writer, again]);
    expect(ownWriters(repo, 'another-host')).toEqual([again]);
  });

  test('another host writes under its own name, and each finds its own again', async () => {
    const repo = await locateRepository(await makeRepo());
    const ids = ['a', 'b', 'a', 'b'].map((host) => mintWriter(repo, { clock: systemClock, host }));
    expect(ids[0]).not.toBe(ids[1]);
    expect(ids.slice(2)).toEqual(ids.slice(0, 2));
    expect(findWriter(repo, 'c')).toBeUndefined();
  });

  test('processes that start at the same moment agree on one', async () => {
    const dir = await makeRepo();
    const program = await bundle(`
      import { systemClock } from './src/clock.ts';
      import { locateRepository } from './src/git/locate.ts';
      import { mintWriter } from './src/store/wal/writer.ts';
      const repo = await locateRepository(process.argv[2]!);
      while (Date.now() < Number(process.argv[3])) {}
      process.stdout.write(mintWriter(repo, { clock: systemClock }));
    `);
    const start = String(Date.now() + 1000);
    const ran = await Promise.all(Array.from({ length: 8 }, () => exec(dir, process.execPath, [program, dir, start])));
    expect(new Set(ran.map(({ stdout }) => stdout)).size).toBe(1);
    expect(ran[0]!.stdout).toMatch(/^[a-z][a-z0-9]{9}$/);
    expect(readdirSync(join(dir, '.git', 'amp'))).toEqual(['writer']);
  });
});

describe('where the user may stand', () => {
  test.each(['linked worktree', 'bare repository', 'submodule'])('%s', async (kind) => {
    const main = await makeRepo({ bare: kind === 'bare repository' });
    let at = main;
    if (kind === 'linked worktree') {
      at = join(tempDir(), 'linked');
      await git(main, 'worktree', 'add', '-q', at, '-b', 'topic');
    }
    if (kind === 'submodule') {
      const inner = await makeRepo();
      await git(main, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner, 'inner');
      at = join(main, 'inner');
    }
    const store = await openAt(at);
    const events = await store.append(LOG, messages(3));
    await store.appendTranscript(LOG, [{ iteration: 1, stream: 'stdout', line: 'x' }]);
    const head = await git(at, 'rev-parse', 'HEAD');
    await store.flush(LOG, { notes: new Map([[head, events]]), code: [head] });
    events.push(...(await store.append(LOG, messages(1, 4))));
    expect((await (await openAt(at)).read(LOG)).events).toEqual(events);
    expect(await git(at, 'notes', '--ref=amp', 'show', head)).toContain('"seq":3');
    // The whole repository sees one log, wherever it is asked.
    const elsewhere = kind === 'linked worktree' ? main : at;
    expect((await (await openAt(elsewhere)).logs()).map(({ log, pending }) => [log, pending])).toEqual([[LOG, true]]);
    expect(await git(at, 'fsck', '--full', '--strict')).toBe('');
    if (kind === 'bare repository') return;
    expect(await git(main, 'status', '--porcelain')).toBe(kind === 'submodule' ? 'A  .gitmodules\nA  inner' : '');
  });
});
