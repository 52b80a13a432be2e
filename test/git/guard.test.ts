import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { effectiveHooks } from '../../src/git/effective-hooks.ts';
import { compareFingerprints, fingerprint, runHook } from '../../src/git/guard.ts';
import { removeWorktree } from '../../src/git/worktrees.ts';
import { git, tempDir } from '../support/repo.ts';
import { addSession, BRANCH, makeSession, program, type Session, startsOf, write } from './support.ts';

const ignoreRefs = [`refs/heads/${BRANCH}`];

const changeBy = async (session: Session, work: (session: Session) => unknown) => {
  const before = await fingerprint(session.repo);
  await work(session);
  const after = await fingerprint(session.repo);
  expect(JSON.parse(JSON.stringify(after))).toEqual(after);
  return compareFingerprints(before, after, { ignoreRefs });
};

const none = { config: false, hooks: [], attributes: false, refs: [] };

describe('fingerprint', () => {
  it('stays the same while an agent only works, and starts nothing', async () => {
    const session = await makeSession();
    const work = async ({ wt, dir }: Session) => {
      write(wt.path, { 'a.txt': 'x', '.gitattributes': '* text\n' });
      await git(wt.path, 'add', '-A');
      await git(wt.path, 'commit', '-q', '-m', 'x');
      await git(dir, 'update-ref', 'refs/amp/sessions/x/y', 'HEAD');
      await git(dir, 'update-ref', 'refs/notes/amp', 'HEAD');
      await git(dir, 'pack-refs', '--all');
      write(join(dir, '.git/hooks'), { 'pre-commit.sample': 'x' });
    };
    expect(await changeBy(session, work)).toBeNull();
    expect(await startsOf(() => fingerprint(session.repo))).toEqual([]);
  });

  const changes: [string, (session: Session) => unknown, object][] = [
    ['the configuration', ({ dir }) => git(dir, 'config', 'core.fsmonitor', 'evil'), { config: true }],
    ['its own configuration', ({ wt }) => writeFileSync(join(wt.gitDir, 'config.worktree'), '[a]\n'), { config: true }],
    [
      'the main checkout’s configuration',
      ({ repo }) => writeFileSync(join(repo.commonDir, 'config.worktree'), ''),
      { config: true },
    ],
    ['the mode of the configuration', ({ repo }) => chmodSync(join(repo.commonDir, 'config'), 0o666), { config: true }],
    [
      'the configuration into a link',
      ({ repo }) => {
        const file = join(repo.commonDir, 'config');
        const copy = join(tempDir(), 'config');
        writeFileSync(copy, readFileSync(file));
        unlinkSync(file);
        symlinkSync(copy, file);
      },
      { config: true },
    ],
    [
      'where objects come from',
      ({ repo }) => write(repo.commonDir, { 'objects/info/alternates': '/tmp\n' }),
      { config: true },
    ],
    ['a hook', ({ repo }) => program(join(repo.commonDir, 'hooks/pre-push'), ''), { hooks: ['pre-push'] }],
    [
      'the attributes',
      ({ repo }) => write(repo.commonDir, { 'info/attributes': '* filter=x\n' }),
      { attributes: true },
    ],
    [
      'a branch of the user',
      async ({ dir, parent }) => git(dir, 'branch', 'mine', parent),
      { refs: [{ ref: 'refs/heads/mine', from: null, to: 'PARENT' }] },
    ],
    [
      'a tag, by deleting it',
      async ({ dir }) => git(dir, 'tag', '-d', 'v1'),
      { refs: [{ ref: 'refs/tags/v1', from: 'PARENT', to: null }] },
    ],
  ];
  it.each(changes)('tells when an agent changed %s', async (_name, work, expected) => {
    const session = await makeSession();
    await git(session.dir, 'tag', 'v1');
    const text = JSON.stringify({ ...none, ...expected }).replaceAll('PARENT', session.parent);
    expect(await changeBy(session, work)).toEqual(JSON.parse(text));
  });

  it('is not concerned with worktrees that come and go', async () => {
    const session = await makeSession();
    const other = await addSession(session.dir, 's2', 'amp/task/2');
    writeFileSync(join(other.wt.gitDir, 'config.worktree'), '[core]\n');
    const change = await changeBy(session, async () => {
      const { wt } = await addSession(session.dir, 's3', 'amp/task/3');
      writeFileSync(join(wt.gitDir, 'config.worktree'), '[core]\n');
      await removeWorktree(session.repo, other.wt.path);
    });
    expect(change).toEqual({ ...none, refs: [{ ref: 'refs/heads/amp/task/3', from: null, to: session.parent }] });
  });

  it('tells hooks that came, changed, and went', async () => {
    const session = await makeSession();
    const hooks = join(session.repo.commonDir, 'hooks');
    program(join(hooks, 'pre-commit'), 'a');
    program(join(hooks, 'post-merge'), 'a');
    const change = await changeBy(session, () => {
      appendFileSync(join(hooks, 'pre-commit'), 'b');
      unlinkSync(join(hooks, 'post-merge'));
      mkdirSync(join(hooks, 'folder'));
    });
    expect(change).toEqual({ ...none, hooks: ['folder', 'post-merge', 'pre-commit'] });
    rmSync(hooks, { recursive: true });
    expect((await fingerprint(session.repo)).hooks).toEqual({});
  });

  it('overlooks the refs it is told to, by name or by folder', async () => {
    const session = await makeSession();
    const before = await fingerprint(session.repo);
    await git(session.dir, 'branch', 'one');
    await git(session.dir, 'branch', 'folder/two');
    const after = await fingerprint(session.repo);
    const refs = (ignored: string[]) =>
      compareFingerprints(before, after, { ignoreRefs: ignored })?.refs.map(({ ref }) => ref);
    expect(refs([])).toEqual(['refs/heads/folder/two', 'refs/heads/one']);
    expect(refs(['refs/heads/one'])).toEqual(['refs/heads/folder/two']);
    expect(refs(['refs/heads/'])).toBeUndefined();
    expect(refs(['refs/heads/o'])).toHaveLength(2);
  });
});

