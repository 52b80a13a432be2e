import { describe, expect, test } from 'vitest';
import type { LogEvent } from '../../src/events/catalogue.ts';
import { decodeEvent, encodeEvent } from '../../src/events/codec.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { joinNote, noteLine } from '../../src/store/notes/note-lines.ts';
import { attachNotes } from '../../src/store/notes.ts';
import { bundle } from '../support/bundle.ts';
import { eventsOf, finished, started, tested } from '../support/events.ts';
import { exec, git, makeRepo } from '../support/repo.ts';
import { testClock } from './places.ts';

const noteOf = (dir: string, commit: string): Promise<string> => git(dir, 'notes', '--ref=amp', 'show', commit);

/** So many commits on one branch, oldest first. */
const commitsOf = async (dir: string, count: number): Promise<string[]> => {
  const stream = Array.from(
    { length: count },
    (_, i) => `commit refs/heads/many\ncommitter T <t@example.com> ${i + 1} +0000\ndata 1\n${i % 10}\n`,
  ).join('\n');
  const { exitCode, stderr } = await exec(dir, 'sh', ['-c', `printf '%s' "$0" | git fast-import --quiet`, stream]);
  expect([exitCode, stderr]).toEqual([0, '']);
  return (await git(dir, 'rev-list', '--reverse', 'refs/heads/many')).split('\n');
};

const events = eventsOf([started(1), finished(1), tested()]);

describe('joinNote', () => {
  test('a note is the union of lines, each event once, in the order they came', () => {
    const first = joinNote(undefined, events.slice(0, 2))!;
    expect(
      first
        .toString()
        .split('\n')
        .filter(Boolean)
        .map((line) => decodeEvent(line)?.seq),
    ).toEqual([1, 2]);
    const both = joinNote(first, events.slice(1))!;
    expect(
      both
        .toString()
        .split('\n')
        .filter(Boolean)
        .map((line) => decodeEvent(line)?.seq),
    ).toEqual([1, 2, 3]);
    expect(joinNote(both, events)).toBeUndefined();
  });

  test('what people wrote there stays, whatever it is', () => {
    const theirs = 'Reviewed-by: somebody\n\nnot {json\n';
    const note = joinNote(Buffer.from(theirs), events)!.toString();
    expect(note).toContain('Reviewed-by: somebody\nnot {json\n');
    const long = `${'x'.repeat(5000)}\n`;
    expect(joinNote(Buffer.from(long), events)).toBeUndefined();
  });

  test('at most 4 KiB: the oldest events make room', () => {
    const many = eventsOf(Array.from({ length: 40 }, (_, i) => tested({ iteration: i + 1 })));
    const note = joinNote(undefined, many)!;
    expect(note.length).toBeLessThanOrEqual(4096);
    const seqs = note
      .toString()
      .split('\n')
      .filter(Boolean)
      .map((line) => decodeEvent(line)!.seq);
    expect(seqs.at(-1)).toBe(40);
    expect(seqs).toEqual(seqs.map((_, i) => 40 - seqs.length + 1 + i));
  });

  test('a line is the event without what is bulky, and still an event', () => {
    const [event] = eventsOf([
      tested({
        outputTail: 'x'.repeat(9000),
        command: 'y'.repeat(900),
        leftovers: [{ path: 'a', object: null }],
      }),
    ]);
    const line = noteLine(event!);
    expect(line.length).toBeLessThan(1024);
    const { data, ...envelope } = decodeEvent(line)!;
    const { data: _, ...whole } = event!;
    expect(envelope).toEqual(whole);
    expect(data).toEqual({
      ...(event!.data as object),
      outputTail: undefined,
      leftovers: undefined,
      command: `${'y'.repeat(199)}…`,
    });
    expect(noteLine(events[0]!)).not.toContain('Add a login page');
  });
});

