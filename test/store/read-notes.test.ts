import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LogEvent } from '../../src/events/catalogue.ts';
import { openCatFile } from '../../src/git/git.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { readNotes } from '../../src/store/notes/read-notes.ts';
import { attachNotes } from '../../src/store/notes.ts';
import { git, makeRepo, type RepoOptions, sh } from '../support/repo.ts';

const event = (seq: number): LogEvent =>
  ({
    v: 1,
    log: 'sessions/k3abcdefgh',
    writer: 'w',
    seq,
    clock: seq,
    at: '2026-01-01T00:00:00.000Z',
    by: 'program',
    type: 'iteration.finished',
    data: { iteration: seq },
    prev: '0'.repeat(64),
  }) as unknown as LogEvent;

const world = async (options: RepoOptions = {}) => {
  const dir = await makeRepo(options);
  await sh(dir, 'for i in 1 2 3; do git commit -q --allow-empty -m $i; done');
  const commits = (await git(dir, 'rev-list', 'HEAD')).split('\n');
  const repo = await locateRepository(dir);
  const read = async (ids = commits) => {
    const reader = openCatFile(repo);
    try {
      const told = await readNotes(repo, ids, reader);
      return Object.fromEntries([...told].map(([id, events]) => [commits.indexOf(id), events.map(({ seq }) => seq)]));
    } finally {
      reader.close();
    }
  };
  return { dir, repo, commits, read };
};

describe('reading notes', () => {
  it.each(['sha1', 'sha256'] as const)('gives the events of those commits that have any (%s)', async (objectFormat) => {
    const { repo, commits, read } = await world({ objectFormat });
    expect(await read()).toEqual({});
    const entries = new Map([
      [commits[0]!, [event(1), event(2)]],
      [commits[2]!, [event(3)]],
    ]);
    await attachNotes(repo, entries);
    expect(await read()).toEqual({ 0: [1, 2], 2: [3] });
    expect(await read([commits[2]!, commits[1]!])).toEqual({ 2: [3] });
    expect(await read([])).toEqual({});
  });

  it('reads what git itself wrote, and passes over what is no event', async () => {
    const { dir, repo, commits, read } = await world();
    await attachNotes(repo, new Map([[commits[0]!, [event(1)]]]));
    await git(dir, 'notes', '--ref=amp', 'append', '-m', 'words of a person', commits[0]!);
    await git(dir, 'notes', '--ref=amp', 'add', '-m', 'only words', commits[1]!);
    writeFileSync(join(dir, 'long'), `${JSON.stringify(event(4))}\n${'x'.repeat(2 << 20)}`);
    await git(dir, 'notes', '--ref=amp', 'add', '-F', 'long', commits[2]!);
    expect(await read()).toEqual({ 0: [1] });
  });

  it('tells nothing where the ref is no notes, or an object of it is missing', async () => {
    const { dir, repo, commits, read } = await world();
    await attachNotes(repo, new Map([[commits[0]!, [event(1)]]]));
    const notes = await git(dir, 'rev-parse', 'refs/notes/amp');
    await git(dir, 'update-ref', 'refs/notes/amp', commits[0]!);
    expect(await read()).toEqual({});
    await git(dir, 'update-ref', 'refs/notes/amp', await git(dir, 'rev-parse', `${notes}^{tree}`));
    expect(await read()).toEqual({});
    const tree = 'f'.repeat(40);
    writeFileSync(join(dir, 'odd'), `tree ${tree}\nauthor a <a> 1 +0000\ncommitter a <a> 1 +0000\n\nx\n`);
    const odd = await git(dir, 'hash-object', '-t', 'commit', '-w', '--literally', 'odd');
    writeFileSync(join(dir, '.git/refs/notes/amp'), `${odd}\n`);
    expect(await read()).toEqual({});
  });
});
