import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { findSession } from '../../../src/workflows/find-session.ts';
import { type MergeRequest, mergeSession } from '../../../src/workflows/landing/merge.ts';
import { rebaseSession } from '../../../src/workflows/landing/rebase.ts';
import { rewindSession } from '../../../src/workflows/landing/rewind.ts';
import { squashSession } from '../../../src/workflows/landing/squash.ts';
import { undoLast } from '../../../src/workflows/landing/undo.ts';
import { git, makeRepo, type RepoOptions, sh, tempDir } from '../../support/repo.ts';
import { contextIn, make, runOnce } from '../../support/sessions.ts';

/** TEST_ALL=1 (`npm run test:all`) plays every variant of every verb over every trap. */
const ALL = Boolean(process.env['TEST_ALL']);

/** Shell lines, each played where it says. */
export interface Trap {
  repo?: RepoOptions;
  /** In the checkout of main; what it leaves becomes a commit. */
  before?: string;
  /** In the checkout of main once that commit is made: settings, a person's own files. */
  setting?: string;
  /** What the agent does in its first and second iteration. */
  one: string;
  two: string;
  /** All files are checked out anew: line ends and filters are what git makes of them. */
  anew?: boolean;
  /** Git itself leaves files as they are that a fresh checkout would have otherwise. */
  lazy?: boolean;
  /** In the checkout of main, afterwards; what it leaves becomes a commit. */
  upstream?: string;
}

const read = (file: Buffer): string => readFileSync(file).toString('latin1');

/** Everything in a folder but `.git` and `.worktrees`, names and contents byte for byte, empty folders too. */
export const bytesOf = (dir: string): Record<string, string> => {
  const found: Record<string, string> = {};
  const walk = (below: Buffer): void => {
    const folder = Buffer.concat([Buffer.from(`${dir}/`), below]);
    for (const name of readdirSync(folder, { encoding: 'buffer' })) {
      if (below.length === 0 && ['.git', '.worktrees'].includes(name.toString('latin1'))) continue;
      const path = Buffer.concat([below, name]);
      const file = Buffer.concat([Buffer.from(`${dir}/`), path]);
      const stat = lstatSync(file);
      const key = path.toString('latin1');
      if (stat.isDirectory()) {
        found[`${key}/`] = 'folder';
        walk(Buffer.concat([path, Buffer.from('/')]));
      } else if (stat.isSymbolicLink()) found[key] = `link:${readlinkSync(file, 'latin1')}`;
      else found[key] = `${stat.mode & 0o100 ? 'exec:' : ''}${read(file)}`;
    }
  };
  walk(Buffer.alloc(0));
  return found;
};

const plain = async (cwd: string, line: string): Promise<string> => {
  const { stdout, stderr, exitCode } = await sh(cwd, `export GIT_OPTIONAL_LOCKS=0; ${line}`);
  if (exitCode !== 0) throw new Error(`${line}: ${stderr}`);
  return stdout;
};

const PARTS = {
  index: 'git ls-files -z -v --stage',
  head: 'git symbolic-ref -q HEAD || git rev-parse HEAD',
  status: 'git status --porcelain=v2 -z --untracked-files=all --ignored',
  config: 'cat "$(git rev-parse --git-common-dir)/config"',
};
const BETWEEN = '\n\u001e\n';

/** What a person sees of a checkout: files, index with its marks, HEAD, status, and how settings stand. */
export const lookAt = async (dir: string) => {
  const answers = await plain(dir, `set -e; ${Object.values(PARTS).join("; printf '\\n\\036\\n'; ")}`);
  const parts = answers.split(BETWEEN);
  const names = Object.keys(PARTS) as (keyof typeof PARTS)[];
  const told = Object.fromEntries(names.map((name, at) => [name, parts[at]!])) as Record<keyof typeof PARTS, string>;
  return { files: bytesOf(dir), ...told };
};

/** What a fresh checkout of a commit is, by git alone. */
export const freshCheckout = async (dir: string, commit: string): Promise<Record<string, string>> => {
  const place = tempDir();
  const { stderr, exitCode } = await sh(
    dir,
    `GIT_INDEX_FILE=${tempDir()}/index git --work-tree=${place} read-tree --reset -u ${commit}`,
  );
  if (exitCode !== 0) throw new Error(stderr);
  return bytesOf(place);
};

const commitAll = (dir: string, line: string, message: string): Promise<string> =>
  plain(dir, `${line}\ngit add -A && git commit -q --allow-empty -m '${message}'`);

