import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { LogEvent } from '../../src/events/catalogue.ts';
import { decodeEvent } from '../../src/events/codec.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { joinNote, noteLine } from '../../src/store/notes/note-lines.ts';
import { attachNotes } from '../../src/store/notes.ts';
import { draft, eventsOf, finished, started, tested } from '../support/events.ts';
import { git, makeRepo } from '../support/repo.ts';
import { testClock } from './places.ts';

const feed = async (dir: string, args: string[], input: string): Promise<void> => {
  const child = spawn('git', args, { cwd: dir, stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin.end(input);
  expect(await once(child, 'close')).toEqual([0, null]);
};

/** So many commits, oldest first. */
const commitsOf = async (dir: string, count: number): Promise<string[]> => {
  const one = (at: number): string =>
    `commit refs/heads/many\ncommitter T <t@example.com> ${at + 1} +0000\ndata 1\nx\n`;
  await feed(dir, ['fast-import', '--quiet'], Array.from({ length: count }, (_, at) => one(at)).join('\n'));
  return (await git(dir, 'rev-list', '--reverse', 'refs/heads/many')).split('\n');
};

const show = (dir: string, commit: string): Promise<string> => git(dir, 'notes', '--ref=amp', 'show', commit);
const notesOf = async (dir: string): Promise<string[]> =>
  (await git(dir, 'notes', '--ref=amp', 'list')).split('\n').map((line) => line.split(' ')[1]!);
const paths = async (dir: string): Promise<string[]> =>
  (await git(dir, 'ls-tree', '-r', '--name-only', 'refs/notes/amp')).split('\n');

const events = eventsOf([started(1), finished(1), tested()]);
const lineOf = (at: number): string => noteLine(events[at]!);

describe('notes that git itself wrote, and writes on', { timeout: 180_000 }, () => {
  test.each([
    [10, 'sha1', 0],
    [300, 'sha1', 1],
    [5000, 'sha1', 1],
    [300, 'sha256', 1],
  ] as const)(
    '%d of them, %s: all are read by git after ours, and after its own next',
    async (count, objectFormat, slashes) => {
      const dir = await makeRepo({ objectFormat });
      const repo = await locateRepository(dir);
      const commits = await commitsOf(dir, count + 3);
      const theirs = commits.slice(0, count);
      await git(dir, 'notes', '--ref=amp', 'add', '-m', 'theirs', theirs[0]!);
      const copies = theirs.slice(1).map((commit) => `${theirs[0]} ${commit}\n`);
      await feed(dir, ['notes', '--ref=amp', 'copy', '--stdin'], copies.join(''));
      const before = await paths(dir);
      expect(Math.max(...before.map((path) => path.split('/').length - 1))).toBeGreaterThanOrEqual(slashes);

      const few = [commits[0]!, commits[count >> 1]!, commits[count - 1]!, commits[count]!, commits[count + 1]!];
      await attachNotes(repo, new Map(few.map((commit) => [commit, [events[0]!]])), { clock: testClock() });
      expect((await notesOf(dir)).sort()).toEqual(commits.slice(0, count + 2).sort());
      for (const commit of few) {
        const isTheirs = theirs.includes(commit);
        expect(await show(dir, commit)).toBe(isTheirs ? `theirs\n${lineOf(0)}` : lineOf(0));
      }
      expect(await show(dir, theirs[2]!)).toBe('theirs');
      expect(await paths(dir)).toEqual(expect.arrayContaining(before));

      // git goes on: it may lay the whole tree out anew.
      await git(dir, 'notes', '--ref=amp', 'append', '-m', 'and more', few[1]!);
      await git(dir, 'notes', '--ref=amp', 'add', '-m', 'late', commits.at(-1)!);
      await git(dir, 'notes', '--ref=amp', 'remove', few[3]!);
      await attachNotes(
        repo,
        new Map([
          [few[1]!, events],
          [few[3]!, [events[2]!]],
        ]),
        { clock: testClock() },
      );
      expect(await show(dir, few[1]!)).toBe(['theirs', lineOf(0), 'and more', lineOf(1), lineOf(2)].join('\n'));
      expect(await show(dir, few[3]!)).toBe(lineOf(2));
      expect(await show(dir, commits.at(-1)!)).toBe('late');
      expect(await notesOf(dir)).toHaveLength(count + 3);
      expect(await git(dir, 'fsck', '--full', '--strict', '--no-dangling')).toBe('');
      expect(await git(dir, 'rev-list', '--count', '--first-parent', 'refs/notes/amp')).toBe('7');
    },
  );

  test('two clones that noted the same commit are joined by git, line by line', async () => {
    const dir = await makeRepo();
    const repo = await locateRepository(dir);
    const head = await git(dir, 'rev-parse', 'HEAD');
    await attachNotes(repo, new Map([[head, [events[0]!]]]), { clock: testClock() });
    const shared = await git(dir, 'rev-parse', 'refs/notes/amp');
    await attachNotes(repo, new Map([[head, [events[1]!]]]), { clock: testClock() });
    await git(dir, 'update-ref', 'refs/notes/other', shared);
    await git(dir, 'notes', '--ref=other', 'append', '--no-separator', '-m', 'x', head).catch(() =>
      git(dir, 'notes', '--ref=other', 'append', '-m', 'x', head),
    );
    await git(dir, 'notes', '--ref=amp', 'merge', '-s', 'cat_sort_uniq', 'other');
    const lines = (await show(dir, head)).split('\n').filter(Boolean);
    expect(lines.sort()).toEqual([lineOf(0), lineOf(1), 'x'].sort());
    await attachNotes(repo, new Map([[head, [events[2]!]]]), { clock: testClock() });
    expect((await show(dir, head)).split('\n')).toContain(lineOf(2));
  });

  test('a note on what is no commit of ours, and a notes ref whose tree is gone', async () => {
    const dir = await makeRepo();
    const repo = await locateRepository(dir);
    const blob = await git(dir, 'rev-parse', 'HEAD:a.txt');
    await git(dir, 'notes', '--ref=amp', 'add', '-m', 'on a file', blob);
    const head = await git(dir, 'rev-parse', 'HEAD');
    await attachNotes(repo, new Map([[head, [events[0]!]]]), { clock: testClock() });
    expect([await show(dir, blob), await show(dir, head)]).toEqual(['on a file', lineOf(0)]);
    await attachNotes(repo, new Map(), { clock: testClock() });
    expect(await git(dir, 'rev-list', '--count', 'refs/notes/amp')).toBe('2');
    await git(dir, 'update-ref', '-d', 'refs/notes/amp');
    await git(dir, 'prune', '--expire=now');
    const commit = await git(dir, 'commit-tree', '-m', 'x', 'HEAD^{tree}');
    await git(dir, 'update-ref', 'refs/notes/amp', commit);
    const { rm } = await import('node:fs/promises');
    const tree = await git(dir, 'rev-parse', 'HEAD^{tree}');
    await rm(`${dir}/.git/objects/${tree.slice(0, 2)}/${tree.slice(2)}`);
    await expect(attachNotes(repo, new Map([[head, events]]), { clock: testClock() })).rejects.toMatchObject({
      code: 'log.damaged',
      message: expect.stringContaining(tree),
      hint: expect.stringContaining('refs/notes/amp'),
    });
  });
});

describe('a note of 4 KiB', () => {
  const seqs = (note: Buffer): number[] =>
    note
      .toString()
      .split('\n')
      .flatMap((line) => decodeEvent(line)?.seq ?? []);
  const many = (count: number): LogEvent[] =>
    eventsOf(Array.from({ length: count }, (_, at) => tested({ iteration: at + 1 })));

  test('is filled to its last byte, and not one over', () => {
    const all = many(30);
    const lengths = new Set<number>();
    for (let extra = 0; extra < 500; extra += 1) {
      const theirs = `${'t'.repeat(extra + 1)}\n`;
      const note = joinNote(Buffer.from(theirs), all)!;
      lengths.add(note.length);
      expect(note.length).toBeLessThanOrEqual(4096);
      const dropped = all.find(({ seq }) => seq === seqs(note)[0]! - 1)!;
      expect(note.length + Buffer.byteLength(noteLine(dropped)) + 1).toBeGreaterThan(4096);
      expect(note.toString().startsWith(theirs)).toBe(true);
      expect(seqs(note).at(-1)).toBe(30);
    }
    expect(lengths.has(4096)).toBe(true);
  });

  test('counts bytes, not characters, and what people wrote never makes room', () => {
    const theirs = `${'ä'.repeat(1500)}\n`;
    const note = joinNote(Buffer.from(theirs), many(30))!;
    expect(note.length).toBeLessThanOrEqual(4096);
    expect(note.toString()).toContain(theirs);
    expect(seqs(note).length).toBeGreaterThan(0);
    const full = `${'ö'.repeat(2100)}\n`;
    expect(joinNote(Buffer.from(full), many(2))).toBeUndefined();
  });

  test('an event that comes again, shortened or not, is the same one', () => {
    const whole = `${JSON.stringify({ ...events[2], data: { ...(events[2]!.data as object), outputTail: 'long' } })}\n`;
    expect(joinNote(Buffer.from(whole), [events[2]!])).toBeUndefined();
    const otherWriter = { ...events[2]!, writer: 'w000000002' };
    const otherLog = { ...events[2]!, log: 'sessions/other' as const };
    const note = joinNote(Buffer.from(whole), [otherWriter, otherLog])!;
    expect(note.toString().split('\n').filter(Boolean)).toHaveLength(3);
  });

  test('a text of 200 characters stays, of 201 it is cut; bulky keys go at any depth; large data keeps plain facts', () => {
    const lineWith = (data: object): Record<string, unknown> =>
      JSON.parse(noteLine({ ...events[0]!, data })).data as Record<string, unknown>;
    expect(lineWith({ a: 'x'.repeat(200), b: 'x'.repeat(201) })).toEqual({
      a: 'x'.repeat(200),
      b: `${'x'.repeat(199)}…`,
    });
    const bulky = ['outputTail', 'prompt', 'text', 'message', 'payload', 'preview', 'leftovers'];
    const deep = Object.fromEntries(bulky.map((key) => [key, 'x']));
    expect(lineWith({ ...deep, kept: { ...deep, list: [{ ...deep, one: 1 }, null] } })).toEqual({
      kept: { list: [{ one: 1 }, null] },
    });
    const long = Array.from({ length: 20 }, () => 'y'.repeat(100));
    expect(lineWith({ long, object: {}, count: 3, none: null, yes: true })).toEqual({
      count: 3,
      none: null,
      yes: true,
    });
  });

  test('every type of event has a line', () => {
    const [created] = eventsOf([draft('agent-message.received', { iteration: 1, text: 'secret words' })]);
    expect(decodeEvent(noteLine(created!))).toMatchObject({ type: 'agent-message.received', data: { iteration: 1 } });
    expect(noteLine(created!)).not.toContain('secret words');
  });
});
