import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sessionLog } from '../../../src/events/envelope.ts';
import { preflight } from '../../../src/workflows/landing/preflight.ts';
import { describeStanding } from '../../../src/workflows/standing-changes.ts';
import { readSession, summaries } from '../../../src/workflows/summaries.ts';
import { trustSessionAsItIs } from '../../../src/workflows/trust-session.ts';
import { git } from '../../support/repo.ts';
import { contextIn, make, runOnce, script } from '../../support/sessions.ts';
import { makeHostile } from './support.ts';

type Hostile = Awaited<ReturnType<typeof makeHostile>>;

const gateOf = async ({ ctx, id }: Hostile) => {
  const which = (await summaries(ctx)).find((one) => one.id === id)!;
  const { gates } = await preflight(ctx, which, { skipTests: true });
  return gates.find(({ name }) => name === 'repository')!;
};

/** Every number once, and each line proved by the next. */
const numbers = async ({ ctx, id }: Hostile) => (await ctx.store.read(sessionLog(id))).events.map(({ seq }) => seq);

describe('refs that an agent moves', () => {
  it('are put back where they are ours, with every event, also when it collects the garbage', async () => {
    const world = await makeHostile(() => [
      ['echo one > one.txt'],
      [
        'for ref in $(git for-each-ref --format="%(refname)" refs/amp refs/notes); do git update-ref -d "$ref"; done',
        'rm -rf "$R"/.git/amp/wal/*.ndjson "$R"/.git/amp/tips "$R"/.git/amp/writer',
        'git reflog expire --expire=now --all; git gc -q --prune=now',
        'echo two > two.txt',
      ],
      [
        'ref=$(git for-each-ref --format="%(refname)" refs/amp/sessions)',
        'git update-ref "$ref" HEAD; echo "$(git rev-parse HEAD) $ref" >> "$R"/.git/amp/tips/*',
        'git -c user.name=x -c user.email=x notes --ref=amp add -f -m forged main',
        'echo "{}" > "$(ls "$R"/.git/amp/wal/*.ndjson | grep -v transcript)"',
      ],
    ]);
    const { dir, ctx, id, run } = world;
    await run();
    const ours = await git(dir, 'for-each-ref', '--format=%(refname)', 'refs/amp', 'refs/notes');
    const { items, found } = await run();
    expect(items).toEqual(expect.arrayContaining([...ours.split('\n'), '.git/amp/writer']));
    expect(found!.items!.every(({ restored }) => restored)).toBe(true);
    expect(await git(dir, 'for-each-ref', '--format=%(refname)', 'refs/amp', 'refs/notes')).toBe(ours);
    expect(ctx.warnings.join()).toContain('put back');
    const third = await run();
    expect(third.items).toEqual(expect.arrayContaining([...ours.split('\n').filter((ref) => !ref.includes('/code/'))]));
    expect(await git(dir, 'log', '--format=%s', 'refs/notes/amp')).not.toContain('git notes');
    const seqs = await numbers(world);
    expect(seqs).toEqual(seqs.map((_, at) => at + 1));
    const session = await readSession(ctx, id);
    expect(session.iterations.map(({ outcome, commit }) => [outcome, commit === null])).toEqual([
      ['completed', false],
      ['completed', false],
      ['completed', true],
    ]);
    // Nothing of it stops a merge: all is as it was.
    expect(await gateOf(world)).toMatchObject({ ok: true });
    expect(existsSync(join(dir, '.git/amp/guard', `${id}.json`))).toBe(false);
    expect((await git(dir, 'count-objects', '-v')).includes('garbage: 0')).toBe(true);
    await git(dir, 'fsck', '--no-dangling');
  });

  it('are told and left where they are the user’s, with the way back', async () => {
    const world = await makeHostile(() => [
      ['git -C "$R" reset -q --hard HEAD~1; git branch -q -D mine; git tag -d v1; git branch new', 'echo 1 > 1.txt'],
    ]);
    const { dir, ctx, run } = world;
    const lost = await git(dir, 'rev-parse', 'main');
    const { found } = await run();
    expect(found!.refs).toMatchObject([
      { ref: 'refs/heads/main', from: lost, how: 'rewritten' },
      { ref: 'refs/heads/mine', from: lost, to: null, how: 'deleted' },
      { ref: 'refs/heads/new', from: null, how: 'made' },
      { ref: 'refs/tags/v1', to: null },
    ]);
    expect(await git(dir, 'rev-parse', 'main')).not.toBe(lost);
    const ways = ctx.warnings.join('\n');
    expect(ways).toContain(`git branch mine ${lost.slice(0, 12)}`);
    expect(ways).toContain(`git -C ${dir} reset --keep ${lost.slice(0, 12)}`);
    // Only the branch that the work is to land on matters to the merge.
    const gate = await gateOf(world);
    expect([gate.ok, gate.findings!.map(({ path }) => path)]).toEqual([false, ['refs/heads/main']]);
    expect(gate.hint).toContain(`reset --keep ${lost.slice(0, 12)}`);
    await git(dir, 'reset', '-q', '--keep', lost);
    await git(dir, 'commit', '-q', '--allow-empty', '-m', 'four');
    expect(await gateOf(world)).toMatchObject({ ok: true });
  });
});

