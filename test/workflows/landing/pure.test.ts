import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PatchFile } from '../../../src/git/patches.ts';
import { inParallel } from '../../../src/workflows/landing/in-parallel.ts';
import { type Candidate, landingOrder } from '../../../src/workflows/landing/landing-order.ts';
import { changedCommands, isPackageFile, whyItRuns } from '../../../src/workflows/landing/runs-code.ts';
import { compareTouched, type LineRange, meetings, touchedBy } from '../../../src/workflows/landing/touching.ts';

describe('which files run code', () => {
  it.each([
    ['.husky/pre-commit', 'git hook'],
    ['lefthook.yml', 'git hook'],
    ['.pre-commit-config.yaml', 'git hook'],
    ['.github/workflows/ci.yml', 'continuous integration'],
    ['.gitlab-ci.yml', 'continuous integration'],
    ['ci/Jenkinsfile.release', 'continuous integration'],
    ['packages/x/.npmrc', 'settings of a package manager'],
    ['.cargo/config.toml', 'settings of a package manager'],
    ['build.rs', 'runs when it is installed or built'],
    ['Makefile', 'build steps'],
    ['sub/GNUmakefile', 'build steps'],
    ['Dockerfile', 'container'],
    ['deploy/app.Dockerfile', 'container'],
    ['.devcontainer/devcontainer.json', 'container'],
    ['.vscode/tasks.json', 'runs when the folder is opened or entered'],
    ['.envrc', 'runs when the folder is opened or entered'],
    ['AGENTS.md', 'settings or instructions of an agent'],
    ['docs/CLAUDE.md', 'settings or instructions of an agent'],
    ['.claude/settings.json', 'settings or instructions of an agent'],
    ['.mcp.json', 'settings or instructions of an agent'],
    ['.ampcode/x', 'settings or instructions of an agent'],
    ['opencode.json', 'settings or instructions of an agent'],
    ['.cursor/rules/a.mdc', 'settings or instructions of an agent'],
    ['.gitattributes', 'says how git treats files'],
    ['.gitmodules', 'says how git treats files'],
    ['.amp-sessions.yaml', 'settings of amp-sessions'],
    ['agents.MD', 'settings or instructions of an agent'],
    ['new\nline/.envrc', 'runs when the folder is opened or entered'],
  ])('%s: %s', (path, why) => {
    expect(whyItRuns(path)).toBe(why);
  });

  it.each(['src/main.ts', 'docs/makefiles.md', 'README.md', 'my.env', 'workflows/x.yml', 'notes.npmrc', 'lefthook'])(
    '%s is like any other',
    (path) => {
      expect(whyItRuns(path)).toBeUndefined();
    },
  );

  it('the commands of a package.json are compared, not its text', () => {
    const is = (before: object | undefined, after: object) =>
      changedCommands(before && JSON.stringify(before), JSON.stringify(after, null, 4));
    expect(is({ scripts: { test: 'a' }, version: '1' }, { version: '2', scripts: { test: 'a' } })).toEqual([]);
    expect(is({ scripts: { test: 'a' } }, { scripts: { test: 'b', postinstall: 'c' } })).toEqual([
      'scripts.test',
      'scripts.postinstall',
    ]);
    expect(is({ scripts: { test: 'a', gone: 'b' } }, { scripts: { test: 'a' } })).toEqual([]);
    expect(is(undefined, { bin: './x.js', scripts: { test: 'a' } })).toEqual(['scripts.test', 'bin']);
    expect(is({ bin: { a: 'x' } }, { bin: { a: 'y' }, gypfile: true })).toEqual(['bin.a', 'gypfile']);
    expect(is({}, { dependencies: { left: '1' } })).toEqual([]);
    expect(changedCommands('{}', '{"scripts":')).toEqual(['not readable as JSON']);
    expect(changedCommands('broken', '\ufeff{"scripts":{"a":"b"}}')).toEqual(['scripts.a']);
    expect(changedCommands('{}', 'null')).toEqual(['not readable as JSON']);
    expect(['package.json', 'a/Package.json'].map(isPackageFile)).toEqual([true, true]);
    expect(['package.json5', 'my-package.json'].map(isPackageFile)).toEqual([false, false]);
    expect(changedCommands(undefined, readFileSync('package.json', 'utf8'))).toContain('scripts.build');
  });
});

