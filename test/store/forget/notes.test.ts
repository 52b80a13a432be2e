import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import type { LogEvent } from '../../../src/events/catalogue.ts';
import { encodeEvent } from '../../../src/events/codec.ts';
import { locateRepository } from '../../../src/git/locate.ts';
import type { Repository } from '../../../src/git/repository.ts';
import { countNotes, forgetInNotes, holdsForgotten } from '../../../src/store/forget/forgotten-notes.ts';
import { NOTES_REF } from '../../../src/store/layout.ts';
import { mergeNotes } from '../../../src/store/notes/merge-notes.ts';
import { sessionsIn, withoutSessions } from '../../../src/store/notes/note-lines.ts';
import { NotesTree } from '../../../src/store/notes/notes-tree.ts';
import { attachNotes } from '../../../src/store/notes.ts';
import { encodeTree } from '../../../src/store/objects/encode.ts';
import { NewObjects } from '../../../src/store/objects/new-objects.ts';
import { exec, git, makeRepo } from '../../support/repo.ts';

const event = (session: string, seq = 1, name = session): LogEvent => ({
  v: 1,
  log: `sessions/${session}`,
  writer: 'w1',
  seq,
  clock: seq,
  at: '2026-11-22T00:00:00.000Z',
  by: 'user',
  type: 'session.renamed',
  data: { name, previous: 'x' },
  prev: '0'.repeat(64),
});
const isGone = (session: string): boolean => session === 'gone';

describe('the lines of a note', () => {
  const line = (session: string, seq = 1): string => `${encodeEvent(event(session, seq))}\n`;

  it.each([
    ['', []],
    ['no event at all\n', []],
    [line('a'), ['a']],
    [line('a') + line('b') + line('a', 2), ['a', 'b']],
    // A line that was cut still tells whose it is.
    [line('a').slice(0, 40), ['a']],
    ['{"log":"batches/a"}', []],
  ])('%j is of the sessions %j', (text, sessions) => {
    expect(sessionsIn(Buffer.from(text))).toEqual(sessions);
  });

  it.each([
    [line('gone'), ''],
    [line('gone') + line('gone', 2), ''],
    [line('kept') + line('gone'), line('kept')],
    [line('gone') + line('kept') + line('gone', 2), line('kept')],
    [`a person’s own line\n${line('gone')}`, 'a person’s own line\n'],
  ])('%#: what is forgotten goes, nothing else', (before, after) => {
    expect(withoutSessions(Buffer.from(before), isGone).toString()).toBe(after);
  });

  it('the same bytes where nothing goes', () => {
    const note = Buffer.from(line('kept'));
    expect(withoutSessions(note, isGone)).toBe(note);
  });
});

describe('a tree of notes that loses some', () => {
  const id = (name: string): string => name.repeat(40).slice(0, 40);
  const write = async (entries: Record<string, string>, remove: string[]) => {
    const written = new Map<string, Buffer>();
    let count = 0;
    const objects = new NewObjects({
      write: async (_, content) => {
        count += 1;
        const made = String(count).padStart(40, '0');
        written.set(made, content);
        return made;
      },
      pack: async () => Buffer.alloc(0),
      dispose: () => {},
    });
    const first = new NotesTree({ root: null, read: async (at) => written.get(at)!, format: 'sha1' });
    for (const [commit, text] of Object.entries(entries)) await first.set(commit, Buffer.from(text));
    const root = await first.write(objects);
    const tree = new NotesTree({ root, read: async (at) => written.get(at)!, format: 'sha1' });
    for (const commit of remove) await tree.remove(commit);
    const after = await tree.write(objects);
    const again = new NotesTree({ root: after, read: async (at) => written.get(at)!, format: 'sha1' });
    const texts = await Promise.all(Object.keys(entries).map(async (commit) => (await again.get(commit))?.toString()));
    return { texts, isEmpty: written.get(after)!.length === 0, isSame: after === root };
  };

  it('keeps the others', async () => {
    const { texts } = await write({ [id('ab')]: 'one', [id('cd')]: 'two' }, [id('ab')]);
    expect(texts).toEqual([undefined, 'two']);
  });

  it('keeps the others of the same folder', async () => {
    const { texts } = await write({ [id('ab')]: 'one', [`ab${id('1').slice(2)}`]: 'two' }, [id('ab')]);
    expect(texts).toEqual([undefined, 'two']);
  });

  it('has no empty folder, as git knows none', async () => {
    const { isEmpty } = await write({ [id('ab')]: 'one' }, [id('ab')]);
    expect([isEmpty, encodeTree([]).length]).toEqual([true, 0]);
  });

  it('is as it was when there was no such note', async () => {
    const { texts } = await write({ [id('ab')]: 'one' }, [id('ef')]);
    expect(texts).toEqual(['one']);
  });
});

