import { lstatSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isAppError } from '../../../src/errors.ts';
import { planRestore, restoreFiles } from '../../../src/git/restore-files.ts';
import { snapshotRef, takeSnapshot } from '../../../src/git/snapshot.ts';
import type { Context } from '../../../src/workflows/context.ts';
import { findSession } from '../../../src/workflows/find-session.ts';
import { forgetSessions } from '../../../src/workflows/forget/forget.ts';
import { renameSession } from '../../../src/workflows/rename-session.ts';
import { resumeSession } from '../../../src/workflows/resume.ts';
import { type SessionSummary, summaries } from '../../../src/workflows/summaries.ts';
import { freeBranch } from '../../../src/workflows/worktree.ts';
import { makeSession } from '../../git/support.ts';
import { git, makeRepo, sh } from '../../support/repo.ts';
import { contextIn, make } from '../../support/sessions.ts';

const PIECES = [
  '-',
  '--',
  '--all',
  '=',
  '/',
  '..',
  '.lock',
  '@{',
  ':',
  '^',
  '*',
  '?',
  '[',
  '\\',
  ' ',
  '\n',
  '\t',
  '\0',
];
const MORE = [
  '$(x)',
  '`x`',
  ';',
  'HEAD',
  'refs/heads/',
  '\u202e',
  '\ud800',
  'İ',
  'ß',
  'é',
  'e\u0301',
  '😀',
  '__proto__',
  'CON',
];
const nasty = fc
  .array(fc.oneof(fc.constantFrom(...PIECES, ...MORE), fc.string({ unit: 'binary', maxLength: 6 })), { maxLength: 6 })
  .map((pieces) => pieces.join(''));

describe('a session by a name that somebody gave it', () => {
  let dir: string;
  let ctx: Context;
  const ids: string[] = [];
  beforeAll(async () => {
    dir = await makeRepo();
    ctx = await contextIn(dir);
    for (const name of ['plain', '--all', '-f', 'HEAD']) ids.push((await make(ctx, { name })).session.id);
  });
  beforeEach(async () => {
    ctx = await contextIn(dir);
  });
  const find = (given: string) => findSession(ctx, given, dir);
  const facts = async (but = '') =>
    (await summaries(ctx))
      .filter(({ id }) => id !== but)
      .map(({ id, name, branch, removed }) => ({ id, name, branch, removed }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));

  const isMeant = (given: string, { id, name, branch }: SessionSummary): boolean =>
    id.startsWith(given) ||
    [name, branch, branch.replace(/^/, 'refs/heads/')].includes(given) ||
    name.normalize('NFC').toLowerCase() === given.normalize('NFC').toLowerCase();

  it('is that one, and for any other name none', async () => {
    for (const [at, name] of ['plain', '--all', '-f', 'HEAD'].entries()) expect((await find(name)).id).toBe(ids[at]);
    const given = fc.oneof(nasty, fc.constantFrom('--ALL', '-F', 'Plain', 'head', ...ids, ids[0]!.slice(0, 4)));
    await fc.assert(
      fc.asyncProperty(given, async (text) => {
        const found = await find(text).catch((error: unknown) => error);
        if (isAppError(found)) return ['session.missing', 'session.ambiguous'].includes(found.code);
        return isMeant(text, found as SessionSummary);
      }),
      { numRuns: 60 },
    );
  });

  it('is found again under each new one, and no other session is touched', async () => {
    const others = await facts(ids[0]);
    const branch = (await find(ids[0]!)).branch;
    const fixed = ['--output=pwned', '-', '../..', 'a\nb', '__proto__', ids[1]!, 'x'.repeat(300)];
    for (const name of [...fixed, ...fc.sample(nasty, { numRuns: 3, seed: 3 })]) {
      const renaming = renameSession(ctx, await find(ids[0]!), { name, prompt: null });
      if (name.trim() === '') {
        await expect(renaming).rejects.toMatchObject({ code: 'usage.invalid' });
        continue;
      }
      const { session } = await renaming;
      expect([session.id, session.branch]).toEqual([ids[0], branch]);
      const found = await find(session.name);
      // An id is always the session that has it.
      expect([name, found.id]).toEqual([name, name === ids[1] ? ids[1] : ids[0]]);
      expect(await facts(ids[0])).toEqual(others);
    }
    expect(readdirSync(dir).sort()).toEqual(['.git', '.worktrees', 'a.txt', 'b.txt', 'src']);
  });

  it('comes up again alone, and is forgotten alone', async () => {
    for (const id of ids) rmSync(join(dir, '.worktrees', id), { recursive: true });
    const wish = { newThread: false, dryRun: false };
    expect(await resumeSession(ctx, await find('--all'), wish)).toMatchObject({ session: ids[1] });
    expect(readdirSync(join(dir, '.worktrees'))).toEqual([ids[1]]);
    const others = await facts(ids[1]);
    const all = { dryRun: false, unmerged: true, uncommitted: true, keepBranch: false };
    await forgetSessions(ctx, [await find('--all')], all);
    ctx = await contextIn(dir);
    expect(await facts()).toEqual(others);
    for (const gone of ['--all', ids[1]!]) await expect(find(gone)).rejects.toMatchObject({ code: 'session.missing' });
    expect((await find('-f')).id).toBe(ids[2]);
  });

  it('makes a branch that git takes, whatever the name', async () => {
    const names = fc.sample(fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 80 })), { numRuns: 300, seed: 5 });
    const branches = new Set<string>();
    for (const name of names) branches.add(await freeBranch(ctx, name, '2026-01-02T03:04:05.000Z'));
    const made = await makeRepo();
    const id = await git(made, 'rev-parse', 'HEAD');
    const lines = [...branches].map((branch) => `create refs/heads/${branch} ${id}\n`).join('');
    writeFileSync(join(made, '.git/lines'), lines);
    expect((await sh(made, 'git update-ref --stdin < .git/lines')).stderr).toBe('');
    const there = await git(made, 'for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads/amp');
    expect(there.split('\n').sort()).toEqual([...branches].sort());
    expect([...branches].every((branch) => branch.split('/').every((part) => !part.startsWith('-')))).toBe(true);
  });
});