const file = (over: Partial<PatchFile> & { at?: [number, number][] } = {}): PatchFile => {
  const { at = [], ...rest } = over;
  const hunks = at.map(([oldStart, oldLines]) => ({
    oldStart,
    oldLines,
    newStart: oldStart,
    newLines: 1,
    added: Buffer.from('+x\n'),
  }));
  const objects = { oldMode: '100644', newMode: '100644', oldId: 'a', newId: 'b' };
  return { path: 'f', status: 'modified', ...objects, isBinary: false, hunks, ...rest };
};
const compare = (a: PatchFile[], b: PatchFile[], same = true) => compareTouched(touchedBy(a), touchedBy(b), same);

describe('where two changes meet', () => {
  it.each<[string, [number, number][], [number, number][], number[]]>([
    ['the same line', [[5, 1]], [[5, 1]], [5]],
    ['neighbours', [[5, 1]], [[6, 1]], [6]],
    ['a line between them', [[5, 1]], [[7, 1]], []],
    ['one within the other', [[2, 9]], [[5, 1]], [5]],
    ['an insertion at the edge', [[5, 1]], [[5, 0]], [6]],
    ['an insertion one line off', [[5, 1]], [[6, 0]], []],
    ['two insertions at one place', [[3, 0]], [[3, 0]], [4]],
    [
      'several',
      [
        [1, 1],
        [5, 2],
        [20, 1],
      ],
      [
        [6, 1],
        [20, 0],
        [30, 1],
      ],
      [6, 21],
    ],
    ['nothing', [], [[1, 1]], []],
  ])('%s', (_, a, b, expected) => {
    const lines = (at: [number, number][]) => touchedBy([file({ at })]).get('f')!.ranges;
    expect(meetings(lines(a), lines(b))).toEqual(expected);
    expect(meetings(lines(b), lines(a))).toEqual(expected);
  });

  it('finds what comparing each with each would', () => {
    const ranges = fc.array(fc.tuple(fc.nat(4), fc.nat(3)), { maxLength: 6 }).map((steps) => {
      let at = 1;
      return steps.map(([gap, size]): LineRange => {
        const from = at + gap;
        at = from + size + 1;
        return { from, to: from + size };
      });
    });
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        const each = a.flatMap((x) =>
          b.filter((y) => x.from <= y.to && y.from <= x.to).map((y) => Math.max(x.from, y.from)),
        );
        expect([...meetings(a, b)].sort((x, y) => x - y)).toEqual([...new Set(each)].sort((x, y) => x - y));
      }),
    );
  });

  it('lines decide in plain texts; anything else is for git to say', () => {
    const apart = compare([file({ at: [[1, 1]] })], [file({ at: [[9, 1]] })]);
    expect(apart).toEqual({ files: ['f'], places: [], isUnclear: false });
    expect(compare([file({ at: [[1, 1]] })], [file({ at: [[9, 1]] })], false)).toMatchObject({ isUnclear: true });
    for (const odd of [
      { isBinary: true },
      { newMode: '100755', at: [[1, 1]] as [number, number][] },
      { status: 'deleted' as const },
      { status: 'added' as const },
    ])
      expect(compare([file(odd)], [file({ at: [[9, 1]] })])).toEqual({
        files: ['f'],
        places: [{ path: 'f' }],
        isUnclear: true,
      });
    expect(compare([file({ path: 'a' })], [file({ path: 'b' })])).toEqual({ files: [], places: [], isUnclear: false });
  });

  it('a file that moved is met under both names, and a folder by what lies in it', () => {
    const moved = file({ path: 'new', previousPath: 'f', status: 'renamed', at: [[3, 1]] });
    expect(compare([moved], [file({ at: [[3, 1]] })])).toMatchObject({
      files: ['f'],
      places: [{ path: 'f', line: 3 }],
    });
    expect(compare([moved], [file({ path: 'new', status: 'added' })])).toMatchObject({ places: [{ path: 'new' }] });
    const folder = compare([file({ path: 'x', status: 'added' })], [file({ path: 'x/y/z', status: 'added' })]);
    expect(folder).toEqual({ files: ['x'], places: [{ path: 'x' }], isUnclear: true });
  });
});

