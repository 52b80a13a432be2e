import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CommitOptions, commitWorktree, dirtyPaths, type Leftover } from '../../src/git/commits.ts';
import { headOf, readRef } from '../../src/git/refs.ts';
import { rarely } from '../support/rarely.ts';
import { git, sh, tempDir } from '../support/repo.ts';
import { addSession, BRANCH, lsTree, makeSession, type Session, startsOf, write } from './support.ts';

const MESSAGE = 'amp: did it\n\nAmp-Session: s1\nAmp-Iteration: 1\n';

const commit = (session: Session, over: Partial<CommitOptions> = {}) =>
  commitWorktree(session.repo, session.wt, {
    branch: BRANCH,
    parent: session.parent,
    message: MESSAGE,
    leaveOut: [],
    ...over,
  });

/** What must be true of every commit, whatever happened before. */
const check = async (session: Session, made: { commit: string; tree: string } | null, left: string[] = []) => {
  const { repo, wt, parent, dir } = session;
  const tip = made?.commit ?? parent;
  expect(await readRef(repo, `refs/heads/${BRANCH}`)).toBe(tip);
  expect(await headOf(repo, wt)).toEqual({ commit: tip, branch: BRANCH });
  if (made) expect(await git(dir, 'log', '-1', '--format=%P %T', made.commit)).toBe(`${parent} ${made.tree}`);
  expect((await dirtyPaths(repo, wt)).map(({ path }) => path).sort()).toEqual(left);
  expect((await sh(wt.path, 'git status')).stdout).not.toMatch(/in progress|rebasing|unmerged|bisecting/i);
  const fsck = await sh(dir, 'git fsck --full --strict --no-dangling');
  expect(fsck.exitCode, fsck.stderr).toBe(0);
};

const paths = async (dir: string, from: string, to: string): Promise<string[]> => {
  const text = await git(dir, 'diff-tree', '-r', '--name-status', '--no-renames', from, to);
  return text === '' ? [] : text.split('\n').map((line) => line.replace('\t', ' '));
};

