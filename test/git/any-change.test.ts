import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commitWorktree, dirtyPaths, type Leftover } from '../../src/git/commits.ts';
import { diffFiles, diffPatch, diffSize } from '../../src/git/diff.ts';
import { pathFromBytes, pathToBytes, splitNul } from '../../src/git/paths.ts';
import { exec, git, sh, tempDir } from '../support/repo.ts';
import { BRANCH, makeSession, type Session } from './support.ts';

/** Names that something trips over; the last is no UTF-8. */
const NAMES = [
  'a.txt',
  'b.txt',
  'src/c.txt',
  'src',
  'new',
  'deep/er/x',
  'deep',
  'A.TXT',
  'with space',
  'tab\there',
  'new\nline',
  '"quoted"',
  'back\\slash',
  '-dash',
  ':(top)magic',
  '*',
  '[a]',
  '#hash',
  '!not',
  'ünï',
  'crlf.txt',
  'bin',
  '\udcff\udcfe',
];
const CONTENTS = [
  '',
  'one\n',
  'one\ntwo\nthree\n',
  'no newline',
  'a\r\nb\r\n',
  'bin\0ary',
  '\u{1F600}\n',
  `${'line\n'.repeat(200)}`,
];

type Change =
  | { kind: 'write' | 'append' | 'link'; name: number; content: number }
  | { kind: 'remove' | 'mode' | 'add' | 'intent' | 'forget' | 'assume' | 'skip'; name: number }
  | { kind: 'move'; name: number; to: number };

const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('write' as const, 'append' as const, 'link' as const),
      name: fc.nat(NAMES.length - 1),
      content: fc.nat(CONTENTS.length - 1),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('remove', 'mode', 'add', 'intent', 'forget', 'assume', 'skip') as fc.Arbitrary<'remove'>,
      name: fc.nat(NAMES.length - 1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('move' as const),
      name: fc.nat(NAMES.length - 1),
      to: fc.nat(NAMES.length - 1),
    }),
  },
);

const at = (root: string, name: string): Buffer => Buffer.concat([Buffer.from(`${root}/`), pathToBytes(name)]);
const isThere = (path: Buffer): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** Makes room for a file of that name, whatever stands in its way. */
const clear = (root: string, name: string): void => {
  const parts = name.split('/').slice(0, -1);
  for (const [i] of parts.entries()) {
    const above = join(root, ...parts.slice(0, i + 1));
    if (existsSync(above) && !lstatSync(above).isDirectory()) rmSync(above);
  }
  rmSync(at(root, name), { recursive: true, force: true });
  mkdirSync(dirname(join(root, name)), { recursive: true });
};

const index: Partial<Record<Change['kind'], string[]>> = {
  add: ['add', '-f', '--sparse'],
  intent: ['add', '-N', '-f'],
  forget: ['rm', '-rfq', '--cached', '--ignore-unmatch'],
  assume: ['update-index', '--assume-unchanged'],
  skip: ['update-index', '--skip-worktree'],
};

const apply = async (root: string, one: Change): Promise<void> => {
  const name = NAMES[one.name]!;
  const path = at(root, name);
  const flags = index[one.kind];
  if (flags) {
    const feed =
      flags[0] === 'update-index'
        ? [...flags, '-z', '--stdin']
        : [...flags, '--pathspec-from-file=-', '--pathspec-file-nul'];
    const file = join(tempDir(), 'paths');
    writeFileSync(file, Buffer.concat([pathToBytes(name), Buffer.of(0)]));
    await sh(root, `GIT_LITERAL_PATHSPECS=1 git ${feed.join(' ')} < '${file}'`);
  } else if (one.kind === 'remove') rmSync(path, { recursive: true, force: true });
  else if (one.kind === 'mode') {
    if (isThere(path) && lstatSync(path).isFile()) chmodSync(path, lstatSync(path).mode ^ 0o111);
  } else if (one.kind === 'move') {
    if (!isThere(path) || !lstatSync(path).isFile()) return;
    const content = readFileSync(path);
    rmSync(path);
    clear(root, NAMES[one.to]!);
    writeFileSync(at(root, NAMES[one.to]!), content);
  } else if (one.kind === 'append') {
    if (!isThere(path) || lstatSync(path).isFile()) {
      if (!isThere(path)) clear(root, name);
      appendFileSync(path, CONTENTS[one.content]!);
    }
  } else if (one.kind === 'write' || one.kind === 'link') {
    clear(root, name);
    if (one.kind === 'write') writeFileSync(path, CONTENTS[one.content]!);
    else symlinkSync(CONTENTS[one.content]!.replaceAll('\0', '') || 'x', path);
  }
};