describe('what runs code or is believed', () => {
  it('stops the merge until it is taken back or trusted as it is; a later change stops it again', async () => {
    const world = await makeHostile((dir) => [
      ['git config core.pager evil; echo 1 > 1.txt'],
      [
        `git config core.pager worse; printf x > "$R"/.git/hooks/pre-push; git remote add o https://u:ghp_${'a1B2c3D4e5'.repeat(3)}abcdef@x.example/${dir.length}`,
      ],
    ]);
    const { dir, ctx, id, run } = world;
    const config = join(dir, '.git/config');
    const before = readFileSync(config, 'utf8');
    await run();
    expect(await gateOf(world)).toMatchObject({ ok: false, severity: 'gate', findings: [{ path: '.git/config' }] });
    const evil = readFileSync(config, 'utf8');
    writeFileSync(config, before);
    expect(await gateOf(world)).toMatchObject({ ok: true });
    writeFileSync(config, evil);
    const shown = await trustSessionAsItIs(ctx, id, { dryRun: true });
    expect(shown.changes).toMatchObject([{ item: '.git/config', kind: 'config', iteration: 1, after: evil }]);
    expect(shown.changes[0]!.before).toBe(before);
    expect(await gateOf(world)).toMatchObject({ ok: false });
    await trustSessionAsItIs(ctx, id, { dryRun: false });
    expect(await gateOf(world)).toMatchObject({ ok: true });
    // Trusted once, the user's own changes are nobody's business.
    appendFileSync(config, '[user]\n\tname = me\n');
    expect(await gateOf(world)).toMatchObject({ ok: true });
    await run();
    expect((await gateOf(world)).findings!.map(({ path }) => path)).toEqual(['.git/config', '.git/hooks/pre-push']);
    const { repositoryChanges } = await describeStanding(ctx, await readSession(ctx, id));
    expect(repositoryChanges!.map(({ item, iteration }) => [item, iteration])).toEqual([
      ['.git/config', 2],
      ['.git/hooks/pre-push', 2],
    ]);
    // Neither the record nor what is shown has a secret of the configuration.
    const told = JSON.stringify([
      await ctx.store.read(sessionLog(id)),
      await trustSessionAsItIs(ctx, id, { dryRun: true }),
    ]);
    expect(told).toContain('https://');
    expect(told).not.toContain('a1B2c3D4e5a1B2c3D4e5');
  });

  it('of a process that died is found by the next one', async () => {
    const world = await makeHostile(() => [['echo 1 > 1.txt']]);
    const { dir, ctx, id } = world;
    const dying = { ...ctx, clock: ctx.clock };
    await expect(
      runOnce(dying, id, {
        onEvent: ({ type }) => {
          if (type === 'agent-message.received') throw new Error('died');
        },
      }),
    ).rejects.toThrow('died');
    appendFileSync(join(dir, '.git/config'), '[core]\n\tpager = evil\n');
    const later = await contextIn(dir);
    await runOnce(later, id);
    expect((await readSession(later, id)).openChanges).toMatchObject([{ item: '.git/config', iteration: 1 }]);
  });
});

describe('what others do meanwhile', () => {
  it('is no false alarm: sessions that run at the same time, and the user’s commits', async () => {
    const yaml = (name: string) =>
      script(`after: repeat\niterations:\n  - - run: echo ${name} >> ${name}.txt; sleep 0.3\n    - message: Done.\n`);
    const world = await makeHostile(() => [['echo 1 > 1.txt']]);
    const { dir } = world;
    const contexts = [await contextIn(dir), await contextIn(dir)];
    const ids: string[] = [];
    for (const [at, ctx] of contexts.entries()) {
      const agent = { name: 'scripted', mode: null, command: yaml(`s${at}`) };
      ids.push((await make(ctx, { name: `s${at}`, agent })).session.id);
    }
    const runs = await Promise.all([
      ...contexts.map((ctx, at) => runOnce(ctx, ids[at]!)),
      (async () => {
        await git(dir, 'commit', '-q', '--allow-empty', '-m', 'mine');
        await git(dir, 'branch', 'fresh');
        await world.run();
      })(),
    ]);
    for (const { events } of runs.filter((run) => run !== undefined)) {
      const found = events.filter(({ type }) => type === 'repository-change.found');
      for (const { data } of found) expect((data as { items: unknown[] }).items).toEqual([]);
    }
    expect(contexts.flatMap(({ warnings }) => warnings)).toEqual([]);
    rmSync(join(dir, 'none'), { force: true });
    expect(await gateOf(world)).toMatchObject({ ok: true });
  });
});