describe('commitWorktree', () => {
  it('commits everything, once, with the parent it was told', async () => {
    const session = await makeSession();
    write(session.wt.path, { 'a.txt': 'new\n', 'deep/er/file': 'x', '.hidden': 'h' });
    rmSync(join(session.wt.path, 'b.txt'));
    const made = await commit(session);
    await check(session, made);
    expect(await paths(session.dir, session.parent, made!.commit)).toEqual([
      'A .hidden',
      'M a.txt',
      'D b.txt',
      'A deep/er/file',
    ]);
    expect(await git(session.dir, 'log', '-1', '--format=%B', made!.commit)).toBe(MESSAGE);
    expect(await git(session.dir, 'log', '-1', '--format=%an %ae %cn', made!.commit)).toBe(
      'Test User test@example.com Test User',
    );
  });

  rarely('starts six processes, eight when something is left out, and tells how much differs', async () => {
    const session = await makeSession();
    write(session.wt.path, { x: 'x', y: 'y' });
    const dirty = await dirtyPaths(session.repo, session.wt);
    // Two of them run side by side.
    expect((await startsOf(() => commit(session))).sort()).toEqual([
      'add',
      'commit-tree',
      'diff-index',
      'ls-files',
      'update-ref',
      'write-tree',
    ]);
    write(session.wt.path, { x: 'changed', 'a.txt': '' });
    expect(await commit(session, { parent: await git(session.wt.path, 'rev-parse', 'HEAD') })).toMatchObject({
      size: { files: 2, insertions: 1, deletions: 4 },
    });
    const other = await makeSession();
    write(other.wt.path, { x: 'x', y: 'y' });
    const leaveOut = dirty.filter(({ path }) => path === 'x');
    let made: Awaited<ReturnType<typeof commit>> = null;
    const starts = await startsOf(async () => {
      made = await commit(other, { leaveOut });
    });
    expect(starts.length).toBe(8);
    expect(made).toMatchObject({ size: { files: 1, insertions: 1, deletions: 0 } });
    expect(await startsOf(() => commit(other, { leaveOut, parent: other.parent }))).toContain('cat-file');
  });

  it('is null when nothing changed, and says nothing of the user’s checkout', async () => {
    const session = await makeSession();
    write(session.dir, { 'a.txt': 'the user’s own edit\n' });
    expect(await commit(session)).toBeNull();
    await check(session, null);
    expect((await startsOf(() => commit(session))).sort()).toEqual(['add', 'diff-index', 'ls-files', 'write-tree']);
    expect(await git(session.dir, 'status', '--porcelain', '--', 'a.txt')).toBe(' M a.txt');
  });

  it.each(['sha1', 'sha256'] as const)('takes any name, link and mode (%s)', async (objectFormat) => {
    const session = await makeSession({ objectFormat });
    const { wt } = session;
    const names = [
      '-dash',
      '--output=x',
      ' space ',
      'new\nline',
      'tab\there',
      '"quoted"',
      ':(top)x',
      '*',
      'ünï',
      '日本',
      'a\\b',
    ];
    for (const name of names) writeFileSync(join(wt.path, name), name);
    const odd = Buffer.from('odd-\xff\xfe-\xe9.txt', 'latin1');
    writeFileSync(Buffer.concat([Buffer.from(`${wt.path}/`), odd]), 'odd');
    symlinkSync('/nowhere/at/all', join(wt.path, 'dangling'));
    symlinkSync('src', join(wt.path, 'to-folder'));
    symlinkSync('/etc', join(wt.path, 'out'));
    chmodSync(join(wt.path, 'a.txt'), 0o755);
    mkdirSync(join(wt.path, 'empty'));
    const dirty = await dirtyPaths(session.repo, wt);
    const made = await commit(session);
    await check(session, made);
    const tree = (
      await sh(session.dir, `git ls-tree -r -z --name-only ${made!.commit} | tr '\\0' '\\001'`)
    ).stdout.split('\u0001');
    for (const name of names) expect(tree).toContain(name);
    const raw = await sh(session.dir, `git ls-tree -r ${made!.commit}`);
    expect(raw.stdout).toMatch(/^100755 .*\ta\.txt$/m);
    expect(raw.stdout).toMatch(/^120000 .*\tdangling$/m);
    expect(raw.stdout).toMatch(/^120000 .*\tout$/m);
    expect(raw.stdout).toContain('"odd-\\377\\376-\\351.txt"');
    for (const { path, object } of dirty.filter(({ path }) => /^[a-z-]+$/.test(path)))
      expect(raw.stdout).toContain(`${object}\t${path}`);
  });

  rarely('leaves out exactly what it is told to, by content', async () => {
    const session = await makeSession();
    const { wt, repo } = session;
    write(wt.path, {
      'a.txt': 'left\n',
      'left new': 'left\n',
      'later.txt': 'before\n',
      'src/c.txt': 'left\n',
      exec: 'x',
    });
    unlinkSync(join(wt.path, 'b.txt'));
    const odd = Buffer.concat([Buffer.from(`${wt.path}/`), Buffer.from('o\xffd\n', 'latin1')]);
    writeFileSync(odd, 'left');
    const leaveOut = await dirtyPaths(repo, wt);
    expect(leaveOut.length).toBe(7);
    write(wt.path, { 'later.txt': 'after\n', 'agent.txt': 'by the agent\n', 'src/c.txt': 'changed again\n' });
    const made = await commit(session, { leaveOut });
    expect(await paths(session.dir, session.parent, made!.commit)).toEqual([
      'A agent.txt',
      'A later.txt',
      'M src/c.txt',
    ]);
    await check(session, made, ['a.txt', 'b.txt', 'exec', 'left new', 'o\udcffd\n']);
    expect(readFileSync(join(wt.path, 'a.txt'), 'utf8')).toBe('left\n');
    expect(existsSync(join(wt.path, 'b.txt'))).toBe(false);
    expect(await commit({ ...session, parent: made!.commit }, { leaveOut })).toBeNull();
    const all = await commit({ ...session, parent: made!.commit });
    expect((await paths(session.dir, made!.commit, all!.commit)).length).toBe(5);
  });

  it('leaves out nothing that stands in the way of what is committed', async () => {
    const session = await makeSession();
    const { wt, repo } = session;
    unlinkSync(join(wt.path, 'a.txt'));
    rmSync(join(wt.path, 'src'), { recursive: true });
    const leaveOut = await dirtyPaths(repo, wt);
    expect(leaveOut).toEqual([
      { path: 'a.txt', object: null },
      { path: 'src/c.txt', object: null },
    ]);
    write(wt.path, { 'a.txt/inside': 'x\n', src: 'a file now\n' });
    const made = await commit(session, { leaveOut });
    expect(await paths(session.dir, session.parent, made!.commit)).toEqual([
      'D a.txt',
      'A a.txt/inside',
      'A src',
      'D src/c.txt',
    ]);
    await check(session, made);
  });

  rarely('puts a folder back where a left-out file is, and the other way round', async () => {
    const session = await makeSession();
    const { wt, repo } = session;
    unlinkSync(join(wt.path, 'a.txt'));
    rmSync(join(wt.path, 'src'), { recursive: true });
    write(wt.path, { 'a.txt/inside': 'left\n', src: 'left\n' });
    const leaveOut = await dirtyPaths(repo, wt);
    write(wt.path, { other: 'agent\n' });
    const made = await commit(session, { leaveOut });
    expect(await paths(session.dir, session.parent, made!.commit)).toEqual(['A other']);
    await check(session, made, ['a.txt', 'a.txt/inside', 'src', 'src/c.txt']);
  });

  it('honours attributes, and judges what is left out by what a commit would hold', async () => {
    const session = await makeSession();
    const { wt, repo } = session;
    write(wt.path, {
      '.gitattributes': '*.txt text\n*.bat text eol=crlf\n',
      'dos.txt': 'a\r\nb\r\n',
      'run.bat': 'a\r\n',
    });
    const first = await commit(session);
    expect(await git(session.dir, 'cat-file', 'blob', `${first!.commit}:dos.txt`)).toBe('a\nb');
    const next = { ...session, parent: first!.commit };
    write(wt.path, { 'dos.txt': 'a\r\nb\r\nc\r\n', 'a.txt': 'x\r\n' });
    const leaveOut = await dirtyPaths(repo, wt);
    write(wt.path, { more: 'm' });
    const made = await commit(next, { leaveOut });
    expect(await paths(session.dir, next.parent, made!.commit)).toEqual(['A more']);
  });

  rarely('keeps line ends that a repository had before it normalised them', async () => {
    const session = await makeSession();
    const { wt, repo, dir } = session;
    write(wt.path, { 'old.crlf': 'a\r\nb\r\n' });
    const first = await commit(session);
    await git(dir, 'config', 'core.autocrlf', 'true');
    write(wt.path, { 'old.crlf': 'a\r\nb\r\nc\r\n' });
    const leaveOut = await dirtyPaths(repo, wt);
    expect(leaveOut.map(({ path }) => path)).toEqual(['old.crlf']);
    expect(await commit({ ...session, parent: first!.commit }, { leaveOut })).toBeNull();
  });
});

