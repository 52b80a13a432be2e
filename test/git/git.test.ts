import { mkdirSync, readFileSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catFileStream, git as door, gitText, gitVersion, lastWords, openCatFile } from '../../src/git/git.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { git, makeRepo, tempDir } from '../support/repo.ts';
import { makeSession, program, startsOf } from './support.ts';

describe('git', () => {
  it('answers bytes, text and exit codes that were asked for', async () => {
    const { repo, wt, parent } = await makeSession();
    expect(await gitText(repo, ['rev-parse', 'HEAD'], { worktree: wt })).toBe(parent);
    expect((await door(repo, ['hash-object', '--stdin'], { stdin: 'x' })).stdout.length).toBe(41);
    const { exitCode } = await door(repo, ['merge-base', '--is-ancestor', parent, parent], { ok: [0, 1] });
    expect(exitCode).toBe(0);
    const nothing = await door(repo, ['rev-parse', '--verify', '-q', 'nope'], { ok: [1] });
    expect(nothing).toMatchObject({ exitCode: 1 });
  });

  it('fails with git’s own last words', async () => {
    const { repo } = await makeSession();
    await expect(door(repo, ['rev-parse', '--verify', 'nope'])).rejects.toMatchObject({
      code: 'git.failed',
      message: 'git rev-parse: Needed a single revision',
      details: { exitCode: 128 },
    });
    await expect(door(repo, ['-c', 'a.b=c', 'nonsense'])).rejects.toThrow(/^git nonsense: /);
    expect(lastWords('hint: x\nfatal: what happened\nhint: do that\n')).toBe('what happened');
    expect(lastWords('')).toBe('');
  });

  it('ends what takes too long or says too much', async () => {
    const { repo } = await makeSession();
    const slow = ['-c', 'alias.wait=!sleep 60', 'wait'];
    await expect(door(repo, slow, { timeoutMs: 200 })).rejects.toMatchObject({ code: 'git.timeout' });
    const blob = await gitText(repo, ['hash-object', '-w', '--stdin'], { stdin: 'x'.repeat(100_000) });
    await expect(door(repo, ['cat-file', 'blob', blob], { maxBytes: 1000 })).rejects.toMatchObject({
      code: 'git.failed',
    });
    expect((await door(repo, ['cat-file', 'blob', blob], { maxBytes: 100_000 })).stdout.length).toBe(100_000);
  });

  it('is deaf to the environment, but for what is the user’s to say', async () => {
    const { repo, wt, parent } = await makeSession();
    const other = await makeRepo();
    const noise = {
      GIT_DIR: join(other, '.git'),
      GIT_WORK_TREE: other,
      GIT_INDEX_FILE: '/nonexistent/index',
      GIT_OBJECT_DIRECTORY: '/nonexistent',
      GIT_NAMESPACE: 'x',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'core.bare',
      GIT_CONFIG_VALUE_0: 'true',
      GIT_EXTERNAL_DIFF: '/nonexistent',
      GIT_TRACE: '1',
      LC_ALL: 'de_DE.UTF-8',
      LANGUAGE: 'de',
    };
    Object.assign(process.env, noise);
    try {
      expect(await gitText(repo, ['rev-parse', 'HEAD'], { worktree: wt })).toBe(parent);
      expect(await gitText(repo, ['diff', 'HEAD', '--name-only'], { worktree: wt })).toBe('');
    } finally {
      for (const name of Object.keys(noise)) delete process.env[name];
    }
    process.env['GIT_AUTHOR_NAME'] = 'From Environment';
    const identOf = (trust?: ['identity']) => gitText(repo, ['var', 'GIT_AUTHOR_IDENT'], { trust });
    try {
      expect(await identOf()).toMatch(/^Test User /);
      expect(await identOf(['identity'])).toMatch(/^From Environment /);
    } finally {
      delete process.env['GIT_AUTHOR_NAME'];
    }
  });

  it('works in the worktree it is told, whatever its .git file says', async () => {
    const { repo, wt, dir } = await makeSession();
    writeFileSync(join(wt.path, 'new'), 'x');
    const status = () => gitText(repo, ['status', '--porcelain', '-uall'], { worktree: wt });
    expect(await status()).toBe('?? new');
    const other = await makeRepo();
    for (const text of [`gitdir: ${other}/.git\n`, 'garbage', '']) {
      writeFileSync(join(wt.path, '.git'), text);
      expect(await status()).toBe('?? new');
    }
    unlinkSync(join(wt.path, '.git'));
    expect(await status()).toBe('?? new');
    await git(dir, 'config', 'core.worktree', '/etc');
    await git(dir, 'config', 'core.bare', 'true');
    expect(await status()).toBe('?? new');
  });

  it('refuses a worktree, or a git directory, that leads elsewhere', async () => {
    const { repo, wt } = await makeSession();
    const other = await makeSession();
    const status = () => door(repo, ['status'], { worktree: wt });
    writeFileSync(join(wt.gitDir, 'commondir'), `${other.repo.commonDir}\n`);
    await expect(status()).rejects.toMatchObject({ code: 'worktree.blocked' });
    writeFileSync(join(wt.gitDir, 'commondir'), '../..\n');
    await status();
    renameSync(wt.path, `${wt.path}.aside`);
    await expect(status()).rejects.toMatchObject({ code: 'worktree.missing' });
    symlinkSync(tempDir(), wt.path);
    await expect(status()).rejects.toMatchObject({ code: 'worktree.blocked' });
    unlinkSync(wt.path);
    renameSync(`${wt.path}.aside`, wt.path);
    writeFileSync(join(repo.commonDir, 'commondir'), `${other.repo.commonDir}\n`);
    await expect(status()).rejects.toMatchObject({ code: 'repository.unsafe' });
    await expect(door(repo, ['rev-parse', 'HEAD'])).rejects.toMatchObject({ code: 'repository.unsafe' });
  });

  it('starts one process, and asks for the configuration only when it must, and once', async () => {
    const { repo, wt, dir } = await makeSession();
    const status = () => door(repo, ['status'], { worktree: wt });
    expect(await startsOf(status)).toEqual(['status']);
    await git(dir, 'config', 'filter.x.clean', 'cat');
    const twice = async () => {
      await status();
      await status();
    };
    expect(await startsOf(twice)).toEqual(['config', 'status', 'status']);
    expect(await startsOf(status)).toEqual(['status']);
    await git(dir, 'config', 'filter.y.clean', 'cat');
    expect(await startsOf(twice)).toEqual(['config', 'status', 'status']);
    writeFileSync(join(process.env['HOME']!, '.gitconfig'), '[filter "y"]\n\tclean = cat\n');
    expect(await startsOf(twice)).toEqual(['config', 'status', 'status']);
    unlinkSync(join(process.env['HOME']!, '.gitconfig'));
    await git(dir, 'config', 'include.path', '/nonexistent');
    expect(await startsOf(twice)).toEqual(['config', 'status', 'config', 'status']);
  });

  it('keeps what is written in quarantine apart', async () => {
    const { repo } = await makeSession();
    const objectDir = join(tempDir(), 'a:b "c"');
    mkdirSync(objectDir);
    const id = await gitText(repo, ['hash-object', '-w', '--stdin'], { objectDir, stdin: 'private' });
    await expect(door(repo, ['cat-file', '-e', id])).rejects.toMatchObject({ code: 'git.failed' });
    expect(await gitText(repo, ['cat-file', 'blob', id], { objectDir })).toBe('private');
    expect(await gitText(repo, ['cat-file', '-t', 'HEAD'], { objectDir })).toBe('commit');
  });

  it('says when there is no git', async () => {
    const { repo } = await makeSession();
    const path = process.env['PATH'];
    process.env['PATH'] = tempDir();
    try {
      await expect(door(repo, ['status'])).rejects.toMatchObject({ code: 'git.missing' });
    } finally {
      process.env['PATH'] = path;
    }
  });

  it('says when the configuration cannot be read', async () => {
    const { repo } = await makeSession();
    writeFileSync(join(repo.commonDir, 'config'), '[broken\n');
    await expect(door(repo, ['status'])).rejects.toMatchObject({
      code: 'git.failed',
      message: expect.stringContaining('config'),
    });
  });
});