describe('effectiveHooks', () => {
  it('names the hooks that would run, wherever core.hooksPath leads, with what is in them', async () => {
    const { repo, wt, dir } = await makeSession();
    program(join(repo.commonDir, 'hooks/pre-commit'), 'a');
    const own = await effectiveHooks(repo, wt);
    expect(Object.keys(own)).toEqual(['pre-commit']);
    await git(dir, 'config', 'core.hooksPath', '.husky');
    expect(await effectiveHooks(repo, wt)).toEqual({});
    mkdirSync(join(wt.path, '.husky'));
    program(join(wt.path, '.husky/pre-commit'), 'b');
    const theirs = await effectiveHooks(repo, wt);
    expect(Object.keys(theirs)).toEqual(['pre-commit']);
    expect(theirs).not.toEqual(own);
    chmodSync(join(wt.path, '.husky/pre-commit'), 0o644);
    expect(await effectiveHooks(repo, wt)).not.toEqual(theirs);
  });
});

describe('runHook', () => {
  it('runs the user’s hook in the worktree, with its arguments, and gives its exit code and words', async () => {
    const { repo, wt } = await makeSession();
    program(join(repo.commonDir, 'hooks/commit-msg'), 'echo "in $PWD with $1"; cat "$1"; exit 3');
    const file = join(tempDir(), 'message');
    writeFileSync(file, 'the message\n');
    const ran = await runHook(repo, wt, 'commit-msg', [file]);
    expect(ran.exitCode).toBe(3);
    expect(ran.tail.toString()).toBe(`in ${wt.path} with ${file}\nthe message\n`);
  });

  it('follows core.hooksPath, and is content without a hook', async () => {
    const { repo, wt, dir } = await makeSession();
    expect(await runHook(repo, wt, 'pre-commit')).toMatchObject({ exitCode: 0, timedOut: false });
    const hooks = tempDir();
    program(join(hooks, 'pre-commit'), 'echo theirs');
    await git(dir, 'config', 'core.hooksPath', hooks);
    expect((await runHook(repo, wt, 'pre-commit')).tail.toString()).toBe('theirs\n');
  });

  it('ends one that hangs, with what it started', async () => {
    const { repo, wt } = await makeSession();
    program(join(repo.commonDir, 'hooks/pre-commit'), 'sleep 60 & sleep 60');
    expect(await runHook(repo, wt, 'pre-commit', [], { timeoutMs: 300 })).toMatchObject({ timedOut: true });
  });
});
