import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitWorktree, dirtyPaths } from '../../src/git/commits.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { headOf, readRef } from '../../src/git/refs.ts';
import {
  addWorktree,
  copyIncluded,
  createRootCommit,
  hideWorktrees,
  removeWorktree,
  repairWorktree,
} from '../../src/git/worktrees.ts';
import { git, makeRepo, sh, tempDir } from '../support/repo.ts';
import { BRANCH, makeSession, startsOf, write } from './support.ts';

const open = async (options?: Parameters<typeof makeRepo>[0]) => {
  const dir = await makeRepo(options);
  return { dir, repo: await locateRepository(dir), commit: await git(dir, 'rev-parse', 'HEAD') };
};

describe('addWorktree', () => {
  it('makes what git itself would make, and leaves the user’s checkout as it was', async () => {
    const { dir, repo, commit } = await open();
    write(dir, { 'a.txt': 'the user is working\n', untracked: 'x' });
    await git(dir, 'add', 'a.txt');
    const before = await sh(
      dir,
      'cat .git/HEAD .git/config; sha256sum .git/index a.txt untracked; git status --porcelain -- a.txt untracked',
    );
    const path = join(dir, '.worktrees/s1');
    const wt = await addWorktree(repo, { path, branch: BRANCH, commit });
    expect(wt).toEqual({ path, gitDir: join(dir, '.git/worktrees/s1') });
    expect(await git(path, 'status', '--porcelain=v2', '--branch')).toBe(
      `# branch.oid ${commit}\n# branch.head ${BRANCH}`,
    );
    expect(readFileSync(join(path, 'a.txt'), 'utf8')).toBe('one\ntwo\nthree\n');
    await git(dir, 'worktree', 'add', '-q', '--no-track', join(dir, '.worktrees/theirs'), '-b', 'theirs');
    const files = (name: string) =>
      sh(join(dir, '.git/worktrees', name), 'cat commondir gitdir HEAD; ls -A | grep -v -e ORIG_HEAD -e logs');
    const ours = (await files('s1')).stdout.replaceAll('s1', 'X').replace(BRANCH, 'B');
    expect(ours).toBe(
      (await files('theirs')).stdout
        .replaceAll(/\.worktrees\/theirs/g, '.worktrees/X')
        .replace('heads/theirs', 'heads/B'),
    );
    expect(await git(dir, 'worktree', 'list', '--porcelain')).toContain(
      `worktree ${path}\nHEAD ${commit}\nbranch refs/heads/${BRANCH}`,
    );
    await git(dir, 'worktree', 'prune');
    expect(existsSync(wt.gitDir)).toBe(true);
    expect(
      await sh(
        dir,
        'cat .git/HEAD .git/config; sha256sum .git/index a.txt untracked; git status --porcelain -- a.txt untracked',
      ),
    ).toEqual(before);
    expect((await sh(path, 'git commit --allow-empty -qm x && git log -g --oneline | wc -l')).exitCode).toBe(0);
  });

  it('takes two processes, none when it is finished already, and then changes nothing', async () => {
    const { dir, repo, commit } = await open();
    const path = join(dir, '.worktrees/s1');
    const add = () => addWorktree(repo, { path, branch: BRANCH, commit });
    expect(await startsOf(add)).toEqual(['update-ref', 'read-tree']);
    write(path, { 'a.txt': 'precious\n', new: 'precious\n' });
    unlinkSync(join(path, 'b.txt'));
    expect(await startsOf(add)).toEqual([]);
    expect((await dirtyPaths(repo, await add())).map(({ path: name }) => name)).toEqual(['a.txt', 'b.txt', 'new']);
  });

  it('takes a branch that is there as it is', async () => {
    const { dir, repo, commit } = await open();
    await git(dir, 'commit', '-q', '--allow-empty', '-m', 'more');
    const later = await git(dir, 'rev-parse', 'HEAD');
    await git(dir, 'branch', 'amp/x', later);
    const wt = await addWorktree(repo, { path: join(dir, '.worktrees/s1'), branch: 'amp/x', commit });
    expect(await headOf(repo, wt)).toEqual({ commit: later, branch: 'amp/x' });
    const again = addWorktree(repo, { path: join(dir, '.worktrees/s2'), branch: 'amp/x', commit });
    await expect(again).rejects.toMatchObject({ code: 'branch.blocked', message: expect.stringContaining(wt.path) });
    const main = addWorktree(repo, { path: join(dir, '.worktrees/s3'), branch: 'main', commit });
    await expect(main).rejects.toMatchObject({ code: 'branch.blocked' });
  });

  it('keeps apart worktrees of the same name', async () => {
    const { dir, repo, commit } = await open();
    const paths = ['a', 'b', 'c'].map((parent) => join(dir, '.worktrees', parent, 'same name!'));
    const made = [];
    for (const [at, path] of paths.entries()) made.push(await addWorktree(repo, { path, branch: `amp/${at}`, commit }));
    expect(new Set(made.map(({ gitDir }) => gitDir)).size).toBe(3);
    for (const [at, wt] of made.entries()) {
      expect(await headOf(repo, wt)).toEqual({ commit, branch: `amp/${at}` });
      expect(await git(wt.path, 'status', '--porcelain')).toBe('');
    }
  });

  it.each([{ objectFormat: 'sha256' as const }, { bare: true }])('works in a repository with %j', async (options) => {
    const { dir, repo, commit } = await open(options);
    const wt = await addWorktree(repo, { path: join(dir, '.worktrees/s1'), branch: BRANCH, commit });
    expect(await git(wt.path, 'status', '--porcelain')).toBe('');
    expect(await git(wt.path, 'rev-parse', '--is-inside-work-tree')).toBe('true');
  });

  it('gives a sparse user a sparse worktree', async () => {
    const { dir, commit } = await open();
    await git(dir, 'sparse-checkout', 'set', '--no-cone', '/src/');
    const repo = await locateRepository(dir);
    const wt = await addWorktree(repo, { path: join(dir, '.worktrees/s1'), branch: BRANCH, commit });
    expect(existsSync(join(wt.path, 'src/c.txt'))).toBe(true);
    expect(existsSync(join(wt.path, 'a.txt'))).toBe(false);
    expect(await git(wt.path, 'status', '--porcelain')).toBe('');
    expect(await dirtyPaths(repo, wt)).toEqual([]);
  });

  it('finishes what was begun, in whatever state it is', async () => {
    const { dir, repo, commit } = await open();
    const path = join(dir, '.worktrees/s1');
    const options = { path, branch: BRANCH, commit };
    const begun: (() => unknown)[] = [
      () => mkdirSync(path, { recursive: true }),
      () => write(path, { '.git': '' }),
      () => write(path, { '.git': `gitdir: ${dir}/.git/worktrees/s1\n` }),
      async () => unlinkSync(join((await addWorktree(repo, options)).gitDir, 'index')),
      async () => {
        const wt = await addWorktree(repo, options);
        unlinkSync(join(wt.gitDir, 'index'));
        unlinkSync(join(path, 'a.txt'));
        writeFileSync(join(path, 'b.txt'), 'half writ');
        writeFileSync(join(wt.gitDir, 'index.lock'), 'half');
      },
      async () => rmSync((await addWorktree(repo, options)).path, { recursive: true }),
      () => mkdirSync(join(dir, '.git/worktrees/s1'), { recursive: true }),
      () => sh(dir, `git worktree add -q --no-checkout ${path} ${BRANCH}`),
    ];
    for (const begin of begun) {
      await begin();
      const wt = await addWorktree(repo, options);
      expect(await git(path, 'status', '--porcelain=v2', '--branch')).toBe(
        `# branch.oid ${commit}\n# branch.head ${BRANCH}`,
      );
      await removeWorktree(repo, wt.path);
      await sh(dir, 'git worktree prune; rm -rf .git/worktrees');
    }
  });

  it('refuses to write over what is there, or through a link', async () => {
    const { dir, repo, commit } = await open();
    const add = (path: string) => addWorktree(repo, { path, branch: BRANCH, commit });
    write(dir, { 'full/file': 'x', file: 'x' });
    await expect(add(join(dir, 'full'))).rejects.toMatchObject({ code: 'worktree.blocked' });
    await expect(add(join(dir, 'file'))).rejects.toMatchObject({ code: 'worktree.blocked' });
    mkdirSync(join(dir, 'repo/.git'), { recursive: true });
    await expect(add(join(dir, 'repo'))).rejects.toMatchObject({ code: 'worktree.blocked' });
    const away = tempDir();
    symlinkSync(away, join(dir, '.worktrees'));
    await expect(add(join(dir, '.worktrees/s1'))).rejects.toMatchObject({ code: 'worktree.blocked' });
    expect((await sh(away, 'ls -A')).stdout).toBe('');
    await expect(addWorktree(repo, { path: join(dir, 'x'), branch: BRANCH, commit: 'HEAD' })).rejects.toMatchObject({
      code: 'ref.missing',
    });
    expect((await sh(dir, 'git worktree list | wc -l')).stdout.trim()).toBe('1');
  });

  it('lies elsewhere when asked to, also behind a link of the user’s', async () => {
    const { repo, commit } = await open();
    const away = tempDir();
    symlinkSync(away, join(tempDir(), 'x'));
    const link = join(tempDir(), 'link');
    symlinkSync(away, link);
    const wt = await addWorktree(repo, { path: join(link, 'deep/s1'), branch: BRANCH, commit });
    expect(wt.path).toBe(join(away, 'deep/s1'));
    expect(await addWorktree(repo, { path: wt.path, branch: BRANCH, commit })).toEqual(wt);
  });

  it('says which branch is in the way', async () => {
    const { dir, repo, commit } = await open();
    await git(dir, 'branch', 'amp');
    const add = addWorktree(repo, { path: join(dir, '.worktrees/s1'), branch: 'amp/x', commit });
    await expect(add).rejects.toMatchObject({ code: 'branch.blocked' });
    expect(existsSync(join(dir, '.worktrees'))).toBe(false);
  });
});

