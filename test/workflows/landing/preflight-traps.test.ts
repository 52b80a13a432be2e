import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { locateRepository } from '../../../src/git/locate.ts';
import { readPatches } from '../../../src/git/patches.ts';
import { forecast } from '../../../src/workflows/landing/forecast.ts';
import { sessionsGate } from '../../../src/workflows/landing/gate-sessions.ts';
import { targetGate } from '../../../src/workflows/landing/gate-target.ts';
import { worktreeGate } from '../../../src/workflows/landing/gate-worktree.ts';
import { readLandedLines } from '../../../src/workflows/landing/landed-lines.ts';
import { planLanding } from '../../../src/workflows/landing/plan.ts';
import { compareTouched, touchedBy } from '../../../src/workflows/landing/touching.ts';
import { readSession } from '../../../src/workflows/summaries.ts';
import { exec, git, makeRepo, sh, tempDir } from '../../support/repo.ts';
import { everything, gate, makeField, withLine } from './preflight-world.ts';

describe('lines and git', () => {
  it('agree: what lines call apart, git merges', async () => {
    const dir = await makeRepo();
    const repo = await locateRepository(dir);
    const texts = fc.tuple(
      fc.array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 4, maxLength: 14 }),
      fc.array(fc.tuple(fc.nat(13), fc.nat(2), fc.constantFrom('x', 'y', 'a')), { minLength: 1, maxLength: 3 }),
      fc.array(fc.tuple(fc.nat(13), fc.nat(2), fc.constantFrom('x', 'z', 'a')), { minLength: 1, maxLength: 3 }),
    );
    const edit = (lines: string[], edits: [number, number, string][]): string[] =>
      edits.reduce((all, [at, gone, come]) => all.toSpliced(Math.min(at, all.length), gone, come), lines);
    const commit = async (lines: string[], parent?: string): Promise<{ id: string; tree: string }> => {
      writeFileSync(join(dir, 'f'), lines.map((line) => `${line}\n`).join(''));
      await git(dir, 'add', 'f');
      const tree = await git(dir, 'write-tree');
      return { tree, id: await git(dir, 'commit-tree', tree, ...(parent ? ['-p', parent] : []), '-m', 'x') };
    };
    let apart = 0;
    await fc.assert(
      fc.asyncProperty(texts, async ([old, editsA, editsB]) => {
        const base = await commit(old);
        const [a, b] = [await commit(edit(old, editsA), base.id), await commit(edit(old, editsB), base.id)];
        const { pairs } = await readPatches(repo, [
          { from: base.tree, to: a.tree },
          { from: base.tree, to: b.tree },
        ]);
        const meeting = compareTouched(touchedBy(pairs[0]!), touchedBy(pairs[1]!), true);
        if (meeting.isUnclear) return;
        apart += 1;
        expect((await exec(dir, 'git', ['merge-tree', '--write-tree', a.id, b.id])).exitCode).toBe(0);
      }),
      {
        numRuns: 60,
        // Where a change could stand in several places, git's diff and its merge put it into different ones.
        examples: [
          [[['', '', '', 'a'], [[3, 0, 'a']], [[4, 0, 'x']]]],
          [
            [
              ['a', 'b', 'b', '', 'a'],
              [
                [3, 0, 'a'],
                [0, 1, 'x'],
              ],
              [[2, 0, 'x']],
            ],
          ],
        ],
      },
    );
    expect(apart).toBeGreaterThan(5);
  });
});