describe('paths that are to be restored', () => {
  const NAMES = [
    '-x',
    '--all',
    ':(top)a',
    ':!a',
    'a*',
    'a?',
    '[a]',
    'a',
    'a b',
    'a\nb',
    'a\tb',
    '"',
    '\\',
    '~',
    'é',
    'd/-f',
    'd/a',
  ];

  it('are what they say, and what lies below: no pattern, no option, nothing outside', async () => {
    const { repo, wt, parent } = await makeSession();
    await sh(wt.path, 'mkdir d');
    for (const name of NAMES) writeFileSync(join(wt.path, name), `was ${name}`);
    const wish = { ref: snapshotRef('s1'), session: 's1', reason: 'rm', at: '2026-01-02T03:04:05.000Z', head: parent };
    const snapshot = (await takeSnapshot(repo, wt, wish))!;
    for (const name of NAMES) rmSync(join(wt.path, name));
    const plan = (paths: string[]) => planRestore(repo, wt, { head: snapshot.head, tree: snapshot.tree, paths });
    for (const name of NAMES) expect((await plan([name])).write, name).toEqual([name]);
    expect((await plan(['d'])).write).toEqual(['d/-f', 'd/a']);
    const outside = [
      '*',
      ':/',
      ':(glob)**',
      '.',
      '..',
      '../x',
      '/',
      '/etc/passwd',
      '.git',
      '.git/config',
      'd/',
      'd/../a',
      'A',
      'aa',
    ];
    expect(await plan(outside)).toEqual({ write: [], remove: [], same: [], nested: [] });
    const one = await plan(['--all', ':(top)a']);
    await restoreFiles(repo, wt, { tree: snapshot.tree, plan: one });
    expect(readdirSync(wt.path).sort()).toEqual(['--all', '.git', ':(top)a', 'a.txt', 'b.txt', 'd', 'src'].sort());
    expect(lstatSync(join(wt.path, '--all')).size).toBe('was --all'.length);
  });
});
