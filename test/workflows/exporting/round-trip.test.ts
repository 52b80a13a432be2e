import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sessionLog } from '../../../src/events/envelope.ts';
import type { Context } from '../../../src/workflows/context.ts';
import { resumeSession } from '../../../src/workflows/resume.ts';
import { sessionDiff } from '../../../src/workflows/session-diff.ts';
import { summaries } from '../../../src/workflows/summaries.ts';
import { verify } from '../../../src/workflows/verify.ts';
import { git, makeRepo } from '../../support/repo.ts';
import { contextIn, make, runOnce, script } from '../../support/sessions.ts';
import { forgetIn } from '../forget/world.ts';
import { elsewhere, exportFrom, fileOf, importInto, seeded } from './support.ts';

const statesOf = async (ctx: Context) => (await summaries(ctx)).map(({ hasWorktree: _, ...summary }) => summary);

const refsOf = (ctx: Context): Promise<string> => git(ctx.repo.root, 'for-each-ref', 'refs/amp');

describe('a made-up history', () => {
  let source: Awaited<ReturnType<typeof seeded>>;
  let exported: Awaited<ReturnType<typeof exportFrom>>;
  beforeAll(async () => {
    source = await seeded(7, 10);
    exported = await exportFrom(source.dir);
  });

  it('leaves line by line as it was written', () => {
    expect([...exported.lines].sort()).toEqual([...source.lines].sort());
    expect(exported).toMatchObject({ rows: source.lines.length, sessions: 10, held: [] });
    expect(exported.bytes).toBe(Buffer.byteLength(exported.text));
  });

  it('comes out the same to a file and to stdout, and again', async () => {
    expect((await exportFrom(source.dir, { path: '-' })).text).toBe(exported.text);
  });

  it('is the same state elsewhere, sound, and exports to the same bytes', async () => {
    const [from, to] = [await contextIn(source.dir), await elsewhere()];
    const answer = await importInto(to, exported.path);
    expect(answer).toMatchObject({ events: source.lines.length, same: 0, refused: [], forgotten: [] });
    expect(answer.sessions).toHaveLength(10);
    expect(await statesOf(to)).toEqual(await statesOf(from));
    for (const { id } of await summaries(from))
      expect((await to.store.read(sessionLog(id))).events).toEqual((await from.store.read(sessionLog(id))).events);
    const wrong = async (ctx: Context) =>
      (await verify(ctx)).logs.flatMap(({ problems }) => problems.map(({ kind, log, seq }) => [kind, log, seq]));
    expect(await wrong(to)).toEqual(await wrong(from));
    expect((await wrong(to)).filter(([kind]) => kind !== 'commit' && kind !== 'schema' && kind !== 'replay')).toEqual(
      [],
    );
    expect((to as unknown as { warnings: string[] }).warnings).toEqual([
      expect.stringMatching(
        /ndjson:\d+: the data of event \d+, [a-z.-]+, has not its shape \(.*\); it stays as it was/,
      ),
    ]);
    expect((await exportFrom(to.repo.root)).text).toBe(exported.text);
  });

  it('imported twice changes nothing, and two who import have the same commits', async () => {
    const [one, two] = [await elsewhere(), await elsewhere()];
    await importInto(one, exported.path);
    const refs = await refsOf(one);
    const again = await importInto(one, exported.path);
    expect(again).toMatchObject({ sessions: [], taken: [], refused: [] });
    expect(again.same).toBe(refs.split('\n').length);
    await importInto(two, '-', { stdin: exported.text });
    expect([await refsOf(one), await refsOf(two)]).toEqual([refs, refs]);
  });

  it('with --dry-run says what would come, and takes nothing', async () => {
    const ctx = await elsewhere();
    const told = await importInto(ctx, exported.path, { dryRun: true });
    expect(await refsOf(ctx)).toBe('');
    expect(await importInto(ctx, exported.path)).toEqual({ ...told, dryRun: false });
  });

  it('in any order of its lanes is the same history', async () => {
    const [one, two] = [await elsewhere(), await elsewhere()];
    const byLane = new Map<string, string[]>();
    for (const line of exported.lines) {
      const { log, writer } = JSON.parse(line) as { log: string; writer: string };
      byLane.set(`${log} ${writer}`, [...(byLane.get(`${log} ${writer}`) ?? []), line]);
    }
    const lanes = [...byLane.values()].reverse();
    const mixed: string[] = [];
    while (lanes.some((lane) => lane.length > 0)) for (const lane of lanes) mixed.push(...lane.splice(0, 3));
    await importInto(one, fileOf(mixed));
    await importInto(two, exported.path);
    expect(await refsOf(one)).toBe(await refsOf(two));
  });

  it('goes on where an older export ended, and an older one takes nothing back', async () => {
    const ctx = await elsewhere();
    const log = JSON.parse(exported.lines[0]!) as { log: string; writer: string };
    const mine = exported.lines.filter((line) => line.includes(log.log) && line.includes(log.writer));
    const half = fileOf(mine.slice(0, 3));
    expect((await importInto(ctx, half)).taken).toMatchObject([{ events: 3 }]);
    expect((await importInto(ctx, fileOf(mine.slice(3)))).taken).toMatchObject([{ events: mine.length - 3 }]);
    expect(await importInto(ctx, half)).toMatchObject({ taken: [], same: 1, refused: [] });
    expect(await importInto(ctx, fileOf(mine))).toMatchObject({ taken: [], same: 1 });
    expect((await verify(ctx)).ok).toBe(true);
  });
});

