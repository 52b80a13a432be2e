import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DetailedChange, diffDetails } from '../../src/git/diff.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { addUp } from '../../src/workflows/add-up.ts';
import { git, makeRepo } from '../support/repo.ts';

const NONE = '0'.repeat(40);
const id = (digit: string): string => digit.repeat(40);
const change = (over: Partial<DetailedChange> & { path: string }): DetailedChange => ({
  status: 'modified',
  insertions: 1,
  deletions: 1,
  previousMode: '100644',
  mode: '100644',
  previousId: id('a'),
  id: id('b'),
  ...over,
});
const added = (path: string, over: Partial<DetailedChange> = {}): DetailedChange =>
  change({ path, status: 'added', insertions: 3, deletions: 0, previousMode: '000000', previousId: NONE, ...over });
const deleted = (path: string, over: Partial<DetailedChange> = {}): DetailedChange =>
  change({ path, status: 'deleted', insertions: 0, deletions: 3, mode: '000000', id: NONE, ...over });
const renamed = (previousPath: string, path: string, over: Partial<DetailedChange> = {}): DetailedChange =>
  change({ path, previousPath, status: 'renamed', insertions: 0, deletions: 0, id: id('a'), ...over });
const brief = (steps: DetailedChange[][]) =>
  addUp(steps).map(({ path, previousPath, status, insertions, deletions }) =>
    [status, previousPath, path, insertions, deletions].filter((part) => part !== undefined).join(' '),
  );

describe('addUp', () => {
  it.each<[string, DetailedChange[][], string[]]>([
    ['one step as it is', [[deleted('x')]], ['deleted x 0 3']],
    ['two edits', [[change({ path: 'x' })], [change({ path: 'x', id: id('c') })]], ['modified x 2 2']],
    ['deleted and back', [[deleted('x')], [added('x', { id: id('c') })]], ['modified x 3 3']],
    ['deleted and back as it was', [[deleted('x')], [added('x', { id: id('a') })]], []],
    ['back, but executable', [[deleted('x')], [added('x', { id: id('a'), mode: '100755' })]], ['modified x 3 3']],
    ['back as a link', [[deleted('x')], [added('x', { mode: '120000' })]], ['typechanged x 3 3']],
    ['came and went', [[added('x')], [deleted('x')]], []],
    ['came, went and came', [[added('x')], [deleted('x')], [added('x')]], ['added x 6 3']],
    ['came and was edited', [[added('x')], [change({ path: 'x' })]], ['added x 4 1']],
    ['edited and deleted', [[change({ path: 'x' })], [deleted('x')]], ['deleted x 1 4']],
    ['renamed and edited', [[renamed('a', 'b')], [change({ path: 'b' })]], ['renamed a b 1 1']],
    ['edited and renamed', [[change({ path: 'a' })], [renamed('a', 'b', { id: id('b') })]], ['renamed a b 1 1']],
    ['renamed twice', [[renamed('a', 'b')], [renamed('b', 'c')]], ['renamed a c 0 0']],
    ['renamed there and back', [[renamed('a', 'b')], [renamed('b', 'a')]], []],
    ['renamed there and back, edited', [[renamed('a', 'b')], [renamed('b', 'a', { id: id('c') })]], ['modified a 0 0']],
    ['renamed and deleted', [[renamed('a', 'b')], [deleted('b')]], ['deleted a 0 3']],
    ['added and renamed', [[added('a')], [renamed('a', 'b')]], ['added b 3 0']],
    ['added, renamed, deleted', [[added('a')], [renamed('a', 'b')], [deleted('b')]], []],
    [
      'places changed',
      [[renamed('a', 'b'), renamed('b', 'a', { previousId: id('b'), id: id('b') })], [change({ path: 'c' })]],
      ['modified a 0 0', 'modified b 0 0', 'modified c 1 1'],
    ],
    [
      'deleted, and another in its place',
      [[deleted('b')], [renamed('a', 'b', { id: id('c') })]],
      ['deleted a 0 0', 'modified b 0 3'],
    ],
    [
      'binary',
      [[change({ path: 'x' })], [change({ path: 'x', insertions: null, deletions: null, id: id('c') })]],
      ['modified x'],
    ],
    [
      'moved away, and another in its place',
      [[renamed('a', 'b')], [added('a', { id: id('c') })]],
      ['modified a 3 0', 'added b 0 0'],
    ],
    [
      'moved, deleted, and another',
      [[renamed('a', 'b')], [deleted('b')], [added('b')]],
      ['deleted a 0 3', 'added b 3 0'],
    ],
    [
      'a copy is a new file',
      [[change({ path: 'b', previousPath: 'a', status: 'copied' })], [change({ path: 'b' })]],
      ['added b 2 2'],
    ],
  ])('%s', (_, steps, expected) => {
    const lines = brief(steps).map((line) => line.trim());
    expect(lines).toEqual(expected.map((line) => line.trim()));
  });

  it('names the modes and blobs of the first and the last step', () => {
    const steps = [[change({ path: 'x' })], [change({ path: 'x', mode: '100755', previousId: id('b'), id: id('c') })]];
    expect(addUp(steps)[0]).toMatchObject({ previousMode: '100644', mode: '100755', previousId: id('a'), id: id('c') });
  });

  it('names the same files as git does between the ends', async () => {
    const dir = await makeRepo();
    const repo = await locateRepository(dir);
    const names = ['a.txt', 'b.txt', 'src/c.txt', 'd.txt'];
    const act = fc.record({
      name: fc.constantFrom(...names),
      to: fc.constantFrom(...names),
      kind: fc.constantFrom('write', 'remove', 'move'),
      text: fc.constantFrom('one\ntwo\nthree\n', 'hello\n', 'long '.repeat(50), 'other\nlines\nhere\n'),
    });
    const perform = async ({ name, to, kind, text }: { name: string; to: string; kind: string; text: string }) => {
      if (kind === 'remove') rmSync(join(dir, name), { force: true });
      else if (kind === 'move') await git(dir, 'mv', '-f', '-k', name, to).catch(() => '');
      else {
        mkdirSync(dirname(join(dir, name)), { recursive: true });
        writeFileSync(join(dir, name), text);
      }
    };
    /** A rename as what it is made of, so that it does not matter which files git takes for a pair. */
    const parts = (changes: DetailedChange[]): string[] =>
      changes
        .flatMap(({ path, previousPath, status }) =>
          status === 'renamed' ? [`deleted ${previousPath}`, `added ${path}`] : [`${status} ${path}`],
        )
        .sort();
    const start = await git(dir, 'rev-parse', 'HEAD');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(act, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 4 }),
        async (commits) => {
          await git(dir, 'checkout', '-qf', start);
          const ids = [start];
          for (const acts of commits) {
            for (const each of acts) await perform(each);
            await git(dir, 'add', '-A');
            await git(dir, 'commit', '-q', '--allow-empty', '-m', 'x');
            ids.push(await git(dir, 'rev-parse', 'HEAD'));
          }
          const steps: DetailedChange[][] = [];
          for (let at = 1; at < ids.length; at++) steps.push(await diffDetails(repo, ids[at - 1]!, ids[at]!));
          expect(parts(addUp(steps))).toEqual(parts(await diffDetails(repo, start, ids.at(-1)!)));
        },
      ),
      { numRuns: 25 },
    );
  });
});
