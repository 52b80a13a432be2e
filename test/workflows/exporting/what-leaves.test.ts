import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { colors } from '../../../src/cli/color.ts';
import { exportedText, exportUsage } from '../../../src/cli/export-text.ts';
import { importText } from '../../../src/cli/import-text.ts';
import { sessionLog } from '../../../src/events/envelope.ts';
import { exportHistory } from '../../../src/workflows/export/export.ts';
import { heldError } from '../../../src/workflows/export/export-log.ts';
import { importError } from '../../../src/workflows/import/import.ts';
import { git, makeRepo, tempDir } from '../../support/repo.ts';
import { contextIn, make } from '../../support/sessions.ts';
import { elsewhere, exportFrom, importInto, seeded } from './support.ts';

const plain = colors('stdout');

describe('what leaves', () => {
  it('is every session, or those that are named', async () => {
    const ctx = await contextIn(await makeRepo());
    const [one, two] = [await make(ctx, { name: 'one' }), await make(ctx, { name: 'two' })];
    const dir = ctx.repo.root;
    expect((await exportFrom(dir)).sessions).toBe(2);
    const named = await exportFrom(dir, { sessions: ['one'] });
    expect(named.sessions).toBe(1);
    expect(named.text).toContain(one.session.id);
    expect(named.text).not.toContain(two.session.id);
    expect((await exportFrom(dir, { sessions: ['one', one.session.id, 'two'] })).sessions).toBe(2);
    await expect(exportFrom(dir, { sessions: ['three'] })).rejects.toMatchObject({ code: 'session.missing' });
  });

  it('with dates is the whole log of each session that was at work then', async () => {
    const { dir, lines } = await seeded(5, 6);
    const events = lines.map((line) => JSON.parse(line) as { log: string; at: string });
    const since = events[Math.floor(events.length / 2)]!.at;
    const logs = new Set(events.filter(({ at }) => at >= since).map(({ log }) => log));
    const found = await exportFrom(dir, { since });
    expect([...found.lines].sort()).toEqual(lines.filter((_, at) => logs.has(events[at]!.log)).sort());
    const before = await exportFrom(dir, { until: '2000-01-01T00:00:00.000Z' });
    expect(before).toMatchObject({ text: '', rows: 0, sessions: 0 });
    expect((await importInto(await elsewhere(), found.path)).sessions).toHaveLength(logs.size);
  });

  it('of several repositories is there once, from where it goes furthest', async () => {
    const { dir, lines } = await seeded(5, 4);
    const ctx = await elsewhere();
    const part = await exportFrom(dir);
    await importInto(ctx, part.path);
    const other = await seeded(6, 1);
    const both = await exportFrom(dir, { repos: [dir, ctx.repo.root] });
    expect([...both.lines].sort()).toEqual([...lines].sort());
    await expect(exportFrom(dir, { repos: [other.dir, join(tempDir(), 'none')] })).rejects.toMatchObject({
      code: 'repository.missing',
    });
  });

  it('without anything in the repository is an empty file', async () => {
    const dir = await makeRepo({ empty: true });
    expect(await exportFrom(dir)).toMatchObject({ text: '', rows: 0, sessions: 0, held: [], bytes: 0 });
  });

  it('is nothing of a session with what looks like a secret now; the others leave', async () => {
    const ctx = await contextIn(await makeRepo());
    const secret = 'moonlit-harbour-4417-quartz';
    const [bad, good] = [
      await make(ctx, { name: 'bad', prompt: `use ${secret} here` }),
      await make(ctx, { name: 'good' }),
    ];
    await ctx.store.close();
    writeFileSync(join(ctx.repo.root, '.env'), `API_TOKEN=${secret}\n`);
    const { text, held, sessions } = await exportFrom(ctx.repo.root);
    expect(sessions).toBe(1);
    expect(text).toContain(good.session.id);
    expect(text).not.toContain(secret);
    expect(text).not.toContain(bad.session.id);
    expect(held).toEqual([
      {
        log: sessionLog(bad.session.id),
        session: bad.session.id,
        secrets: [{ where: sessionLog(bad.session.id), seq: 1, kind: 'dotenv' }],
      },
    ]);
    const error = heldError(held, { rows: 1 });
    expect(error).toMatchObject({ code: 'export.secrets', exit: 4, answer: { rows: 1 } });
    expect(error?.message).toBe(
      `Session ${bad.session.id} was left out: event 1 of ${sessionLog(bad.session.id)} holds what looks like a secret (dotenv).`,
    );
    expect(heldError([], {})).toBeUndefined();
    const asked: unknown[] = [];
    const out = { path: join(tempDir(), 'rows'), force: false, stdout: async () => {} };
    const wish = { sessions: [], all: false, repos: [], out };
    const done = await exportHistory({ dir: ctx.repo.root, syncs: false }, wish, async (_, admitted) => {
      asked.push(admitted);
      return 7;
    });
    expect(asked).toEqual([{ sessions: undefined, without: [bad.session.id] }]);
    expect(done).toMatchObject({ rows: 7, sessions: 1, held });
  });

  it('as transcripts is nothing of a session with what looks like a secret in one', async () => {
    const ctx = await contextIn(await makeRepo());
    const secret = 'moonlit-harbour-4417-quartz';
    const [bad, worse] = [await make(ctx, { name: 'bad' }), await make(ctx, { name: 'worse' })];
    const lines = [{ iteration: 1, stream: 'stdout' as const, line: `found ${secret} in a file` }];
    await ctx.store.appendTranscript(sessionLog(bad.session.id), lines);
    await ctx.store.flush(sessionLog(bad.session.id));
    await ctx.store.appendTranscript(sessionLog(worse.session.id), lines);
    await ctx.store.close();
    writeFileSync(join(ctx.repo.root, '.env'), `API_TOKEN=${secret}\n`);
    const heldOf = async (transcripts: boolean) => {
      const out = { path: join(tempDir(), 'rows'), force: false, stdout: async () => {} };
      const wish = { sessions: [], all: false, repos: [], out, transcripts };
      return (await exportHistory({ dir: ctx.repo.root, syncs: false }, wish, async () => 0)).held;
    };
    expect(await heldOf(false)).toEqual([]);
    const held = await heldOf(true);
    expect(held.map(({ session }) => session).sort()).toEqual([bad.session.id, worse.session.id].sort());
    expect(held[0]!.secrets).toEqual([
      { where: `${held[0]!.log}, transcript of iteration 1, line 1`, seq: null, kind: 'dotenv' },
    ]);
  });

  it('is nothing at all when a log is damaged', async () => {
    const { dir } = await seeded(5, 2);
    const ref = (await git(dir, 'for-each-ref', '--format=%(refname)', 'refs/amp/sessions')).split('\n')[0]!;
    const tree = await git(dir, 'rev-parse', `${ref}^{tree}`);
    const name = (await git(dir, 'ls-tree', '--name-only', tree)).split('\n')[0]!;
    writeFileSync(
      join(dir, 'lines'),
      (await git(dir, 'cat-file', 'blob', `${tree}:${name}`)).replace('"clock":2', '"clock":3'),
    );
    const blob = await git(dir, 'hash-object', '-w', 'lines');
    writeFileSync(join(dir, 'tree'), `100644 blob ${blob}\t${name}\n`);
    const { exitCode } = { exitCode: 0 };
    expect(exitCode).toBe(0);
    await git(dir, 'read-tree', '--empty');
    await git(dir, 'update-index', '--add', '--cacheinfo', `100644,${blob},${name}`);
    const commit = await git(dir, 'commit-tree', await git(dir, 'write-tree'), '-m', 'changed');
    await git(dir, 'update-ref', ref, commit);
    const path = join(tempDir(), 'out');
    await expect(exportFrom(dir, { path })).rejects.toMatchObject({ code: 'log.damaged', exit: 7 });
  });
});