describe('gitVersion', () => {
  it('is that of the git on PATH', async () => {
    const said = (await git('/', 'version')).replace('git version ', '');
    const version = await gitVersion();
    expect(version.text).toBe(said);
    expect(said.startsWith(`${version.major}.${version.minor}`)).toBe(true);
  });
});

describe('openCatFile', () => {
  it('answers in order, of any type, through one process', async () => {
    const { repo, parent, dir } = await makeSession();
    const tree = await git(dir, 'rev-parse', `${parent}^{tree}`);
    const big = Buffer.alloc(3_000_000, 'abc\n\0');
    writeFileSync(join(dir, 'big'), big);
    const blob = await git(dir, 'hash-object', '-w', 'big');
    const empty = await gitText(repo, ['hash-object', '-w', '--stdin'], { stdin: '' });
    const starts = await startsOf(async () => {
      const reader = openCatFile(repo);
      const ids = [parent, '1'.repeat(40), blob, tree, empty, parent];
      const answers = await Promise.all(ids.map((id) => reader.object(id)));
      expect(answers.map((answer) => answer?.type)).toEqual(['commit', undefined, 'blob', 'tree', 'blob', 'commit']);
      expect(answers[2]!.bytes.equals(big)).toBe(true);
      expect(answers[4]!.bytes.length).toBe(0);
      reader.close();
      await expect(reader.object(parent)).rejects.toMatchObject({ code: 'git.failed' });
    });
    expect(starts).toEqual(['cat-file']);
  });

  it('takes ids only', async () => {
    const { repo } = await makeSession();
    const reader = openCatFile(repo);
    for (const name of ['HEAD', 'main:a.txt', '', `${'1'.repeat(40)}\nHEAD`, '--batch-all-objects'])
      await expect(reader.object(name)).rejects.toMatchObject({ code: 'ref.missing' });
    await expect(catFileStream(repo, ['HEAD'], () => {})).rejects.toMatchObject({ code: 'ref.missing' });
    reader.close();
  });

  it('begins again when its process died, and rejects who waited', async () => {
    const { repo, parent } = await makeSession();
    const dir = tempDir();
    const real = await git('/', '--exec-path');
    const path = process.env['PATH'];
    program(
      join(dir, 'git'),
      `if [ ! -e '${dir}/died' ]; then touch '${dir}/died'; exit 1; fi; exec '${real}/git' "$@"`,
    );
    process.env['PATH'] = `${dir}:${path}`;
    try {
      const reader = openCatFile(repo);
      await expect(reader.object(parent)).rejects.toMatchObject({ code: 'git.failed' });
      expect((await reader.object(parent))?.type).toBe('commit');
      reader.close();
    } finally {
      process.env['PATH'] = path;
    }
  });

  it('does not keep the program alive', async () => {
    const { repo, parent } = await makeSession();
    const { bundle } = await import('../support/bundle.ts');
    const { exec } = await import('../support/repo.ts');
    const file = await bundle(`
      import { openCatFile } from './src/git/git.ts';
      import { locateRepository } from './src/git/locate.ts';
      const reader = openCatFile(await locateRepository(process.argv[2]));
      console.log((await reader.object(process.argv[3])).type);`);
    expect(await exec('/', process.execPath, [file, repo.root, parent])).toMatchObject({
      exitCode: 0,
      stdout: 'commit\n',
    });
  });
});