describe('commitWorktree, whatever the agent did to branch and HEAD', () => {
  const agent: Record<string, string> = {
    'commits of its own':
      'echo 1 > one && git add . && git commit -qm one && echo 2 > two && git add . && git commit -qm two && echo 3 > three',
    'a detached HEAD':
      'git checkout -q --detach && echo 1 > one && git add . && git commit -qm one && echo 2 > two; echo 3 > three',
    'another branch':
      'git checkout -q -b elsewhere && echo 1 > one && git add . && git commit -qm one && echo 2 > two; echo 3 > three',
    'an amended first commit': 'git commit -q --amend -m mine && echo 1 > one; echo 2 > two; echo 3 > three',
    'an orphan branch': 'git checkout -q --orphan lonely && echo 1 > one; echo 2 > two; echo 3 > three',
    'a deleted branch':
      'git checkout -q --detach && git branch -qD amp/task/1; echo 1 > one; echo 2 > two; echo 3 > three',
    'a branch that was moved away':
      'echo 1 > one; echo 2 > two; echo 3 > three; git update-ref refs/heads/amp/task/1 $(git commit-tree HEAD^{tree} -m stray)',
    'HEAD on a branch that does not exist':
      'git symbolic-ref HEAD refs/heads/nowhere; echo 1 > one; echo 2 > two; echo 3 > three',
    'HEAD on the branch of the main checkout':
      'git symbolic-ref HEAD refs/heads/main; echo 1 > one; echo 2 > two; echo 3 > three',
    'garbage in HEAD': 'echo garbage > "$(git rev-parse --git-dir)/HEAD"; echo 1 > one; echo 2 > two; echo 3 > three',
    'an empty HEAD': ': > "$(git rev-parse --git-dir)/HEAD"; echo 1 > one; echo 2 > two; echo 3 > three',
    'a packed and repacked repository':
      'echo 1 > one; echo 2 > two; git add .; git commit -qm x; git gc -q; echo 3 > three',
    'a soft reset':
      'git commit -q --allow-empty -m x; git reset -q --soft HEAD~1; echo 1 > one; echo 2 > two; echo 3 > three',
    'a stash': 'echo stashed > s; git add s; git stash -q; echo 1 > one; echo 2 > two; echo 3 > three',
    'everything staged, then changed':
      'echo 0 > one; git add one; echo 1 > one; echo 2 > two; git add -N two; echo 3 > three',
    'a file taken out of the index only': 'git rm -q --cached a.txt; echo 1 > one; echo 2 > two; echo 3 > three',
  };
  it.each(Object.entries(agent))('%s', async (_name, script) => {
    const session = await makeSession();
    const ran = await sh(session.wt.path, script);
    expect(ran.exitCode, ran.stderr).toBe(0);
    const made = await commit(session);
    await check(session, made);
    expect(await paths(session.dir, session.parent, made!.commit)).toEqual(['A one', 'A three', 'A two']);
    expect(await git(session.dir, 'rev-parse', 'main')).toBe(session.parent);
    expect(await git(session.dir, 'symbolic-ref', 'HEAD')).toBe('refs/heads/main');
  });

  it('folds commits that cancel each other out into nothing', async () => {
    const session = await makeSession();
    await sh(session.wt.path, 'echo 1 > one && git add . && git commit -qm one && git revert --no-edit HEAD');
    expect(await commit(session)).toBeNull();
    await check(session, null);
  });

  const unfinished: Record<string, string> = {
    merge: 'git merge -q other',
    'merge --no-commit': 'git merge -q --no-commit -X ours other',
    'merge --squash': 'git merge -q --squash other',
    rebase: 'git rebase -q other',
    'rebase --apply': 'git rebase -q --apply other',
    'cherry-pick': 'git cherry-pick other',
    'several cherry-picks': 'git cherry-pick other~1 other',
    revert: 'git revert --no-edit HEAD~1',
    bisect: 'git bisect start -q HEAD HEAD~1; git bisect bad',
    'notes merge':
      'git notes add -m x; git update-ref refs/notes/other $(git commit-tree $(git write-tree) -m n); git notes merge other',
  };
  it.each(Object.entries(unfinished))('an unfinished %s', async (_name, script) => {
    const session = await makeSession();
    const { wt, dir } = session;
    await sh(
      dir,
      'git checkout -q -b other && echo theirs0 > t && git add . && git commit -qm o0 && echo theirs > a.txt && git commit -qam o1 && git checkout -q main',
    );
    await sh(wt.path, 'echo ours0 > a.txt && git commit -qam m0 && echo ours > a.txt && git commit -qam m1');
    await sh(wt.path, script);
    write(wt.path, { 'a.txt': 'what the file says\n', 'more.txt': 'm\n' });
    const made = await commit(session);
    await check(session, made);
    expect(await git(dir, 'cat-file', 'blob', `${made!.commit}:a.txt`)).toBe('what the file says');
    for (const name of readdirSync(wt.gitDir))
      expect(name).not.toMatch(/MERGE|PICK|REVERT|REBASE|rebase|sequencer|BISECT/);
    expect((await sh(wt.path, 'git commit --allow-empty -qm next && git log -1 --format=%P')).stdout.trim()).toBe(
      made!.commit,
    );
  });

  rarely('keeps what a rebase had put aside', async () => {
    const session = await makeSession();
    const { wt, dir } = session;
    await sh(dir, 'git checkout -q -b other && echo theirs > a.txt && git commit -qam o && git checkout -q main');
    await sh(
      wt.path,
      'echo ours > a.txt && git commit -qam m && echo precious > b.txt && git rebase -q --autostash other',
    );
    expect(readFileSync(join(wt.path, 'b.txt'), 'utf8')).toBe('hello\n');
    await check(session, await commit(session));
    expect(await git(dir, 'show', 'stash@{0}:b.txt')).toBe('precious');
  });
});

