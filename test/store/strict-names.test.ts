import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogName } from '../../src/events/envelope.ts';
import { parseSegmentName } from '../../src/store/blobs.ts';
import { assertLog, parseLaneRef, parseWalName } from '../../src/store/layout.ts';
import { NotesTree } from '../../src/store/notes/notes-tree.ts';
import {
  BLOB_MODE,
  decodeCommit,
  decodeTree,
  encodeCommit,
  encodeTree,
  TREE_MODE,
} from '../../src/store/objects/encode.ts';
import { NewObjects } from '../../src/store/objects/new-objects.ts';
import { exec, git, makeRepo } from '../support/repo.ts';

describe('a name that only contains one of ours is a stranger', () => {
  const spoiled = (name: string): string[] => [
    `x${name}`,
    ` ${name}`,
    `/${name}`,
    `../${name}`,
    `${name}\n`,
    `${name}/`,
    `${name} `,
    `${name}.lock`,
    `\n${name}`,
  ];

  test.each(spoiled('sessions/k3x'))('log %j', (name) =>
    expect(() => assertLog(name as LogName)).toThrow('name of a log'),
  );
  test.each([
    'sessions/',
    'sessions',
    'session/x',
    'sessions/x/y',
    'sessions/.x',
    'sessions/-x',
    'Sessions/x',
    'sessions/ä',
    'sessions/x.y',
    '',
  ])('log %j', (name) => expect(() => assertLog(name as LogName)).toThrow(JSON.stringify(name)));
  test('log that is one', () => {
    for (const name of ['sessions/k3x', 'batches/B-1_2', 'sessions/0'])
      expect(() => assertLog(name as LogName)).not.toThrow();
  });
  test.each(spoiled('sessions.k3x.w7y.ndjson'))('file %j', (name) => expect(parseWalName(name)).toBeUndefined());
  test.each([
    'sessions.k3x.w7y.transcripts.ndjson',
    'sessions.k3x.w7y.more.ndjson',
    'sessions.k3x.w7y.ndjso',
    'sessionsxk3x.w7y.ndjson',
    'sessions.k3x.w7yxndjson',
  ])('file %j', (name) => expect(parseWalName(name)).toBeUndefined());
  test.each(spoiled('refs/amp/sessions/k3x/w7y'))('ref %j', (name) => expect(parseLaneRef(name)).toBeUndefined());
  test.each(['x', '-', ' '].flatMap((c) => [`${c}events-0000000001-k.ndjson`, `events-0000000001-k.ndjson${c}`]))(
    'segment %j',
    (name) => expect(parseSegmentName(name)).toBeUndefined(),
  );
  test('segments: ten digits at least, any id', () => {
    expect(parseSegmentName('events-000000001-k.ndjson')).toBeUndefined();
    expect(parseSegmentName('events-12345678901-a-b.c.ndjson')).toEqual({
      kind: 'events',
      firstSeq: 12345678901,
      id: 'a-b.c',
    });
    expect(parseSegmentName('payload-0000000001-k.ndjson')).toBeUndefined();
  });
});