describe.skipIf(process.platform === 'win32')('a repository that brings programs along', () => {
  it('has none of them started', async () => {
    const field = await makeField();
    const canary = join(tempDir(), 'sang');
    const sing = join(tempDir(), 'sing.sh');
    writeFileSync(sing, `#!/bin/sh\necho "$0 $*" >> '${canary}'\n`);
    chmodSync(sing, 0o755);
    const s = await field.session({ test: 'true' });
    s.write('.gitattributes', '* filter=evil diff=evil merge=evil\n');
    await s.line(5, 'mine');
    await s.commit();
    await field.upstream('.gitattributes', '* filter=evil diff=evil merge=evil text\n');
    const other = await field.session({ name: 'other' });
    await other.line(5, 'other');
    for (const [key, value] of [
      ['filter.evil.smudge', sing],
      ['filter.evil.clean', sing],
      ['filter.evil.process', sing],
      ['diff.evil.command', sing],
      ['diff.evil.textconv', sing],
      ['diff.external', sing],
      ['merge.evil.driver', `${sing} %A %O %B`],
      ['core.fsmonitor', sing],
      ['core.sshCommand', sing],
      ['core.hooksPath', join(field.dir, 'evil-hooks')],
    ])
      await git(field.dir, 'config', key!, value!);
    mkdirSync(join(field.dir, 'evil-hooks'));
    for (const hook of ['post-checkout', 'post-index-change', 'reference-transaction', 'pre-commit'])
      await sh(field.dir, `cp '${sing}' evil-hooks/${hook}`);
    rmSync(canary, { force: true });
    await s.preflight({ skipTests: false });
    await forecast(field.ctx);
    expect(existsSync(canary)).toBe(false);
    // Plain git starts them; the one that would hold a conversation is left out.
    await git(field.dir, 'config', '--unset', 'filter.evil.process');
    await exec(field.dir, 'git', ['worktree', 'add', '-q', '--detach', join(tempDir(), 'plain'), s.branch]);
    expect(existsSync(canary)).toBe(true);
  });
});