const candidate = (id: string, over: Partial<Candidate> = {}): Candidate => ({
  id,
  isInConflict: false,
  size: 10,
  createdAt: '2026-01-01',
  ...over,
});
const order = (candidates: Candidate[], pairs: [string, string][] = []) =>
  landingOrder(candidates, pairs).map(({ id, after }) => (after.length === 0 ? id : `${id} after ${after.join('+')}`));

describe('landingOrder', () => {
  it('small ones first, then old ones, then by id', () => {
    const all = [
      candidate('c', { size: 5 }),
      candidate('b'),
      candidate('a'),
      candidate('d', { createdAt: '2025-01-01' }),
    ];
    expect(order(all)).toEqual(['c', 'd', 'a', 'b']);
    expect(order([])).toEqual([]);
  });

  it('the one that is in the way of many comes last', () => {
    const all = [candidate('big', { size: 1 }), candidate('x'), candidate('y'), candidate('z')];
    expect(
      order(all, [
        ['big', 'x'],
        ['y', 'big'],
        ['big', 'z'],
      ]),
    ).toEqual(['x', 'y', 'z', 'big after x+y+z']);
  });

  it('what is in conflict with the target comes after what is not', () => {
    expect(
      order([candidate('a', { isInConflict: true, size: 1 }), candidate('b'), candidate('c')], [['b', 'c']]),
    ).toEqual(['b', 'a', 'c after b']);
  });

  it('names everyone once, and each with exactly those before it in its way', () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    const pair = fc.tuple(fc.constantFrom(...ids), fc.constantFrom(...ids)).filter(([a, b]) => a !== b);
    fc.assert(
      fc.property(
        fc.array(pair),
        fc.array(fc.record({ isInConflict: fc.boolean(), size: fc.nat(3) }), { minLength: 6, maxLength: 6 }),
        (pairs, over) => {
          const turns = landingOrder(
            ids.map((id, at) => candidate(id, over[at])),
            pairs,
          );
          expect(turns.map(({ id }) => id).sort()).toEqual(ids);
          for (const [at, { id, after }] of turns.entries()) {
            const before = turns.slice(0, at).map((turn) => turn.id);
            const inWay = (other: string) => pairs.some(([a, b]) => [a, b].includes(id) && [a, b].includes(other));
            expect(after).toEqual(before.filter(inWay));
          }
          // Whoever lands cleanly does so before anybody who does not.
          const isClean = turns.map(({ id, after }) => after.length === 0 && !over[ids.indexOf(id)]!.isInConflict);
          expect(isClean.lastIndexOf(true)).toBeLessThan(isClean.includes(false) ? isClean.indexOf(false) : ids.length);
        },
      ),
    );
  });
});

describe('inParallel', () => {
  it('never has more at work than allowed, and answers in order', async () => {
    let [running, most] = [0, 0];
    const work = async (n: number) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, (n * 7) % 5));
      running -= 1;
      return n * 2;
    };
    const items = Array.from({ length: 20 }, (_, n) => n);
    expect(await inParallel(items, 3, work)).toEqual(items.map((n) => n * 2));
    expect(most).toBe(3);
    expect(await inParallel([], 3, work)).toEqual([]);
    await expect(inParallel([1, 2], 2, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});