describe('commitWorktree, whatever the agent did to the index', () => {
  const damage: Record<string, (session: Session) => unknown> = {
    'it is gone': ({ wt }) => unlinkSync(join(wt.gitDir, 'index')),
    'it is empty': ({ wt }) => writeFileSync(join(wt.gitDir, 'index'), ''),
    'it is garbage': ({ wt }) => writeFileSync(join(wt.gitDir, 'index'), Buffer.alloc(4096, 7)),
    'it is cut short': ({ wt }) => {
      const file = join(wt.gitDir, 'index');
      writeFileSync(file, readFileSync(file).subarray(0, 100));
    },
    'it names objects that do not exist': ({ wt }) =>
      git(wt.path, 'update-index', '--add', '--cacheinfo', `100644,${'1'.repeat(40)},ghost`),
    'files are assumed unchanged': ({ wt }) => git(wt.path, 'update-index', '--assume-unchanged', 'a.txt', 'b.txt'),
    'files are skipped': ({ wt }) => git(wt.path, 'update-index', '--skip-worktree', 'a.txt', 'src/c.txt'),
    'it is split': ({ wt }) => git(wt.path, 'update-index', '--split-index'),
    'it is split and files are hidden': ({ wt }) =>
      sh(wt.path, 'git update-index --assume-unchanged a.txt && git update-index --split-index'),
    'it is of version 4': ({ wt }) => git(wt.path, 'update-index', '--index-version', '4'),
    'it is of version 4 and files are hidden': ({ wt }) =>
      sh(wt.path, 'git update-index --index-version 4 && git update-index --skip-worktree a.txt'),
    'an empty lock is left': ({ wt }) => writeFileSync(join(wt.gitDir, 'index.lock'), ''),
    'locks of everything are left': ({ wt, repo }) => {
      writeFileSync(join(wt.gitDir, 'index.lock'), 'x');
      writeFileSync(join(wt.gitDir, 'HEAD.lock'), 'x');
      writeFileSync(join(repo.commonDir, `refs/heads/${BRANCH}.lock`), '');
    },
  };
  it.each(Object.entries(damage))('%s', async (_name, hurt) => {
    const session = await makeSession();
    await hurt(session);
    write(session.wt.path, { 'a.txt': 'changed\n', fresh: 'x\n' });
    const dirty = existsSync(join(session.wt.gitDir, 'index.lock')) ? [] : await dirtyPaths(session.repo, session.wt);
    if (dirty.length > 0) expect(dirty.map(({ path }) => path)).toEqual(expect.arrayContaining(['a.txt', 'fresh']));
    const made = await commit(session);
    await check(session, made);
    expect(await paths(session.dir, session.parent, made!.commit)).toEqual(['M a.txt', 'A fresh']);
    expect(existsSync(join(session.wt.gitDir, 'index.lock'))).toBe(false);
  });

  it('waits for a living holder of the lock', async () => {
    const session = await makeSession();
    write(session.wt.path, { fresh: 'x\n' });
    const lock = join(session.wt.gitDir, 'index.lock');
    writeFileSync(lock, '');
    const holder = sh(session.wt.path, `exec 9<"${lock}"; sleep 1; rm "${lock}"; exec 9<&-`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const made = await commit(session);
    expect(existsSync(lock)).toBe(false);
    expect((await holder).exitCode, 'the lock was taken from a living process').toBe(0);
    await check(session, made);
  });

  rarely('waits for a git that holds the lock without having it open', async () => {
    const session = await makeSession();
    const { wt } = session;
    write(wt.path, { fresh: 'x\n', 'a.txt': 'y\n' });
    // `git commit` closes its lock and keeps it while the editor is open.
    const ran = sh(wt.path, 'GIT_EDITOR="sh -c \'sleep 1; echo by hand > \\"\\$1\\"\' -" git commit -q -a');
    while (!existsSync(join(wt.gitDir, 'index.lock'))) await new Promise((resolve) => setTimeout(resolve, 10));
    const made = await commit(session);
    expect(await ran).toMatchObject({ exitCode: 0 });
    await check(session, made);
    expect(await paths(session.dir, session.parent, made!.commit)).toEqual(['M a.txt', 'A fresh']);
  });
});

describe('commitWorktree with files that are none', () => {
  it('does not hang at a pipe or a socket, commits the rest, and says what it skipped', async () => {
    const session = await makeSession();
    const { wt } = session;
    unlinkSync(join(wt.path, 'a.txt'));
    await sh(wt.path, 'mkfifo a.txt pipe; mkfifo src/pipe');
    write(wt.path, { fresh: 'x\n' });
    const dirty = await dirtyPaths(session.repo, wt);
    expect(dirty.find(({ path }) => path === 'a.txt')?.object).toBe('0'.repeat(40));
    const made = await commit(session);
    expect(made!.skipped).toEqual([
      { path: 'a.txt', why: 'special' },
      { path: 'pipe', why: 'special' },
    ]);
    expect(await paths(session.dir, session.parent, made!.commit)).toEqual(['A fresh']);
  });

  rarely('takes a repository inside as git does, and follows it', async () => {
    const session = await makeSession();
    const { wt, dir } = session;
    const identity = '-c user.name=n -c user.email=n@n';
    await sh(wt.path, `git init -q inner && cd inner && echo 1 > f && git add . && git ${identity} commit -qm 1`);
    await sh(wt.path, 'git init -q unborn && echo 1 > unborn/f');
    const inner = await git(join(wt.path, 'inner'), 'rev-parse', 'HEAD');
    const dirty = await dirtyPaths(session.repo, wt);
    expect(dirty).toEqual([
      { path: 'inner', object: inner },
      { path: 'unborn', object: '0'.repeat(40) },
    ]);
    const made = await commit(session);
    expect(await lsTree(dir, made!.commit)).toContain(`160000 commit ${inner}\tinner`);
    expect(made!.skipped).toEqual([
      { path: 'inner', why: 'nested' },
      { path: 'unborn', why: 'nested' },
    ]);
    rmSync(join(wt.path, 'unborn'), { recursive: true });
    const next = { ...session, parent: made!.commit };
    await sh(wt.path, `cd inner && echo 2 > f && git ${identity} commit -qam 2 && echo dirty > f`);
    const again = await commit(next, { leaveOut: [] });
    const moved = await git(join(wt.path, 'inner'), 'rev-parse', 'HEAD');
    expect(await lsTree(dir, again!.commit)).toContain(`160000 commit ${moved}\tinner`);
    await check(next, again);
    rmSync(join(wt.path, 'inner/.git'), { recursive: true });
    const flat = await commit({ ...session, parent: again!.commit });
    expect(await lsTree(dir, flat!.commit)).toMatch(/^100644 .*\tinner\/f$/m);
    await sh(wt.path, 'rm -r inner');
    const gone = await commit({ ...session, parent: flat!.commit });
    expect(await lsTree(dir, gone!.commit)).not.toContain('inner');
  });

  it('works with submodules, filled and empty', async () => {
    const lib = (await makeSession()).dir;
    const session = await makeSession();
    const { wt, dir } = session;
    const add = await sh(wt.path, `git -c protocol.file.allow=always submodule --quiet add ${lib} lib`);
    expect(add.exitCode, add.stderr).toBe(0);
    const made = await commit(session);
    await check(session, made);
    expect(await lsTree(dir, made!.commit)).toMatch(/^160000 commit [0-9a-f]+\tlib$/m);
    await git(dir, 'merge', '-q', '--ff-only', made!.commit);
    const fresh = { dir, ...(await addSession(dir, 's2', 'amp/task/2')) };
    write(fresh.wt.path, { x: 'x' });
    const other = await commitWorktree(fresh.repo, fresh.wt, {
      branch: 'amp/task/2',
      parent: fresh.parent,
      message: 'm',
      leaveOut: [],
    });
    expect(await paths(dir, fresh.parent, other!.commit)).toEqual(['A x']);
  });

  it.skipIf(process.getuid?.() !== 0)('skips what it may not read (as another user)', async () => {
    const session = await makeSession();
    const { wt, dir } = session;
    write(wt.path, { secret: 's\n', fresh: 'x\n', 'closed/inside': 'y\n' });
    const source = `
      import { commitWorktree, dirtyPaths } from './src/git/commits.ts';
      import { locateRepository, sessionWorktree } from './src/git/locate.ts';
      const repo = await locateRepository(process.argv[2]);
      const wt = await sessionWorktree(repo, process.argv[3]);
      const dirty = await dirtyPaths(repo, wt);
      const made = await commitWorktree(repo, wt, { branch: '${BRANCH}', parent: process.argv[4], message: 'm', leaveOut: [] });
      console.log(JSON.stringify({ dirty, made }));`;
    const { bundle } = await import('../support/bundle.ts');
    const file = await bundle(source);
    chmodSync(join(wt.path, 'secret'), 0o000);
    await sh('/', `chmod 755 '${join(file, '..')}' && chown -R nobody '${dir}' && chmod 755 '${dir}'`);
    chmodSync(join(wt.path, 'closed'), 0o000);
    const ran = await sh(
      dir,
      `HOME=/nonexistent setpriv --reuid nobody --clear-groups '${process.execPath}' '${file}' '${dir}' '${wt.path}' ${session.parent}`,
    );
    expect(ran.exitCode, ran.stderr).toBe(0);
    const { dirty, made } = JSON.parse(ran.stdout) as {
      dirty: Leftover[];
      made: { commit: string; skipped: { path: string; why: string }[] };
    };
    expect(dirty.find(({ path }) => path === 'secret')?.object).toBe('0'.repeat(40));
    expect(made.skipped).toEqual([
      { path: 'closed', why: 'unreadable' },
      { path: 'secret', why: 'unreadable' },
    ]);
    expect(
      (await sh(dir, `git -c safe.directory='*' diff-tree --name-only ${session.parent} ${made.commit}`)).stdout,
    ).toBe('fresh\n');
  });
});

describe('commitWorktree in other kinds of repositories', () => {
  it('a bare one', async () => {
    const session = await makeSession({ bare: true });
    expect(session.repo.bare).toBe(true);
    write(session.wt.path, { fresh: 'x\n' });
    const made = await commit(session);
    await check(session, made);
  });

  rarely('from a linked worktree of the user', async () => {
    const first = await makeSession();
    await git(first.dir, 'worktree', 'add', '-q', '../linked-of-user', '-b', 'theirs');
    const linked = join(first.dir, '../linked-of-user');
    try {
      const session = { dir: first.dir, ...(await addSession(linked, 's2', 'amp/task/2')) };
      expect(session.wt.path).toBe(join(first.dir, '.worktrees/s2'));
      write(session.wt.path, { fresh: 'x\n' });
      const made = await commitWorktree(session.repo, session.wt, {
        branch: 'amp/task/2',
        parent: session.parent,
        message: 'm',
        leaveOut: [],
      });
      expect(await paths(first.dir, session.parent, made!.commit)).toEqual(['A fresh']);
      expect(await git(linked, 'status', '--porcelain')).toBe('');
    } finally {
      rmSync(linked, { recursive: true });
    }
  });

  it('a sparse checkout', async () => {
    const session = await makeSession();
    const { wt, dir } = session;
    await git(wt.path, 'sparse-checkout', 'set', '--cone', 'src');
    expect(existsSync(join(wt.path, 'src/c.txt'))).toBe(true);
    write(wt.path, { 'src/new': 'x\n', 'outside/new': 'y\n', 'src/c.txt': 'changed\n' });
    await sh(wt.path, 'git sparse-checkout set --no-cone /src/ && ls');
    expect(existsSync(join(wt.path, 'a.txt'))).toBe(false);
    const made = await commit(session);
    expect(await paths(dir, session.parent, made!.commit)).toEqual(['A outside/new', 'M src/c.txt', 'A src/new']);
    await check(session, made);
  });

  rarely('a shallow clone, and one with alternates', async () => {
    const { dir } = await makeSession();
    for (const flags of [
      ['--depth=1', `file://${dir}`],
      ['--shared', dir],
    ]) {
      const clone = join(tempDir(), 'clone');
      await git('/', 'clone', '-q', ...flags, clone);
      await git(clone, 'config', 'user.name', 'T');
      await git(clone, 'config', 'user.email', 't@t');
      const session = { dir: clone, ...(await addSession(clone)) };
      write(session.wt.path, { fresh: 'x\n' });
      await check(session, await commit(session));
    }
  });

  it('refs/replace and grafts change nothing', async () => {
    const session = await makeSession();
    const { wt, dir, repo } = session;
    write(wt.path, { fresh: 'x\n' });
    const fake = await git(dir, 'commit-tree', '4b825dc642cb6eb9a060e54bf8d69288fbee4904', '-m', 'fake');
    await git(dir, 'replace', session.parent, fake);
    write(repo.commonDir, { 'info/grafts': `${session.parent} ${fake}\n` });
    const made = await commit(session);
    await git(dir, 'replace', '-d', session.parent);
    rmSync(join(repo.commonDir, 'info/grafts'));
    expect(await paths(dir, session.parent, made!.commit)).toEqual(['A fresh']);
  });
});

describe('commitWorktree and who made it', () => {
  it('falls back to our own identity when git was never told one', async () => {
    const session = await makeSession();
    await git(session.dir, 'config', '--unset', 'user.name');
    await git(session.dir, 'config', '--unset', 'user.email');
    write(session.wt.path, { fresh: 'x\n' });
    const made = await commit(session);
    const format = ['log', '-1', '--format=%an <%ae> %cn <%ce>', made!.commit];
    expect(await git(session.dir, ...format)).toBe(
      'amp-sessions <amp-sessions@localhost> amp-sessions <amp-sessions@localhost>',
    );
  });

  rarely('takes the given author, with the user as committer', async () => {
    const session = await makeSession();
    write(session.wt.path, { fresh: 'x\n' });
    const made = await commit(session, { author: { name: 'Ada', email: 'ada@example.com' } });
    expect(await git(session.dir, 'log', '-1', '--format=%an %ae %cn', made!.commit)).toBe(
      'Ada ada@example.com Test User',
    );
  });

  it('signs with the user’s ssh key, and fails in words when it cannot', async () => {
    const session = await makeSession();
    const key = join(tempDir(), 'key');
    const keygen = await sh('/', `ssh-keygen -q -t ed25519 -N '' -f '${key}'`);
    write(session.wt.path, { fresh: 'x\n' });
    const config = join(process.env['HOME']!, '.gitconfig');
    writeFileSync(config, `[gpg]\n\tformat = ssh\n[user]\n\tsigningKey = ${key}\n`);
    try {
      if (keygen.exitCode === 0) {
        const made = await commit(session, { sign: true });
        expect(await git(session.dir, 'cat-file', 'commit', made!.commit)).toContain('BEGIN SSH SIGNATURE');
        await check(session, made);
      }
      writeFileSync(config, '[gpg]\n\tprogram = /nonexistent/gpg\n');
      write(session.wt.path, { more: 'x\n' });
      await expect(commit(session, { sign: true })).rejects.toMatchObject({ code: 'git.failed' });
    } finally {
      rmSync(config);
    }
    await check(session, await commit(session));
  });

  rarely('a second call with the same words gives the same commit', async () => {
    const session = await makeSession();
    write(session.wt.path, { fresh: 'x\n' });
    const made = await commit(session);
    expect((await commit(session))?.commit).toBe(made!.commit);
    expect((await commit(session, { message: 'other' }))?.commit).not.toBe(made!.commit);
  });
});

describe('commitWorktree refuses', () => {
  it('a worktree that is a link now, or gone, or another’s', async () => {
    const session = await makeSession();
    const aside = `${session.wt.path}.aside`;
    renameSync(session.wt.path, aside);
    await expect(commit(session)).rejects.toMatchObject({ code: 'worktree.missing' });
    symlinkSync(aside, session.wt.path);
    await expect(commit(session)).rejects.toMatchObject({ code: 'worktree.blocked' });
    unlinkSync(session.wt.path);
    mkdirSync(session.wt.path);
    renameSync(aside, join(session.wt.path, 'moved'));
    writeFileSync(join(session.wt.gitDir, 'gitdir'), '/elsewhere/.git\n');
    await expect(commit(session)).rejects.toMatchObject({ code: 'worktree.blocked' });
    expect(lstatSync(session.wt.path).isDirectory()).toBe(true);
  });

  rarely('a parent that does not exist', async () => {
    const session = await makeSession();
    await expect(commit(session, { parent: '1'.repeat(40) })).rejects.toMatchObject({ code: 'git.failed' });
    await check(session, null);
  });
});