describe('what a person reads', () => {
  it('of flags that make no sense together', () => {
    const flags = { format: 'csv', out: 'x', json: false };
    expect(() => exportUsage(flags)).not.toThrow();
    expect(() => exportUsage({ ...flags, json: true, out: '-' })).toThrow('--json and --out - would both write');
    expect(() => exportUsage({ ...flags, format: 'json', raw: true })).toThrow('--raw is about CSV.');
    expect(() => exportUsage({ ...flags, since: '2026-02', until: '2026-01' })).toThrow('--since is later');
  });

  it('of an export', () => {
    const answer = { table: null, out: 'x.ndjson', rows: 1, sessions: 2 };
    expect(exportedText(answer, plain)).toMatch(/✓.* 1 event of 2 sessions in x\.ndjson$/);
    expect(exportedText({ ...answer, table: 'usage', rows: 3 }, plain)).toMatch(/ 3 rows of usage in x\.ndjson$/);
  });

  it('of an import', () => {
    const answer = {
      file: 'x',
      events: 9,
      dryRun: false,
      sessions: ['a'],
      taken: [{ log: 'sessions/a', writer: 'w', events: 5 }],
      same: 0,
      refused: [],
      forgotten: [],
    };
    expect(importText(answer, plain)).toMatch(/imported 5 events of 1 session\n.*commits of their iterations/);
    expect(importText({ ...answer, dryRun: true }, plain)).toMatch(/would import 5 events of 1 session$/);
    const none = { ...answer, sessions: [], taken: [], same: 1 };
    expect(importText(none, plain)).toMatch(/all of it is here already$/);
    expect(importText({ ...none, forgotten: ['b', 'c'] }, plain)).toMatch(
      /2 sessions were forgotten.*b, c\n.*nothing else/,
    );
    const refused = [{ log: 'sessions/a', writer: 'w', reason: 'it is another' }];
    expect(importText({ ...none, refused }, plain)).toMatch(/sessions\/a of w stays out: it is another\n/);
    expect(importError(answer)).toBeUndefined();
    expect(importError({ ...none, refused: [...refused, ...refused] })).toMatchObject({
      code: 'import.refused',
      exit: 1,
      message: 'sessions/a of w was not imported: it is another, and 1 more did not.',
    });
  });
});