describe('gates one by one', () => {
  const planFor = async (field: Awaited<ReturnType<typeof makeField>>, id: string) => {
    const session = await readSession(field.ctx, id);
    const tip = await git(field.dir, 'rev-parse', session.branch);
    const wish = { tip, squash: true, manual: 'keep', noFf: false } as const;
    return { session, plan: await planLanding(field.ctx, session, wish) };
  };

  it('a target in two checkouts cannot be brought along', async () => {
    const field = await makeField();
    const s = await field.session();
    await s.line(1, 'x');
    const second = join(tempDir(), 'second');
    await git(field.dir, 'worktree', 'add', '-q', '-f', second, 'main');
    const { plan } = await planFor(field, s.id);
    expect(await targetGate(field.ctx, plan)).toMatchObject({
      ok: false,
      detail: `main is checked out in 2 places: ${field.dir}, ${second}`,
    });
  });

  it('a target without common history is told', async () => {
    const field = await makeField();
    const s = await field.session();
    await s.line(1, 'x');
    await sh(field.dir, 'git switch -q --orphan alone && git commit -q --allow-empty -m alone');
    await git(field.dir, 'switch', '-q', 'main');
    const answer = await s.preflight({ into: 'alone' });
    expect(gate(answer, 'target').detail).toContain('alone has no history in common with the session');
    expect(answer.ahead).toBeGreaterThan(1);
  });

  it('what is open in a session is told, with the way on', async () => {
    const field = await makeField();
    const s = await field.session();
    const session = await readSession(field.ctx, s.id);
    const conflicts = [{ path: 'a.txt', kind: 'content', message: '', stages: [] }];
    const conflict = { onto: { name: 'main', commit: 'a' }, conflicts } as never;
    expect(await worktreeGate(field.ctx, { ...session, conflict })).toMatchObject({
      ok: false,
      detail: 'a rebase onto main waits for a conflict to be resolved',
      hint: expect.stringContaining(`rebase ${s.id} --continue`),
      findings: [{ path: 'a.txt', text: 'content' }],
    });
    expect(await worktreeGate(field.ctx, { ...session, openOperation: { verb: 'merge' } as never })).toMatchObject({
      ok: false,
      detail: 'a merge was cut off in the middle',
    });
  });

  it('something else in the place of the worktree is told, one that is gone is fine', async () => {
    const field = await makeField();
    const s = await field.session();
    await s.line(1, 'x');
    const session = await readSession(field.ctx, s.id);
    rmSync(s.worktree, { recursive: true });
    expect(await worktreeGate(field.ctx, session)).toMatchObject({ ok: true, detail: 'there is none' });
    writeFileSync(s.worktree, 'a file now\n');
    expect(await worktreeGate(field.ctx, session)).toMatchObject({ ok: false, hint: expect.any(String) });
  });

  it.skipIf(process.platform === 'win32')('work inside a submodule counts as not committed', async () => {
    const field = await makeField();
    const s = await field.session();
    const sub = await makeRepo();
    await sh(s.worktree, `git -c protocol.file.allow=always submodule add -q '${sub}' sub`);
    await s.commit();
    expect(gate(await s.preflight(), 'worktree').ok).toBe(true);
    writeFileSync(join(s.worktree, 'sub', 'a.txt'), 'edited\n');
    expect(gate(await s.preflight(), 'worktree').detail).toBe('1 file not committed: sub/a.txt');
  });

  it('what lands is read commit by commit where several do, and in lines of the target', async () => {
    const field = await makeField();
    const s = await field.session();
    await s.line(2, 'two');
    await s.line(4, 'four');
    await field.upstream('ten.txt', `top\n${withLine(0, '')}`);
    const { plan } = await planFor(field, s.id);
    const lines = await readLandedLines(field.ctx, plan);
    expect(lines).toMatchObject({ isOnTarget: true, isCut: false });
    // The second commit takes back what the first one did: it was written from the ten lines.
    expect(lines.files[0]!.hunks.map(({ oldStart }) => oldStart)).toEqual([5]);
    expect(lines.commits.map(({ files }) => files[0]!.hunks.map(({ oldStart }) => oldStart))).toEqual([[3], [3, 5]]);
  });

  it('too much to read is for review, not silently passed', async () => {
    const field = await makeField();
    const { secretsGate } = await import('../../../src/workflows/landing/gate-secrets.ts');
    const cut = { files: [], commits: [], isOnTarget: true, isCut: true };
    expect(await secretsGate(field.ctx, cut)).toMatchObject({
      ok: false,
      severity: 'review',
      hint: expect.any(String),
    });
  });

  it('a session whose beginning is cleaned away is compared all the same', async () => {
    const field = await makeField();
    const [mine, other] = [await field.session({ name: 'mine' }), await field.session({ name: 'other' })];
    await mine.line(5, 'mine');
    await other.line(5, 'other');
    const { session, plan } = await planFor(field, mine.id);
    const lines = await readLandedLines(field.ctx, plan);
    const store = field.ctx.store;
    const foldMany = store.foldMany.bind(store);
    // As if the log named a commit that `git gc` took.
    store.foldMany = (async (...args: Parameters<typeof foldMany>) =>
      (await foldMany(...args)).map((one) => {
        const folded = one.state as { session: { baseCommit: string } } | undefined;
        return folded
          ? { ...one, state: { ...folded, session: { ...folded.session, baseCommit: 'b'.repeat(40) } } }
          : one;
      })) as never;
    expect(await sessionsGate(field.ctx, session, plan, lines)).toMatchObject({
      ok: false,
      findings: [{ path: 'ten.txt', line: 5 }],
    });
  });

  it('looking from a linked worktree, or with the session checked out elsewhere, changes nothing', async () => {
    const field = await makeField();
    const s = await field.session({ test: 'true' });
    await s.line(3, 'x');
    await field.upstream('up.txt', 'up\n');
    await git(s.worktree, 'switch', '-q', '--detach');
    const before = await everything(field.dir);
    const answer = await s.preflight({ skipTests: false });
    expect([gate(answer, 'worktree').ok, gate(answer, 'tests').ok]).toEqual([false, true]);
    expect(await everything(field.dir)).toBe(before);
  });
});