describe('trees as git writes them', () => {
  test('names in git’s own order, files and folders apart, whatever they are', async () => {
    const dir = await makeRepo();
    const [blob, tree] = [await git(dir, 'rev-parse', 'HEAD:a.txt'), await git(dir, 'rev-parse', 'HEAD:src')];
    const name = fc.string({
      unit: fc.constantFrom('a', 'b', '-', '.', '0', '~', 'ä', '😀', ' '),
      minLength: 1,
      maxLength: 3,
    });
    const list = fc.uniqueArray(
      fc.record({ name: name.filter((one) => !/^\.{1,2}$/.test(one)), isFolder: fc.boolean() }),
      {
        selector: (entry) => entry.name,
        minLength: 1,
        maxLength: 8,
      },
    );
    const samples = fc.sample(list, { numRuns: 40, seed: 3 });
    samples.push(['a', 'a.b', 'a-b', 'a0'].map((one) => ({ name: one, isFolder: one === 'a' })));
    samples.push(['a', 'a.b', 'a-b', 'a0'].map((one) => ({ name: one, isFolder: false })));
    for (const entries of samples) {
      const ours = entries.map(({ name: one, isFolder }) => ({
        name: one,
        mode: isFolder ? TREE_MODE : BLOB_MODE,
        id: isFolder ? tree : blob,
      }));
      const bytes = encodeTree(ours);
      const id = createHash('sha1').update(`tree ${bytes.length}\0`).update(bytes).digest('hex');
      const listing = ours.map(
        (entry) =>
          `${entry.mode.padStart(6, '0')} ${entry.mode === TREE_MODE ? 'tree' : 'blob'} ${entry.id}\t${entry.name}\0`,
      );
      const quoted = Buffer.from(listing.join('')).toString('base64');
      const { stdout } = await exec(dir, 'sh', ['-c', `echo ${quoted} | base64 -d | git mktree -z`]);
      expect([entries.map((entry) => entry.name), id]).toEqual([entries.map((entry) => entry.name), stdout.trim()]);
      expect(
        decodeTree(bytes, 'sha1')
          .map((entry) => entry.name)
          .sort(),
      ).toEqual(ours.map((entry) => entry.name).sort());
    }
  });

  test('a commit says what it was told, and is read as far as its first empty line', () => {
    const fields = { tree: 'a'.repeat(40), parents: ['b'.repeat(40), 'c'.repeat(40)], at: '2026-11-22T13:00:59.999Z' };
    const bytes = encodeCommit({ ...fields, message: `tree ${'d'.repeat(40)}\n\nparent ${'e'.repeat(40)}\n\n\n` });
    expect(bytes.toString()).toContain(
      `author amp-sessions <log@amp-sessions.invalid> ${Date.UTC(2026, 10, 22, 13, 0, 59) / 1000} +0000\n`,
    );
    expect(bytes.toString().endsWith(`${'e'.repeat(40)}\n`)).toBe(true);
    expect(decodeCommit(bytes)).toEqual({ tree: fields.tree, parents: fields.parents });
    expect(decodeCommit(Buffer.from('no commit'))).toEqual({ tree: '', parents: [] });
  });
});

test('a new note lies in one folder of two digits, a changed one keeps place and mode', async () => {
  const objects = new Map<string, Buffer>();
  let count = 0;
  const sink = new NewObjects({
    write: async (_type, content) => {
      const id = (++count).toString(16).padStart(40, '0');
      objects.set(id, content);
      return id;
    },
    pack: async () => Buffer.alloc(0),
    dispose() {},
  });
  const read = async (id: string): Promise<Buffer> => objects.get(id)!;
  const names = async (root: string): Promise<string[]> =>
    (
      await Promise.all(
        decodeTree(await read(root), 'sha1').map(async ({ mode, name, id }) =>
          mode === TREE_MODE ? (await names(id)).map((below) => `${name}/${below}`) : [`${name} ${mode}`],
        ),
      )
    ).flat();
  const [a, b] = ['ab'.repeat(20), `ab${'cd'.repeat(19)}`];
  const flat = await sink.tree([{ mode: '100755', name: a, id: await sink.blob(Buffer.from('old')) }]);
  const tree = new NotesTree({ root: flat, read, format: 'sha1' });
  await tree.set(a, Buffer.from('new'));
  await tree.set(b, Buffer.from('one'));
  await tree.set(`ab${'ef'.repeat(19)}`, Buffer.from('two'));
  const root = await tree.write(sink);
  expect((await names(root)).sort()).toEqual(
    [`ab/${'cd'.repeat(19)} 100644`, `ab/${'ef'.repeat(19)} 100644`, `${a} 100755`].sort(),
  );
  const before = count;
  expect(await tree.write(sink)).not.toBe('');
  expect(count - before).toBeLessThanOrEqual(1);
});
