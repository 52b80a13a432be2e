import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EventData } from '../../../src/events/catalogue.ts';
import { sessionLog } from '../../../src/events/envelope.ts';
import { sessionWorktree } from '../../../src/git/locate.ts';
import type { Worktree } from '../../../src/git/repository.ts';
import type { Context } from '../../../src/workflows/context.ts';
import { type Journal, withJournal } from '../../../src/workflows/journal.ts';
import { reportChanges, reportLeftChanges, watchRepository } from '../../../src/workflows/repository-watch.ts';
import { type StandingChange, showChanges, standingChanges } from '../../../src/workflows/standing-changes.ts';
import { readSession } from '../../../src/workflows/summaries.ts';
import { trustSessionAsItIs } from '../../../src/workflows/trust-session.ts';
import { git, makeRepo, sh } from '../../support/repo.ts';
import { contextIn, make, runOnce, script } from '../../support/sessions.ts';

type Found = EventData<'repository-change.found'>;

describe('what happens beside a watched worktree', () => {
  let dir: string;
  let ctx: Context & { warnings: string[] };
  let id: string;
  let worktree: string;
  beforeAll(async () => {
    dir = await makeRepo();
    await git(dir, 'commit', '-q', '--allow-empty', '-m', 'two');
    ctx = await contextIn(dir);
    const command = script('after: repeat\niterations:\n  - - message: Done.\n');
    const { session } = await make(ctx, { agent: { name: 'scripted', mode: null, command } });
    id = session.id;
    worktree = join(dir, session.worktree);
    await runOnce(ctx, id);
  });
  beforeEach(async () => {
    ctx = await contextIn(dir);
  });
  const guardFile = () => join(dir, '.git/amp/guard', `${id}.json`);
  const inJournal = <T>(work: (journal: Journal, wt: Worktree) => Promise<T>): Promise<T> =>
    withJournal(ctx, { id, name: 'task', command: 'test' }, async (journal) =>
      work(journal, await sessionWorktree(ctx.repo, worktree)),
    );
  const founds = async (): Promise<Found[]> =>
    (await ctx.store.read(sessionLog(id))).events
      .filter(({ type }) => type === 'repository-change.found')
      .map(({ data }) => data as Found);
  /** What goes on record of one piece of work; undefined where nothing does. */
  const foundBy = async (work: () => unknown): Promise<Found | undefined> => {
    const before = (await founds()).length;
    ctx.warnings.splice(0);
    await inJournal(async (journal, wt) => {
      const watch = await watchRepository(ctx, id, wt);
      await work();
      await reportChanges(ctx, journal, wt, { iteration: 1, watch });
    });
    return (await founds())[before];
  };

  it('is nothing where the user’s sessions only go on, and the watch leaves no file', async () => {
    const seen: boolean[] = [];
    const found = await foundBy(async () => {
      seen.push(existsSync(guardFile()));
      await git(dir, 'branch', 'amp/other/1', 'main~1');
      await git(dir, 'branch', '-f', 'amp/other/1', 'main');
    });
    expect([found, seen, existsSync(guardFile()), ctx.warnings]).toEqual([undefined, [true], false, []]);
  });

  it('is told of every branch, and asked about of twenty only', async () => {
    const names = Array.from({ length: 25 }, (_, at) => `b${String(at).padStart(2, '0')}`);
    for (const target of ['main~1', 'main', 'main~1'] as const) {
      const found = await foundBy(() =>
        sh(dir, `for b in ${names.join(' ')}; do echo "update refs/heads/$b ${target}"; done | git update-ref --stdin`),
      );
      expect(found!.refs.map(({ ref }) => ref)).toEqual(names.map((name) => `refs/heads/${name}`));
      expect(found!.refs.filter(({ how }) => how !== undefined)).toHaveLength(20);
      const expected = found!.refs[0]!.from === null ? 'made' : target === 'main' ? 'forward' : 'rewritten';
      expect(found!.refs[0]!.how).toBe(expected);
      expect(found!.items!.filter(({ kind }) => kind === 'branch')).toHaveLength(expected === 'rewritten' ? 20 : 0);
      expect(ctx.warnings).toHaveLength(expected === 'rewritten' ? 20 : 0);
    }
  });

  it('keeps no more text than one event should hold, and names all the same', async () => {
    const texts = Array.from({ length: 8 }, (_, at) => [`hooks/h${at}`, `${at}`.repeat(60_000)] as const);
    const found = await foundBy(() => {
      for (const [file, text] of texts) writeFileSync(join(dir, '.git', file), text);
    });
    const items = found!.items!.filter(({ item }) => item.startsWith('.git/hooks/h'));
    expect(items).toHaveLength(8);
    expect(items.filter(({ after }) => after !== undefined)).toHaveLength(4);
    expect(items.every(({ blocks, to, kind }) => blocks && to !== null && kind === 'hook')).toBe(true);
    await sh(dir, 'rm .git/hooks/h*');
  });

  it('says what a process that died watched, once; half a file, or a forged one, says nothing', async () => {
    let tags = 0;
    const left = async (text?: string) => {
      const before = (await founds()).length;
      await inJournal(async (journal, wt) => {
        await watchRepository(ctx, id, wt);
        await git(dir, 'tag', `t${tags++}`);
        if (text !== undefined) writeFileSync(guardFile(), text);
        await reportLeftChanges(ctx, journal, wt, 1);
        await reportLeftChanges(ctx, journal, wt, 1);
      });
      return (await founds()).length - before;
    };
    expect(await left()).toBe(1);
    expect(ctx.warnings).toEqual([]);
    const forged = ['', '{"before":', 'null', '7', '{"before":{}}', '{"before":{},"own":{}}', '{"before":[],"own":7}'];
    for (const text of forged) {
      expect(await left(text), text).toBe(0);
      expect(ctx.warnings.splice(0)).toEqual([expect.stringMatching(/is not known: .*json was damaged/)]);
      expect(existsSync(guardFile())).toBe(false);
    }
  });

  const standing = async (): Promise<StandingChange[]> => standingChanges(ctx, await readSession(ctx, id));
  const itemsOf = (changes: { item: string }[]) => changes.map(({ item }) => item);

  it('stands until it is as it was; a branch is, when it has again all it had', async () => {
    for (const { item } of await standing())
      if (item.startsWith('refs/heads/')) await git(dir, 'update-ref', item, 'main');
    await trustSessionAsItIs(ctx, id, { dryRun: false });
    expect(await standing()).toEqual([]);
    await git(dir, 'branch', '-f', 'mine', 'main');
    await foundBy(() => git(dir, 'branch', '-f', 'mine', 'main~1'));
    expect(itemsOf(await standing())).toEqual(['refs/heads/mine']);
    await git(dir, 'branch', '-D', 'mine');
    expect((await standing()).map(({ now }) => now)).toEqual([null]);
    const more = await git(dir, 'commit-tree', '-p', 'main', '-m', 'more', 'main^{tree}');
    await git(dir, 'branch', 'mine', more);
    expect(await standing()).toEqual([]);
    const other = await git(dir, 'commit-tree', '-p', 'main~1', '-m', 'other', 'main^{tree}');
    await git(dir, 'branch', '-f', 'mine', other);
    expect((await standing()).map(({ now }) => now)).toEqual([other]);
    await git(dir, 'branch', '-f', 'mine', 'main');
  });

  it('stands when a hook that was there is taken away, and not when a file that was included is', async () => {
    const included = join(dir, '.git/included');
    writeFileSync(included, '[core]\n');
    appendFileSync(join(dir, '.git/config'), '[include]\n\tpath = included\n');
    writeFileSync(join(dir, '.git/hooks/pre-push'), 'one');
    await foundBy(() => {
      appendFileSync(included, '\tpager = evil\n');
      writeFileSync(join(dir, '.git/hooks/pre-push'), 'two');
    });
    expect(itemsOf(await standing())).toEqual(['.git/hooks/pre-push', '.git/included']);
    await sh(dir, 'rm .git/hooks/pre-push .git/included');
    expect((await standing()).map(({ item, now }) => [item, now])).toEqual([['.git/hooks/pre-push', null]]);
    writeFileSync(join(dir, '.git/hooks/pre-push'), 'two');
  });

  it('is trusted by what it says: what changed again since it was shown still stands', async () => {
    const hook = join(dir, '.git/hooks/pre-push');
    const shown = await showChanges(ctx, id);
    expect(shown.map(({ item, before, after }) => [item, before, after])).toEqual([
      ['.git/hooks/pre-push', 'one', 'two'],
    ]);
    const dry = await trustSessionAsItIs(ctx, id, { dryRun: true });
    expect([dry.dryRun, dry.changes, itemsOf(await standing())]).toEqual([true, shown, ['.git/hooks/pre-push']]);
    expect((await trustSessionAsItIs(ctx, id, { dryRun: false })).changes).toEqual(shown);
    expect(await standing()).toEqual([]);
    // Nothing is left to trust, so nothing goes on record.
    const { events } = await ctx.store.read(sessionLog(id));
    await trustSessionAsItIs(ctx, id, { dryRun: false });
    expect((await ctx.store.read(sessionLog(id))).events).toHaveLength(events.length);
    await foundBy(() => writeFileSync(hook, 'three'));
    expect((await standing()).map(({ text }) => text)).toEqual(['three']);
    writeFileSync(hook, 'two');
    expect(await standing()).toEqual([]);
  });

  it('does not keep our own record from being written, whatever stands in its place', async () => {
    const wal = () => readdirSync(join(dir, '.git/amp/wal')).filter((name) => !/transcript/.test(name));
    for (const place of ['mkfifo "$f"', 'ln -s /dev/zero "$f"', 'ln -s "$f" "$f"']) {
      const found = await foundBy(async () => {
        await inSession();
        await sh(join(dir, '.git/amp/wal'), `for f in $(ls | grep -v transcript); do rm "$f"; ${place}; done`);
      });
      expect(
        found?.items?.some(({ item, restored }) => item.includes('amp/wal') && restored),
        place,
      ).toBe(true);
    }
    expect(wal().every((name) => readFileSync(join(dir, '.git/amp/wal', name)).length < 1_000_000)).toBe(true);
    const seqs = (await ctx.store.read(sessionLog(id))).events.map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, at) => at + 1));
  });
  const inSession = () =>
    ctx.store.append(sessionLog(id), [
      { type: 'agent-message.received', by: 'agent', data: { iteration: 1, text: 'Working.' } },
    ]);
});