describe('notes of a session that is forgotten', () => {
  let dir = '';
  let repo: Repository;
  let first = '';
  let second = '';
  const tip = () => git(dir, 'rev-parse', NOTES_REF);
  const reachable = async (): Promise<string> =>
    (
      await exec(dir, 'sh', [
        '-c',
        `git rev-list --objects --reflog ${NOTES_REF} | cut -d' ' -f1 | git cat-file --batch`,
      ])
    ).stdout;

  beforeAll(async () => {
    dir = await makeRepo();
    repo = await locateRepository(dir);
    await git(dir, 'commit', '-q', '--allow-empty', '-m', 'second');
    first = await git(dir, 'rev-parse', 'HEAD~1');
    second = await git(dir, 'rev-parse', 'HEAD');
    await attachNotes(repo, new Map([[first, [event('gone')]]]));
    await attachNotes(repo, new Map([[first, [event('kept')]]]));
    await attachNotes(repo, new Map([[second, [event('gone', 2)]]]));
  });

  it('are counted', async () => {
    expect([await countNotes(repo, isGone), await countNotes(repo, () => false)]).toEqual([2, 0]);
    expect(await holdsForgotten(repo, { tip: await tip(), without: null, isForgotten: isGone })).toBe(true);
    expect(await holdsForgotten(repo, { tip: await tip(), without: await tip(), isForgotten: isGone })).toBe(false);
  });

  it('go, with the past of the notes and its reflog; the others stay', async () => {
    const before = await tip();
    expect(await forgetInNotes(repo, { clock: systemClock, isForgotten: isGone })).toBe(true);
    expect(await git(dir, 'rev-list', '--count', NOTES_REF)).toBe('1');
    expect((await git(dir, 'notes', '--ref=amp', 'list')).split(' ')[1]).toBe(first);
    expect(await git(dir, 'notes', '--ref=amp', 'show', first)).toBe(encodeEvent(event('kept')));
    expect(await reachable()).not.toContain('sessions/gone');
    expect(await git(dir, 'reflog', 'show', NOTES_REF)).not.toContain(before.slice(0, 7));
    expect((await exec(dir, 'git', ['fsck', '--strict', '--no-dangling'])).exitCode).toBe(0);
  });

  it('nothing is written where nothing has to go', async () => {
    const before = await tip();
    expect(await forgetInNotes(repo, { clock: systemClock, isForgotten: isGone })).toBe(false);
    expect(await tip()).toBe(before);
  });

  it('do not come back with those of a clone that has them', async () => {
    const ours = await tip();
    await attachNotes(repo, new Map([[second, [event('gone', 2)]]]));
    await attachNotes(repo, new Map([[second, [event('other', 3)]]]));
    const theirs = await tip();
    await git(dir, 'update-ref', NOTES_REF, ours);
    expect(await mergeNotes(repo, theirs, { clock: systemClock, isForgotten: isGone })).toBe(true);
    expect(await git(dir, 'notes', '--ref=amp', 'show', second)).toBe(encodeEvent(event('other', 3)));
    expect(await git(dir, 'rev-list', NOTES_REF)).not.toContain(theirs);
    const merged = await tip();
    expect(await mergeNotes(repo, theirs, { clock: systemClock, isForgotten: isGone })).toBe(false);
    expect(await tip()).toBe(merged);
    await git(dir, 'update-ref', '-d', NOTES_REF);
    expect(await mergeNotes(repo, theirs, { clock: systemClock, isForgotten: isGone })).toBe(true);
    expect(await git(dir, 'rev-list', '--count', NOTES_REF)).toBe('1');
    expect(await countNotes(repo, isGone)).toBe(0);
    expect(await countNotes(repo, () => true)).toBe(2);
  });
});