const WORK = 'after: repeat\niterations:\n  - - run: echo work >> work.txt\n    - message: Worked.\n';

describe('a real session', () => {
  const agent = () => ({
    name: 'scripted' as const,
    mode: null,
    command: script(WORK),
  });

  it('with a long text comes whole; its code is missing, and that is said', async () => {
    const from = await contextIn(await makeRepo());
    const prompt = `long ${'é=x,"y"\n'.repeat(20_000)}`;
    const made = await make(from, { prompt, agent: agent() });
    await runOnce(from, made.session.id);
    const { path, lines, rows } = await exportFrom(from.repo.root);
    expect(lines.length).toBeGreaterThan(rows);
    const to = await elsewhere();
    await importInto(to, path);
    expect(await verify(to)).toMatchObject({ ok: true });
    expect((await statesOf(to)).map(({ id, iterations }) => [id, iterations])).toEqual(
      (await statesOf(from)).map(({ id, iterations }) => [id, iterations]),
    );
    const { events } = await to.store.read(sessionLog(made.session.id));
    expect(events).toEqual((await from.store.read(sessionLog(made.session.id))).events);
    const { payload } = (events[0]!.data as unknown as { prompt: { payload: { parts: string[] } } }).prompt;
    const parts = await Promise.all(payload.parts.map((part) => to.store.payload(sessionLog(made.session.id), part)));
    expect(Buffer.concat(parts).toString()).toBe(prompt);
    await expect(sessionDiff(to, made.session.id, { part: 'all' })).rejects.toMatchObject({ code: 'code.missing' });
    const summary = (await summaries(to))[0]!;
    await expect(resumeSession(to, summary, { newThread: false, dryRun: false })).rejects.toMatchObject({
      code: 'code.missing',
    });
    const without = fileOf(lines.filter((line) => !line.startsWith('{"log"')));
    await expect(importInto(await elsewhere(), without)).rejects.toThrow(
      /:1: the long text [0-9a-f]{12} of this event is not/,
    );
  });

  it('leaves with what is not in git yet, and in the archive; goes on here after it came back', async () => {
    const from = await contextIn(await makeRepo());
    const made = await make(from, { agent: agent() });
    await from.store.append(sessionLog(made.session.id), [
      { type: 'session.renamed', by: 'user', data: { name: 'two', previous: 'task' } },
    ]);
    const { path, lines } = await exportFrom(from.repo.root);
    expect(lines.at(-1)).toContain('session.renamed');
    const to = await elsewhere();
    await importInto(to, path);
    expect((await summaries(to))[0]).toMatchObject({ name: 'two' });
    await runOnce(from, made.session.id);
    const later = await exportFrom(from.repo.root);
    expect((await importInto(to, later.path)).taken).toHaveLength(1);
    expect((await exportFrom(to.repo.root)).text).toBe(later.text);
    expect(await importInto(from, later.path)).toMatchObject({ taken: [], same: 1, refused: [] });
  });

  it('that was forgotten does not come back', async () => {
    const from = await contextIn(await makeRepo());
    const made = await make(from, { agent: agent() });
    const { path } = await exportFrom(from.repo.root);
    await forgetIn(from.repo.root, [made.session.id]);
    expect(await importInto(from, path)).toMatchObject({ forgotten: [made.session.id], taken: [] });
    expect(await summaries(from)).toEqual([]);
  });

  it('of another line than the one here is refused, by name, and the others come in', async () => {
    const from = await contextIn(await makeRepo());
    const [one, two] = [
      await make(from, { name: 'one', agent: agent() }),
      await make(from, { name: 'two', agent: agent() }),
    ];
    const { path } = await exportFrom(from.repo.root, { sessions: ['one'] });
    const both = await exportFrom(from.repo.root, { sessions: ['one', two.session.id] });
    const to = await elsewhere();
    await importInto(to, path);
    await runOnce(from, one.session.id);
    const first = await exportFrom(from.repo.root, { sessions: ['one'] });
    const ofOne = both.lines.filter((line) => line.includes(one.session.id));
    const ofTwo = both.lines.filter((line) => line.includes(two.session.id));
    const lines = [...ofOne, ...ofTwo].map((line) => line.replace('"name":"one"', '"name":"not"'));
    const changed = join(from.repo.root, 'changed.ndjson');
    writeFileSync(changed, `${lines.join('\n')}\n`);
    await expect(importInto(to, changed)).rejects.toThrow(
      /changed\.ndjson:2: .* one of them was changed\. Nothing was imported/,
    );
    const other = fileOf([lines[0]!, ...ofTwo]);
    const answer = await importInto(to, other);
    expect(answer).toMatchObject({ sessions: [two.session.id], refused: [{ log: sessionLog(one.session.id) }] });
    const gap = fileOf(first.lines.slice(-1));
    expect((await importInto(to, gap)).refused[0]!.reason).toMatch(
      /it begins with event \d+, and here it ends with event 2/,
    );
    expect((await importInto(await elsewhere(), gap)).refused[0]!.reason).toMatch(/nothing before that is here/);
  });
});
