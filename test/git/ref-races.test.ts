import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { locateRepository } from '../../src/git/locate.ts';
import { listRefs, moveRef, readRef } from '../../src/git/refs.ts';
import { keepCode } from '../../src/store/code-ref.ts';
import { codeRef } from '../../src/store/layout.ts';
import { bundle } from '../support/bundle.ts';
import { exec, git, makeRepo, sh } from '../support/repo.ts';

describe('refs beside git', () => {
  const NAMES = [
    'a',
    'a/b',
    'a/b/c',
    'a-b',
    'a.b',
    'ab',
    'with+plus',
    'ünï',
    '@',
    'x@y',
    'a/@',
    '%2f',
    "o'clock",
    '(x)',
    '$x',
    '#',
    '&',
    '日本',
  ];
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('move' as const),
        name: fc.nat(NAMES.length - 1),
        to: fc.nat(2),
        right: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), name: fc.nat(NAMES.length - 1) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom<'pack' | 'empty'>('pack', 'empty'),
        name: fc.nat(NAMES.length - 1),
      }),
    },
  );

  it('move, go and are read as a plain map has them, packed or not, whatever their names', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 18 }), async (steps) => {
        const dir = await makeRepo();
        const repo = await locateRepository(dir);
        const made = await sh(dir, 'for i in 1 2 3; do git commit-tree -m $i HEAD^{tree}; done');
        const commits = made.stdout.trim().split('\n');
        const refs = new Map<string, string>();
        const blocks = (ref: string): boolean =>
          [...refs.keys()].some((other) => other.startsWith(`${ref}/`) || ref.startsWith(`${other}/`));
        for (const one of steps) {
          const ref = `refs/heads/t/${NAMES[one.name]}`;
          const now = refs.get(ref) ?? null;
          if (one.kind === 'pack') await git(dir, 'pack-refs', '--all');
          if (one.kind === 'empty') {
            // Folders of refs that went stay behind sometimes.
            if (!refs.has(ref) && !blocks(ref)) mkdirSync(join(repo.commonDir, ref, 'left/over'), { recursive: true });
          } else if (one.kind === 'delete') {
            expect(await moveRef(repo, ref, { to: null, from: commits[2]! })).toBe(now === commits[2]);
            if (now === commits[2]) refs.delete(ref);
            if (refs.has(ref)) expect(await moveRef(repo, ref, { to: null, from: refs.get(ref)! })).toBe(true);
            refs.delete(ref);
          } else if (one.kind === 'move') {
            const to = commits[one.to]!;
            const wrong = now === null ? commits[0]! : null;
            const moving = moveRef(repo, ref, { to, from: one.right ? now : wrong });
            if (one.right && blocks(ref)) await expect(moving).rejects.toMatchObject({ code: 'branch.blocked' });
            else expect(await moving).toBe(one.right);
            if (one.right && !blocks(ref)) refs.set(ref, to);
          }
          expect(await readRef(repo, ref)).toBe(refs.get(ref));
        }
        const listed = (await listRefs(repo, 'refs/heads/t/')).map(({ ref, id }) => `${id} ${ref}`);
        expect(listed.sort()).toEqual([...refs].map(([ref, id]) => `${id} ${ref}`).sort());
        const byGit = await git(dir, 'for-each-ref', '--format=%(objectname) %(refname)', 'refs/heads/t/');
        expect(listed.sort()).toEqual(byGit.split('\n').filter(Boolean).sort());
      }),
      { numRuns: 12, seed: 11 },
    );
  });

  it('a prefix is a folder, not a beginning', async () => {
    const dir = await makeRepo();
    const repo = await locateRepository(dir);
    for (const name of ['refs/amp/x', 'refs/amp2/x', 'refs/amp-x', 'refs/heads/refs/amp/y'])
      await git(dir, 'update-ref', name, 'HEAD');
    const names = async (prefix: string) => (await listRefs(repo, prefix)).map(({ ref }) => ref);
    for (const pack of [false, true]) {
      if (pack) await git(dir, 'pack-refs', '--all');
      expect(await names('refs/amp/')).toEqual(['refs/amp/x']);
      expect(await names('refs/amp')).toEqual(['refs/amp/x']);
      expect(await names('refs/am/')).toEqual([]);
      expect(await readRef(repo, 'refs/amp')).toBeUndefined();
    }
    await git(dir, 'update-ref', 'refs/amp/a', 'HEAD');
    await git(dir, 'update-ref', '-d', 'refs/amp/x');
    expect(await names('refs/amp/')).toEqual(['refs/amp/a']);
  });

  it('files that are no refs are none: locks, garbage, half an id, folders', async () => {
    const dir = await makeRepo();
    const repo = await locateRepository(dir);
    const head = await git(dir, 'rev-parse', 'HEAD');
    const put = (name: string, text: string): void => {
      mkdirSync(dirname(join(repo.commonDir, name)), { recursive: true });
      writeFileSync(join(repo.commonDir, name), text);
    };
    put('refs/amp/ok', head);
    put('refs/amp/ok.lock', head);
    put('refs/amp/half', head.slice(0, 39));
    put('refs/amp/long', `${head}0`);
    put('refs/amp/upper', head.toUpperCase());
    put('refs/amp/empty', '');
    put('refs/amp/loop', 'ref: refs/amp/loop\n');
    put('refs/amp/dangling', 'ref: refs/amp/none\n');
    put('refs/amp/link', 'ref: refs/amp/ok\n');
    mkdirSync(join(repo.commonDir, 'refs/amp/folder'));
    expect((await listRefs(repo, 'refs/amp/')).map(({ ref }) => ref)).toEqual(['refs/amp/link', 'refs/amp/ok']);
    expect(await readRef(repo, 'refs/amp/link')).toBe(head);
    rmdirSync(join(repo.commonDir, 'refs/amp/folder'));
  });
});