describe('catFileStream', () => {
  it('hands over every object, in order, through one process', async () => {
    const repo = await locateRepository(await makeRepo());
    const ids: string[] = [];
    for (let at = 0; at < 50; at++)
      ids.push(await gitText(repo, ['hash-object', '-w', '--stdin'], { stdin: `${at}\n`.repeat(at * 500) }));
    const seen: string[] = [];
    const starts = await startsOf(() =>
      catFileStream(repo, [...ids, ...ids], (id, bytes) => {
        expect(bytes.toString()).toBe(`${ids.indexOf(id)}\n`.repeat(ids.indexOf(id) * 500));
        seen.push(id);
      }),
    );
    expect(seen).toEqual([...ids, ...ids]);
    expect(starts).toEqual(['cat-file']);
    expect(await startsOf(() => catFileStream(repo, [], () => {}))).toEqual([]);
  });

  it('fails when an object is missing, or its reader does', async () => {
    const repo = await locateRepository(await makeRepo());
    const id = await gitText(repo, ['hash-object', '-w', '--stdin'], { stdin: readFileSync(import.meta.filename) });
    await expect(catFileStream(repo, [id, '1'.repeat(40)], () => {})).rejects.toMatchObject({ code: 'git.failed' });
    const failing = catFileStream(repo, [id, id], () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
  });
});