describe('removeWorktree', () => {
  it('takes files and administration away, and is content when they are gone', async () => {
    const { dir, repo, wt, parent } = await makeSession();
    mkdirSync(join(wt.path, 'closed'));
    await sh(wt.path, 'touch closed/x && chmod 555 closed && mkdir nodir && chmod 000 nodir && ln -s / root');
    expect(await startsOf(() => removeWorktree(repo, wt.path))).toEqual([]);
    expect(existsSync(wt.path)).toBe(false);
    expect(existsSync(wt.gitDir)).toBe(false);
    expect(existsSync('/etc')).toBe(true);
    await removeWorktree(repo, wt.path);
    expect(await readRef(repo, `refs/heads/${BRANCH}`)).toBe(parent);
    expect((await sh(dir, 'ls -A .git/amp/tmp .worktrees')).stdout).toBe('.git/amp/tmp:\n\n.worktrees:\n');
    expect(await git(dir, 'worktree', 'list', '--porcelain')).not.toContain('.worktrees');
    expect((await addWorktree(repo, { path: wt.path, branch: BRANCH, commit: parent })).path).toBe(wt.path);
  });

  it('takes one with submodules', async () => {
    const lib = await makeRepo();
    const { repo, wt } = await makeSession();
    await git(wt.path, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', lib, 'lib');
    await removeWorktree(repo, wt.path);
    expect(existsSync(wt.path)).toBe(false);
  });

  it('finishes what a killed one left, in whatever state', async () => {
    for (const leave of [
      'rm -rf .worktrees/s1',
      'rm -rf .git/worktrees/s1',
      'rm .worktrees/s1/.git',
      'rm -rf .worktrees/s1/src .worktrees/s1/a.txt',
    ]) {
      const { dir, repo, wt } = await makeSession();
      await sh(dir, leave);
      await removeWorktree(repo, wt.path);
      expect(existsSync(wt.path)).toBe(false);
      expect(existsSync(wt.gitDir)).toBe(false);
    }
  });

  it('refuses what is not ours to remove', async () => {
    const { dir, repo, wt } = await makeSession();
    await expect(removeWorktree(repo, join(dir, 'src'))).rejects.toMatchObject({ code: 'worktree.blocked' });
    await expect(removeWorktree(repo, dir)).rejects.toMatchObject({ code: 'worktree.blocked' });
    const other = await makeSession();
    await expect(removeWorktree(repo, other.wt.path)).rejects.toMatchObject({ code: 'worktree.blocked' });
    await git(dir, 'worktree', 'lock', wt.path);
    await expect(removeWorktree(repo, wt.path)).rejects.toMatchObject({
      code: 'worktree.blocked',
      hint: expect.stringContaining('unlock'),
    });
    await git(dir, 'worktree', 'unlock', wt.path);
    const home = tempDir();
    write(home, { precious: 'x' });
    await sh(dir, `mv '${wt.path}' '${wt.path}.aside' && ln -s '${home}' '${wt.path}'`);
    await expect(removeWorktree(repo, wt.path)).rejects.toMatchObject({ code: 'worktree.blocked' });
    expect(existsSync(join(home, 'precious'))).toBe(true);
    expect(existsSync(join(other.wt.path, 'a.txt'))).toBe(true);
  });
});

describe('repairWorktree', () => {
  it('writes the link anew that an agent took away or changed', async () => {
    const { repo, wt, parent } = await makeSession();
    const other = await makeSession();
    for (const text of [undefined, '', `gitdir: ${other.repo.commonDir}\n`, `gitdir: ${other.wt.gitDir}\n`]) {
      unlinkSync(join(wt.path, '.git'));
      if (text !== undefined) writeFileSync(join(wt.path, '.git'), text);
      expect(await repairWorktree(repo, wt.path)).toEqual(wt);
      expect(await git(wt.path, 'rev-parse', 'HEAD')).toBe(parent);
    }
    unlinkSync(join(wt.path, '.git'));
    symlinkSync('/etc/passwd', join(wt.path, '.git'));
    expect(await repairWorktree(repo, wt.path)).toEqual(wt);
    expect(statSync('/etc/passwd').isFile()).toBe(true);
    unlinkSync(join(wt.path, '.git'));
    await git(wt.path, 'init', '-q', '.');
    await expect(repairWorktree(repo, wt.path)).rejects.toMatchObject({ code: 'worktree.blocked' });
    await expect(repairWorktree(repo, `${wt.path}x`)).rejects.toMatchObject({ code: 'worktree.missing' });
  });
});

describe('hideWorktrees', () => {
  it('adds one line, once, whatever the file was like', async () => {
    const { dir, repo } = await open();
    const file = join(dir, '.git/info/exclude');
    write(dir, { '.worktrees/x/y': '' });
    for (const before of [undefined, '', '# mine\n*.o', '# mine\n*.o\n']) {
      rmSync(join(dir, '.git/info'), { recursive: true });
      if (before !== undefined) write(dir, { '.git/info/exclude': before });
      await Promise.all(Array.from({ length: 5 }, () => hideWorktrees(repo, '/.worktrees/')));
      await hideWorktrees(repo, '/.worktrees/');
      expect(readFileSync(file, 'utf8')).toBe(`${before ?? ''}${before?.endsWith('o') ? '\n' : ''}/.worktrees/\n`);
      expect(await git(dir, 'status', '--porcelain')).toBe('');
    }
    const target = join(tempDir(), 'profile');
    writeFileSync(target, 'x');
    rmSync(file);
    symlinkSync(target, file);
    await expect(hideWorktrees(repo, '/.worktrees/')).rejects.toMatchObject({ code: 'worktree.blocked' });
    expect(readFileSync(target, 'utf8')).toBe('x');
  });
});

describe('createRootCommit', () => {
  it.each(['sha1', 'sha256'] as const)(
    'gives everybody the same root of an empty repository (%s)',
    async (objectFormat) => {
      const made = [];
      for (let at = 0; at < 2; at++) {
        const dir = await makeRepo({ empty: true, objectFormat });
        const repo = await locateRepository(dir);
        const commit = await createRootCommit(repo, { name: 'A', email: 'a@b' });
        expect(await git(dir, 'ls-tree', '-r', commit)).toBe('');
        expect(await git(dir, 'log', '-1', '--format=%an %P', commit)).toBe('A ');
        expect((await sh(dir, 'git fsck --strict')).exitCode).toBe(0);
        const wt = await addWorktree(repo, { path: join(dir, '.worktrees/s1'), branch: BRANCH, commit });
        write(wt.path, { first: 'x' });
        expect(
          await commitWorktree(repo, wt, { branch: BRANCH, parent: commit, message: 'm', leaveOut: [] }),
        ).not.toBeNull();
        expect((await sh(dir, 'git log')).exitCode).not.toBe(0);
        made.push(commit);
      }
      expect(made[0]).toBe(made[1]);
      const repo = await locateRepository(await makeRepo({ empty: true, objectFormat }));
      expect(await git(repo.root, 'log', '-1', '--format=%an', await createRootCommit(repo, null))).toBe(
        'amp-sessions',
      );
    },
  );
});

describe('copyIncluded', () => {
  const NEW = {
    '.gitignore': '.env*\nnode_modules/\nsecret/\nlink*\n:magic\n',
    '.worktreeinclude': '.env*\n!.env.skip\nsecret/\nlink*\ntracked.env\nvisible\n:magic\n',
  };

  /** The worktree ignores what the checkout ignores. */
  const ready = async () => {
    const session = await makeSession();
    write(session.wt.path, { '.gitignore': NEW['.gitignore'] });
    return session;
  };

  it('copies what is ignored, untracked and wanted, and nothing else', async () => {
    const { dir, repo, wt } = await ready();
    const odd = Buffer.concat([Buffer.from(`${dir}/.env`), Buffer.from('\xff\n', 'latin1')]);
    write(dir, {
      ...NEW,
      '.env': 'A=1',
      '.env.skip': 'x',
      'deep/.env.local': 'B=2',
      'node_modules/m/index.js': 'x',
      'secret/a/b': 's',
      visible: 'not ignored',
      ':magic': 'm',
    });
    writeFileSync(odd, 'odd');
    await sh(dir, 'chmod 600 .env');
    const copied = await copyIncluded(repo, repo.here!, wt);
    expect(copied.sort()).toEqual(['.env', '.env\udcff\n', ':magic', 'deep/.env.local', 'secret/a/b']);
    expect(readFileSync(join(wt.path, 'deep/.env.local'), 'utf8')).toBe('B=2');
    expect(statSync(join(wt.path, '.env')).mode & 0o777).toBe(0o600);
    expect(existsSync(join(wt.path, 'visible'))).toBe(false);
    expect(existsSync(join(wt.path, 'node_modules'))).toBe(false);
    expect(await copyIncluded(repo, repo.here!, wt)).toEqual([]);
  });

  it('leaves behind what the new worktree does not ignore, as it would be committed there', async () => {
    const { dir, repo, wt } = await makeSession();
    write(dir, { ...NEW, '.env': 'SECRET=1', 'secret/key': 's' });
    write(wt.path, { '.gitignore': 'secret/\n' });
    expect(await copyIncluded(repo, repo.here!, wt)).toEqual(['secret/key']);
  });

  it('takes three processes, and none without the file', async () => {
    const { dir, repo, wt } = await ready();
    expect(await startsOf(() => copyIncluded(repo, repo.here!, wt))).toEqual([]);
    write(dir, { ...NEW, '.env': 'A=1' });
    expect(await startsOf(() => copyIncluded(repo, repo.here!, wt))).toEqual([
      'ls-files',
      'check-ignore',
      'check-ignore',
    ]);
  });

  it('never writes over anything, and follows no link, in or out', async () => {
    const { dir, repo, wt } = await ready();
    const outside = tempDir();
    write(outside, { passwords: 'p' });
    write(dir, { ...NEW, '.env': 'theirs', 'secret/x': 'x', 'secret/inner/y': 'y' });
    symlinkSync(join(outside, 'passwords'), join(dir, 'link-out'));
    symlinkSync('../../../../../../../etc/passwd', join(dir, 'link-up'));
    symlinkSync('.env', join(dir, 'link-in'));
    symlinkSync('nowhere', join(dir, 'link-dangling'));
    write(wt.path, { '.env': 'mine' });
    mkdirSync(join(wt.path, 'secret'));
    symlinkSync(outside, join(wt.path, 'secret/inner'));
    expect((await copyIncluded(repo, repo.here!, wt)).sort()).toEqual(['link-in', 'secret/x']);
    expect(readFileSync(join(wt.path, '.env'), 'utf8')).toBe('mine');
    expect(readlinkSync(join(wt.path, 'link-in'))).toBe('.env');
    expect((await sh(outside, 'ls')).stdout).toBe('passwords\n');
  });

  it('does not look into the worktrees of other sessions', async () => {
    const { dir, repo, wt } = await ready();
    await hideWorktrees(repo, '/.worktrees/');
    write(dir, NEW);
    appendFileSync(join(dir, '.worktreeinclude'), '.worktrees/\n');
    const other = await addWorktree(repo, {
      path: join(dir, '.worktrees/s2'),
      branch: 'amp/o',
      commit: await git(dir, 'rev-parse', 'HEAD'),
    });
    write(other.path, { '.env': 'of the other' });
    expect(await copyIncluded(repo, repo.here!, wt)).toEqual([]);
    expect(lstatSync(wt.path).isDirectory()).toBe(true);
  });
});