describe('processes that move the same ref', { timeout: 120_000 }, () => {
  it('each win is one step of the ref, and each loss is none', async () => {
    const dir = await makeRepo();
    await git(dir, 'config', 'core.logAllRefUpdates', 'always');
    const made = await sh(dir, 'for i in $(seq 60); do git commit-tree -m $i HEAD^{tree}; done');
    const commits = made.stdout.trim().split('\n');
    const file = await bundle(`
      import { locateRepository } from './src/git/locate.ts';
      import { moveRef, readRef } from './src/git/refs.ts';
      const [dir, ...mine] = process.argv.slice(2);
      const repo = await locateRepository(dir);
      const won = [];
      for (const to of mine) {
        const from = (await readRef(repo, 'refs/amp/race')) ?? null;
        if (await moveRef(repo, 'refs/amp/race', { to, from, reason: 'race' })) won.push((from ?? '0'.repeat(40)) + ' ' + to);
      }
      console.log(won.join('\\n'));`);
    const packing = sh(dir, 'for i in $(seq 15); do git pack-refs --all; done');
    const ran = await Promise.all(
      [0, 1, 2].map((part) => exec(dir, process.execPath, [file, dir, ...commits.slice(part * 20, part * 20 + 20)])),
    );
    await packing;
    expect(ran.map(({ stderr, exitCode }) => [stderr, exitCode])).toEqual([
      ['', 0],
      ['', 0],
      ['', 0],
    ]);
    const won = ran.flatMap(({ stdout }) => stdout.trim().split('\n').filter(Boolean));
    expect(won.length).toBeGreaterThanOrEqual(20);
    // Each win began where another ended: they make one chain.
    const next = new Map(won.map((step) => step.split(' ') as [string, string]));
    expect(next.size).toBe(won.length);
    let at = '0'.repeat(40);
    let steps = 0;
    for (; next.has(at); at = next.get(at)!) steps += 1;
    expect(steps).toBe(won.length);
    expect(await git(dir, 'rev-parse', 'refs/amp/race')).toBe(at);
  });

  it('code that several keep at once is all kept, each in its place of one chain', async () => {
    const dir = await makeRepo();
    const repo = await locateRepository(dir);
    const made = await sh(dir, 'for i in $(seq 12); do git commit-tree -m $i HEAD^{tree}; done');
    const commits = made.stdout.trim().split('\n');
    const keep = (part: string[]) => keepCode(repo, { session: 's1', writer: 'w', commits: part });
    await Promise.all([0, 3, 6, 9].map((start) => keep(commits.slice(start, start + 3))));
    await keep([]);
    const ref = codeRef('s1', 'w');
    const kept = (await git(dir, 'log', '--first-parent', '--reverse', '--format=%P', ref)).split('\n').slice(1);
    const seconds = kept.map((parents) => parents.split(' ')[1]!);
    expect([...seconds].sort()).toEqual([...commits].sort());
    for (const start of [0, 3, 6, 9]) {
      const part = commits.slice(start, start + 3);
      const at = seconds.indexOf(part[0]!);
      expect(seconds.slice(at, at + 3)).toEqual(part);
    }
    expect(await git(dir, 'fsck', '--full', '--no-dangling')).toBe('');
  });
});