describe.each(['sha1', 'sha256'] as const)('refs/notes/amp, %s', (objectFormat) => {
  test('git log shows what was attached; many commits are one step', async () => {
    const dir = await makeRepo({ objectFormat });
    const repo = await locateRepository(dir);
    const commits = await commitsOf(dir, 40);
    const entries = new Map<string, LogEvent[]>(commits.map((commit, i) => [commit, [events[i % 3]!]]));
    await attachNotes(repo, entries, { clock: testClock() });
    expect(await git(dir, 'rev-list', '--count', 'refs/notes/amp')).toBe('1');
    expect(await git(dir, 'log', '-1', '--notes=amp', '--format=%N', commits[1]!)).toContain('"iteration.finished"');
    await attachNotes(repo, new Map([[commits[0]!, [events[2]!]]]), { clock: testClock() });
    expect(await noteOf(dir, commits[0]!)).toBe(`${noteLine(events[0]!)}\n${noteLine(events[2]!)}`);
    await attachNotes(repo, entries, { clock: testClock() });
    expect(await git(dir, 'rev-list', '--count', 'refs/notes/amp')).toBe('2');
    expect((await git(dir, 'notes', '--ref=amp', 'list')).split('\n')).toHaveLength(40);
    expect(await git(dir, 'fsck', '--full', '--strict')).toBe('');
  });

  test.each(['flat', 'fanned out'])('notes that git made, %s, stay where they are and take our lines', async (kind) => {
    const dir = await makeRepo({ objectFormat });
    const repo = await locateRepository(dir);
    const commits = await commitsOf(dir, kind === 'flat' ? 3 : 700);
    const list = commits.slice(0, -1).map((commit) => `N inline ${commit}\ndata 7\ntheirs\n\n`);
    const head = 'commit refs/notes/amp\ncommitter T <t@example.com> 1 +0000\ndata 1\nx\n';
    const ran = await exec(dir, 'sh', ['-c', `printf '%s' "$0" | git fast-import --quiet`, head + list.join('')]);
    expect(ran.stderr).toBe('');
    const paths = await git(dir, 'ls-tree', '-r', '--name-only', 'refs/notes/amp');
    expect(paths.includes('/')).toBe(kind !== 'flat');
    await attachNotes(repo, new Map(commits.map((commit) => [commit, [events[1]!]])), { clock: testClock() });
    const listed = await git(dir, 'notes', '--ref=amp', 'list');
    expect(listed.split('\n')).toHaveLength(commits.length);
    expect(await noteOf(dir, commits[0]!)).toBe(`theirs\n${noteLine(events[1]!)}`);
    expect(await noteOf(dir, commits.at(-1)!)).toBe(noteLine(events[1]!));
    const after = (await git(dir, 'ls-tree', '-r', '--name-only', 'refs/notes/amp')).split('\n');
    expect(after).toEqual(expect.arrayContaining(paths.split('\n')));
    expect(after).toHaveLength(commits.length);
    expect(await git(dir, 'fsck', '--full', '--strict')).toBe('');
  });
});

test('many of one process go together: three commits for forty notes, and each is there', async () => {
  const dir = await makeRepo();
  const repo = await locateRepository(dir);
  const [shared, ...commits] = await commitsOf(dir, 41);
  const seqOf = (event: LogEvent | undefined): number | undefined => event?.seq;
  await Promise.all(
    commits.map((commit, i) => {
      const own = [{ ...events[1]!, seq: i + 1 }];
      return attachNotes(repo, new Map([[commit, own], ...(i < 2 ? [[shared!, own] as const] : [])]));
    }),
  );
  expect(Number(await git(dir, 'rev-list', '--count', 'refs/notes/amp'))).toBeLessThanOrEqual(3);
  const notes = await Promise.all(commits.map((commit) => noteOf(dir, commit)));
  expect(notes.map((note) => seqOf(decodeEvent(note)))).toEqual(commits.map((_, i) => i + 1));
  expect((await noteOf(dir, shared!)).split('\n').map((line) => seqOf(decodeEvent(line)))).toEqual([1, 2]);
});

test('processes that write notes at the same time lose nothing', async () => {
  const dir = await makeRepo();
  const [writers, each] = [3, 12];
  const [shared, ...commits] = await commitsOf(dir, 1 + writers * each);
  const program = await bundle(`
    import { locateRepository } from './src/git/locate.ts';
    import { attachNotes } from './src/store/notes.ts';
    const repo = await locateRepository(process.argv[2]!);
    const event = JSON.parse(process.argv[3]!);
    const [shared, ...own] = process.argv.slice(4);
    for (const [i, commit] of own.entries()) {
      const events = [{ ...event, seq: i + 1 }];
      await attachNotes(repo, new Map([[commit, events], ...(i < 2 ? [[shared, events]] : [])]));
    }
  `);
  const ran = await Promise.all(
    Array.from({ length: writers }, (_, w) => {
      const mine = commits.slice(w * each, (w + 1) * each);
      const event = encodeEvent({ ...events[1]!, writer: `w${w}` });
      return exec(dir, process.execPath, [program, dir, event, shared!, ...mine]);
    }),
  );
  expect(ran.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(ran.map(() => [0, '']));
  for (const [i, commit] of commits.entries()) {
    const lines = (await noteOf(dir, commit)).split('\n').map((line) => decodeEvent(line)!);
    expect(lines.map(({ writer, seq }) => [writer, seq])).toContainEqual([`w${Math.floor(i / each)}`, (i % each) + 1]);
  }
  const union = (await noteOf(dir, shared!)).split('\n').map((line) => decodeEvent(line)!);
  expect(union.map(({ writer, seq }) => `${writer} ${seq}`).sort()).toEqual(
    Array.from({ length: 2 * writers }, (_, i) => `w${Math.floor(i / 2)} ${(i % 2) + 1}`),
  );
  expect(await git(dir, 'fsck', '--full', '--no-dangling')).toBe('');
});
