import {
  appendFileSync,
  chownSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { locateRepository, sessionWorktree } from '../../src/git/locate.ts';
import { git, makeRepo, sh, tempDir } from '../support/repo.ts';
import { makeSession, startsOf, write } from './support.ts';

const isRoot = process.getuid?.() === 0;

describe('locateRepository', () => {
  it('finds the checkout from any folder in it, and starts no git', async () => {
    const dir = await makeRepo();
    const expected = {
      root: dir,
      commonDir: join(dir, '.git'),
      bare: false,
      objectFormat: 'sha1',
      refFormat: 'files',
      here: { path: dir, gitDir: join(dir, '.git') },
    };
    expect(await startsOf(async () => expect(await locateRepository(join(dir, 'src'))).toEqual(expected))).toEqual([]);
    expect(await locateRepository(dir)).toEqual(expected);
    expect(await locateRepository(join(dir, '.git/refs'))).toMatchObject({ root: dir, commonDir: join(dir, '.git') });
    const link = join(tempDir(), 'link');
    symlinkSync(join(dir, 'src'), link);
    expect(await locateRepository(link)).toEqual(expected);
  });

  it('knows an empty repository, and one of SHA-256', async () => {
    const dir = await makeRepo({ empty: true, objectFormat: 'sha256' });
    expect(await locateRepository(dir)).toMatchObject({ root: dir, objectFormat: 'sha256', bare: false });
  });

  it('knows a bare one, and a bare one called .git', async () => {
    const bare = await makeRepo({ bare: true });
    const expected = { root: bare, commonDir: bare, bare: true, here: null };
    expect(await locateRepository(bare)).toMatchObject(expected);
    expect(await locateRepository(join(bare, 'refs'))).toMatchObject(expected);
    const top = tempDir();
    await git('/', 'clone', '-q', '--bare', bare, join(top, '.git'));
    expect(await locateRepository(top)).toMatchObject({
      root: top,
      commonDir: join(top, '.git'),
      bare: true,
      here: null,
    });
    await git(top, '--git-dir=.git', 'worktree', 'add', '-q', 'wt', 'main');
    const here = { path: join(top, 'wt'), gitDir: join(top, '.git/worktrees/wt') };
    expect(await locateRepository(here.path)).toMatchObject({ root: top, bare: true, here });
  });

  it('leads from a linked worktree to the main checkout', async () => {
    const { dir, wt } = await makeSession();
    const found = await locateRepository(join(wt.path, 'src'));
    expect(found).toMatchObject({ root: dir, commonDir: join(dir, '.git'), here: wt });
  });

  it('knows submodules, their worktrees, and git directories that lie elsewhere', async () => {
    const { dir: lib } = await makeSession();
    const { dir } = await makeSession();
    await git(dir, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', lib, 'lib');
    const sub = join(dir, 'lib');
    const gitDir = join(dir, '.git/modules/lib');
    expect(await locateRepository(sub)).toMatchObject({ root: sub, commonDir: gitDir, here: { path: sub, gitDir } });
    await git(sub, 'worktree', 'add', '-q', join(dir, '.worktrees/ofsub'), '-b', 'x');
    expect(await locateRepository(join(dir, '.worktrees/ofsub'))).toMatchObject({ root: sub, commonDir: gitDir });
    const top = tempDir();
    await git('/', 'init', '-q', `--separate-git-dir=${join(top, 'away')}`, join(top, 'work'));
    expect(await locateRepository(join(top, 'work'))).toMatchObject({
      root: join(top, 'work'),
      commonDir: join(top, 'away'),
      here: { path: join(top, 'work'), gitDir: join(top, 'away') },
    });
  });

  it('agrees with git on configuration that is written in unusual ways', async () => {
    const dir = await makeRepo({ objectFormat: 'sha256' });
    appendFileSync(join(dir, '.git/config'), '[alias] x = "!echo \\"a\\" ; b" # comment\n[odd "a\\"b"] c = d \\\n e\n');
    expect(await git(dir, 'rev-parse', '--show-object-format')).toBe('sha256');
    expect(await locateRepository(dir)).toMatchObject({ objectFormat: 'sha256', bare: false });
  });

  it('says what is missing', async () => {
    const dir = tempDir();
    await expect(locateRepository(dir)).rejects.toMatchObject({ code: 'repository.missing' });
    await expect(locateRepository(join(dir, 'nowhere'))).rejects.toMatchObject({ code: 'repository.missing' });
    mkdirSync(join(dir, '.git'));
    await expect(locateRepository(dir)).rejects.toMatchObject({ code: 'repository.missing' });
  });

  it('stops at a ceiling', async () => {
    const dir = await makeRepo();
    mkdirSync(join(dir, 'a/b'), { recursive: true });
    process.env['GIT_CEILING_DIRECTORIES'] = dir;
    try {
      await expect(locateRepository(join(dir, 'a/b'))).rejects.toMatchObject({ code: 'repository.missing' });
      expect((await locateRepository(dir)).root).toBe(dir);
    } finally {
      delete process.env['GIT_CEILING_DIRECTORIES'];
    }
  });

  const lies: Record<string, (dir: string, wt: string) => unknown> = {
    'a main git directory that claims to be shared': (dir) => writeFileSync(join(dir, '.git/commondir'), '/tmp\n'),
    'a linked one that names another': async (dir) =>
      writeFileSync(join(dir, '.git/worktrees/s1/commondir'), `${await makeRepo()}/.git\n`),
    'a linked one that leads elsewhere': (dir) => writeFileSync(join(dir, '.git/worktrees/s1/gitdir'), '/tmp/.git\n'),
    'a .git file that names the main git directory': (dir, wt) =>
      writeFileSync(join(wt, '.git'), `gitdir: ${dir}/.git\n`),
    'a .git file that names nothing': (_dir, wt) => writeFileSync(join(wt, '.git'), 'gitdir: /nonexistent\n'),
    'a .git file that is garbage': (_dir, wt) => writeFileSync(join(wt, '.git'), 'hello\n'),
    'an empty .git file': (_dir, wt) => writeFileSync(join(wt, '.git'), ''),
    'a .git file of another worktree': async (dir, wt) => {
      await git(dir, 'worktree', 'add', '-q', '.worktrees/s2', '-b', 's2');
      writeFileSync(join(wt, '.git'), `gitdir: ${dir}/.git/worktrees/s2\n`);
    },
  };
  it.each(Object.entries(lies))('refuses %s', async (_name, lie) => {
    const { dir, wt } = await makeSession();
    await lie(dir, wt.path);
    await expect(locateRepository(wt.path)).rejects.toMatchObject({ code: 'repository.unsafe' });
  });

  it('refuses a core.worktree that leads away', async () => {
    const { dir: lib } = await makeSession();
    const { dir } = await makeSession();
    await git(dir, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', lib, 'lib');
    await git(join(dir, 'lib'), 'config', 'core.worktree', '/etc');
    await expect(locateRepository(join(dir, 'lib'))).rejects.toMatchObject({ code: 'repository.unsafe' });
    const plain = await makeRepo();
    appendFileSync(join(plain, '.git/config'), '[core]\n\tworktree = /etc\n');
    expect(await locateRepository(plain)).toMatchObject({ root: plain, here: { path: plain } });
  });

  const formats: Record<string, string> = {
    'a future format': '[core]\n\trepositoryformatversion = 2\n',
    'an extension that is not known': '[core]\n\trepositoryformatversion = 1\n[extensions]\n\tteleport = true\n',
    'a hash that is not known': '[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha3\n',
    'a ref storage that is not known': '[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefstorage = cloud\n',
  };
  it.each(Object.entries(formats))('refuses %s', async (_name, text) => {
    const dir = await makeRepo();
    writeFileSync(join(dir, '.git/config'), text);
    await expect(locateRepository(dir)).rejects.toMatchObject({ code: 'repository.unsupported' });
  });

  it('takes a reftable where the installed git does', async () => {
    const dir = tempDir();
    const made = await sh(dir, 'git init -q --ref-format=reftable .');
    if (made.exitCode === 0) {
      expect(await locateRepository(dir)).toMatchObject({ refFormat: 'reftable' });
    } else {
      await git(dir, 'init', '-q');
      const text = '[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefstorage = reftable\n';
      writeFileSync(join(dir, '.git/config'), text);
      await expect(locateRepository(dir)).rejects.toMatchObject({ code: 'repository.unsupported' });
    }
  });

  it.skipIf(!isRoot)('refuses what belongs to another user, unless the user trusts it', async () => {
    const dir = await makeRepo();
    chownSync(join(dir, '.git'), 12345, 12345);
    await git(dir, 'config', '-f', join(dir, '.git/config'), 'safe.directory', '*');
    await expect(locateRepository(dir)).rejects.toMatchObject({
      code: 'repository.unsafe',
      hint: expect.stringContaining(dir),
    });
    const config = join(process.env['HOME']!, '.gitconfig');
    try {
      for (const [safe, isTrusted] of [
        [dir, true],
        ['*', true],
        [`${join(dir, '..')}/*`, true],
        [join(dir, 'src'), false],
        [join(dir, '..'), false],
      ] as const) {
        writeFileSync(config, `[safe]\n\tdirectory = /other\n\tdirectory = ${safe}\n`);
        const located = locateRepository(join(dir, 'src'));
        if (isTrusted) expect((await located).root).toBe(dir);
        else await expect(located).rejects.toMatchObject({ code: 'repository.unsafe' });
      }
    } finally {
      rmSync(config);
    }
  });
});

describe('sessionWorktree', () => {
  it('gives the worktree at a path', async () => {
    const { repo, wt } = await makeSession();
    expect(await sessionWorktree(repo, wt.path)).toEqual(wt);
  });

  it('says what is gone or in the way', async () => {
    const { repo, wt, dir } = await makeSession();
    const at = (path: string) => sessionWorktree(repo, path);
    await expect(at(join(dir, '.worktrees/none'))).rejects.toMatchObject({ code: 'worktree.missing' });
    await expect(at(join(dir, 'a.txt'))).rejects.toMatchObject({ code: 'worktree.blocked' });
    await expect(at(join(dir, 'src'))).rejects.toMatchObject({ code: 'worktree.blocked' });
    await expect(at(dir)).rejects.toMatchObject({ code: 'worktree.blocked' });
    const other = await makeSession();
    await expect(at(other.wt.path)).rejects.toMatchObject({ code: 'worktree.blocked' });
    const home = tempDir();
    write(home, { '.ssh/id': 'secret' });
    renameSync(wt.path, `${wt.path}.aside`);
    symlinkSync(home, wt.path);
    await expect(at(wt.path)).rejects.toMatchObject({ code: 'worktree.blocked' });
    unlinkSync(wt.path);
    renameSync(`${wt.path}.aside`, wt.path);
    unlinkSync(join(wt.path, '.git'));
    await expect(at(wt.path)).rejects.toMatchObject({ code: 'worktree.blocked' });
    symlinkSync(join(other.wt.path, '.git'), join(wt.path, '.git'));
    await expect(at(wt.path)).rejects.toMatchObject({ code: 'worktree.blocked' });
    rmSync(join(wt.path, '.git'));
    await git(wt.path, 'init', '-q', '.');
    await expect(at(wt.path)).rejects.toMatchObject({ code: 'worktree.blocked' });
    expect(realpathSync(dir)).toBe(dir);
  });
});