/** A repository with a session of two iterations, and a target that may have moved. */
export const spring = async (trap: Trap) => {
  const dir = await makeRepo(trap.repo);
  if (trap.before) await commitAll(dir, trap.before, 'before');
  if (trap.setting) await plain(dir, trap.setting);
  const steps = tempDir();
  for (const [name, line] of Object.entries({ '1': trap.one, '2': trap.two })) writeFileSync(join(steps, name), line);
  const ctx = await contextIn(dir);
  const command = `cat > /dev/null; f='${steps}'/$AMP_SESSIONS_ITERATION; if [ -f "$f" ]; then . "$f"; else echo more >> more.txt; fi`;
  const { session, worktree } = await make(ctx, { agent: { name: 'command', mode: null, command } });
  for (const iteration of [1, 2]) {
    const { outcome } = (await runOnce(ctx, session.id)).iteration;
    expect(outcome, `iteration ${iteration}`).toBe('completed');
  }
  if (trap.upstream) await commitAll(dir, trap.upstream, 'upstream');
  for (const place of trap.anew ? [worktree, dir] : [])
    await plain(place, 'git ls-files -z | xargs -0 rm -f; git checkout -q -- .');
  const which = await findSession(ctx, session.id, dir);
  const request: MergeRequest = { squash: true, noFf: false, skipTests: true, dryRun: false };
  return {
    dir,
    ctx,
    worktree,
    which,
    lazy: trap.lazy === true,
    id: session.id,
    branch: session.branch,
    iterate: () => runOnce(ctx, session.id),
    squash: () => squashSession(ctx, which, { dryRun: false }),
    rebase: () => rebaseSession(ctx, which, { fetch: false }),
    rewind: (to: number) => rewindSession(ctx, which, { to, dryRun: false }),
    merge: (over: Partial<MergeRequest> = {}) => mergeSession(ctx, which, { ...request, ...over }),
    undo: () => undoLast(ctx, which, { dryRun: false }),
    rev: (name: string) => git(dir, 'rev-parse', '--verify', name),
    tree: (name: string) => git(dir, 'rev-parse', `${name}^{tree}`),
    /** Everything that must be as it was after an undo, or a refusal. */
    all: async () => ({
      refs: await git(dir, 'for-each-ref', 'refs/heads', 'refs/tags'),
      checkout: await lookAt(dir),
      worktree: await lookAt(worktree),
    }),
  };
};

export type Sprung = Awaited<ReturnType<typeof spring>>;

const squashAndBack = async (w: Sprung): Promise<void> => {
  const before = await w.all();
  const tree = await w.tree(w.branch);
  await w.squash();
  expect(await w.tree(w.branch)).toBe(tree);
  expect(await git(w.dir, 'rev-list', '--count', `main..${w.branch}`)).toBe('1');
  expect(await lookAt(w.worktree)).toEqual(before.worktree);
  await w.undo();
  expect(await w.all()).toEqual(before);
};

const rewindAndBack = async (w: Sprung): Promise<void> => {
  const before = await w.all();
  for (const to of ALL ? [1, 0] : [1]) {
    const { commit } = await w.rewind(to);
    if (!w.lazy) expect(bytesOf(w.worktree)).toEqual(await freshCheckout(w.worktree, commit));
    expect(await git(w.worktree, 'status', '--porcelain')).toBe('');
    expect((await lookAt(w.dir)).files).toEqual(before.checkout.files);
    await w.undo();
    expect(await w.all()).toEqual(before);
  }
};

/** Onto main, where that has moved. */
const rebaseAndBack = async (w: Sprung): Promise<void> => {
  const before = await w.all();
  const expected = (await plain(w.dir, `git merge-tree --write-tree main ${w.branch}`)).trim();
  await w.rebase();
  expect(await w.tree(w.branch)).toBe(expected);
  expect(await git(w.dir, 'merge-base', 'main', w.branch)).toBe(await w.rev('main'));
  if (!w.lazy) expect(bytesOf(w.worktree)).toEqual(await freshCheckout(w.worktree, w.branch));
  expect(await git(w.worktree, 'status', '--porcelain')).toBe('');
  expect(await lookAt(w.dir)).toEqual(before.checkout);
  await w.undo();
  expect(await w.all()).toEqual(before);
};

/** Both ways of a merge into a branch that the main checkout has. */
export const mergeAndBack = async (w: Sprung): Promise<void> => {
  const before = await w.all();
  const expected = (await plain(w.dir, `git merge-tree --write-tree main ${w.branch}`)).trim();
  for (const over of ALL ? [{}, { squash: false, noFf: true }] : [{}]) {
    const { commit } = await w.merge(over);
    expect(await w.tree('main')).toBe(expected);
    expect(await w.rev('main')).toBe(commit);
    if (!w.lazy) expect(bytesOf(w.dir)).toEqual(await freshCheckout(w.dir, commit!));
    expect([await git(w.dir, 'status', '--porcelain'), await git(w.worktree, 'status', '--porcelain')]).toEqual([
      '',
      '',
    ]);
    await w.undo();
    expect(await w.all()).toEqual(before);
    expect([await git(w.dir, 'status', '--porcelain'), await git(w.worktree, 'status', '--porcelain')]).toEqual([
      '',
      '',
    ]);
  }
};

/** Into a branch that no checkout has: no file of the user's is touched. */
const mergeNowhereAndBack = async (w: Sprung): Promise<void> => {
  await git(w.dir, 'branch', 'nowhere', 'main');
  const before = await w.all();
  await w.merge({ into: 'nowhere' });
  expect(await w.tree('nowhere')).toBe(await w.tree(w.branch));
  expect(await lookAt(w.dir)).toEqual(before.checkout);
  await w.undo();
  expect(await w.all()).toEqual(before);
};

/** Verbs and their undo (all of them with TEST_ALL=1), held against git and against what was there before, byte for byte. */
export const playAll = async (trap: Trap): Promise<Sprung> => {
  const w = await spring(trap);
  // Every day the one that writes the most into the user's checkout; the squash is part of it.
  if (ALL) await squashAndBack(w);
  if (ALL) await rewindAndBack(w);
  if (ALL && trap.upstream) await rebaseAndBack(w);
  await mergeAndBack(w);
  if (ALL) await mergeNowhereAndBack(w);
  return w;
};

/** A refusal that changes nothing at all. */
export const refused = async (
  w: Sprung,
  work: () => Promise<unknown>,
  error: Record<string, unknown>,
): Promise<void> => {
  const before = await w.all();
  await expect(work()).rejects.toMatchObject(error);
  expect(await w.all()).toEqual(before);
};

/** A program in a folder of its own. @returns where it is */
export const tool = (text: string): string => {
  const dir = tempDir('amp-tool-');
  mkdirSync(dir, { recursive: true });
  const file = join(dir, 'tool');
  writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return file;
};