/** The tree that plain git makes of the same files, with an index that saw nothing of what was done to ours. */
const treeByGit = async ({ wt, parent }: Session): Promise<string> => {
  const own = `GIT_INDEX_FILE='${join(tempDir(), 'index')}'`;
  const ran = await sh(wt.path, `${own} git read-tree ${parent} && ${own} git add -A && ${own} git write-tree`);
  expect(ran.exitCode, ran.stderr).toBe(0);
  return ran.stdout.trim();
};

const entriesOf = async (dir: string, tree: string): Promise<Map<string, string>> => {
  const { stdout } = await exec(dir, 'sh', ['-c', `git ls-tree -r -z ${tree} | base64 -w0`]);
  const lines = splitNul(Buffer.from(stdout, 'base64'));
  return new Map(
    lines.map((line) => {
      const tab = line.indexOf(9);
      return [pathFromBytes(line.subarray(tab + 1)), line.toString('latin1', 0, tab)];
    }),
  );
};

const differing = (a: Map<string, string>, b: Map<string, string>): string[] =>
  [...new Set([...a.keys(), ...b.keys()])].filter((path) => a.get(path) !== b.get(path)).sort();

const sorted = <T extends { path: string }>(list: T[]): T[] => [...list].sort((a, b) => (a.path < b.path ? -1 : 1));

const SETTINGS: [string, string[]][] = [
  ['as it comes', []],
  ['core.autocrlf true', ['git config core.autocrlf true']],
  ['core.autocrlf input, quoting off', ['git config core.autocrlf input', 'git config core.quotePath false']],
  ['attributes', [`printf '*.txt text eol=crlf\\nbin binary\\nnew text=auto\\n' > .gitattributes`]],
  ['file modes ignored', ['git config core.fileMode false']],
  [
    'a split index and an untracked cache',
    ['git update-index --split-index', 'git update-index --force-untracked-cache'],
  ],
];

describe.each(SETTINGS)('any changes, %s', (_, prepare) => {
  it('are told, compared and committed as plain git has them, whatever was done to the index', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 14 }), fc.nat(7), async (changes, part) => {
        const session = await makeSession();
        const { repo, wt, parent } = session;
        for (const command of prepare) expect((await sh(wt.path, command)).exitCode).toBe(0);
        for (const one of changes) await apply(wt.path, one);
        const tree = await treeByGit(session);
        const [old, now] = [await entriesOf(wt.path, `${parent}^{tree}`), await entriesOf(wt.path, tree)];

        // A file that only the index gave up is told too, as the commit has it.
        const isChanged = ({ path }: Leftover): boolean => old.get(path) !== now.get(path);
        const told = sorted(await dirtyPaths(repo, wt));
        const dirty = told.filter(isChanged);
        const idIn = (path: string): string | null => now.get(path)?.split(' ')[2] ?? null;
        expect(dirty.map(({ path }) => path)).toEqual(differing(old, now));
        for (const { path, object } of told) expect([path, object]).toEqual([path, idIn(path)]);

        const changed = await diffFiles(repo, parent, undefined, { worktree: wt });
        expect(await diffSize(repo, parent, undefined, { worktree: wt })).toMatchObject({ files: changed.length });
        const named = changed.flatMap(({ path, previousPath, status }) =>
          status === 'renamed' ? [path, previousPath!] : [path],
        );
        expect([...new Set(named)].sort()).toEqual(differing(old, now));
        for (const { path, status } of changed) {
          if (status === 'added') expect([old.has(path), now.has(path)]).toEqual([false, true]);
          if (status === 'deleted') expect([old.has(path), now.has(path)]).toEqual([true, false]);
        }

        const commit = (from: string, leaveOut: typeof dirty) =>
          commitWorktree(repo, wt, { branch: BRANCH, parent: from, message: 'm', leaveOut });
        expect(await commit(parent, dirty)).toBeNull();
        expect(sorted(await dirtyPaths(repo, wt))).toEqual(dirty);
        const left = dirty.filter((_path, i) => (part >> (i % 3)) & 1);
        const first = (await commit(parent, left))?.commit ?? parent;
        const open = (await dirtyPaths(repo, wt)).map(({ path }) => path);
        expect(left.map(({ path }) => path)).toEqual(expect.arrayContaining(open));
        const last = (await commit(first, []))?.commit ?? first;
        expect(await git(wt.path, 'rev-parse', `${last}^{tree}`)).toBe(tree);
        expect(await git(wt.path, 'rev-parse', 'HEAD')).toBe(last);
        expect(await dirtyPaths(repo, wt)).toEqual([]);
        expect(await git(wt.path, 'status', '--porcelain')).toBe('');
        expect(await diffFiles(repo, parent, last, { worktree: wt })).toEqual(changed);
        expect((await diffPatch(repo, parent, last, { worktree: wt, color: false })).length > 0).toBe(parent !== last);
      }),
      { numRuns: 8, seed: 5 },
    );
  });
});
