import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { guardedFiles, guardedName } from '../../src/git/guarded-files.ts';
import { sh, tempDir } from '../support/repo.ts';
import { makeSession, type Session, write } from './support.ts';

describe('what is guarded', () => {
  let session: Session;
  let gitDir: string;
  beforeAll(async () => {
    session = await makeSession();
    gitDir = session.repo.commonDir;
  });
  beforeEach(() => {
    write(gitDir, { config: '[core]\n\tbare = false\n' });
    for (const folder of ['modules', 'hooks']) rmSync(join(gitDir, folder), { recursive: true, force: true });
  });
  const look = () => guardedFiles(session.repo, session.wt);
  const hashOf = (name: string) => look()[name]?.hash;

  it('ends where files include each other, and each is named once', () => {
    write(gitDir, {
      config: '[include]\n\tpath = one\n\tpath = config\n',
      one: '[include]\n\tpath = two\n\tpath = ./one\n',
      two: '[include]\n\tpath = one\n\tpath = ../.git/two\n',
    });
    const names = Object.keys(look()).filter((name) => /^\.git\/(one|two|config)$/.test(name));
    expect(names.sort()).toEqual(['.git/config', '.git/one', '.git/two']);
    expect(look()['.git/config']!.kind).toBe('config');
    expect(look()['.git/two']!.kind).toBe('include');
  });

  it('is a bounded number of files, however many are included, and all that may count in a chain', () => {
    write(gitDir, { config: '[include]\n\tpath = chain/0\n' });
    for (let at = 0; at < 300; at++) write(gitDir, { [`chain/${at}`]: `[include]\n\tpath = ${at + 1}\n` });
    const found = () => Object.keys(look()).filter((name) => name.includes('chain/'));
    expect(found()).toHaveLength(200);
    expect(found()).toContain('.git/chain/199');
    write(gitDir, { config: Array.from({ length: 300 }, (_, at) => `[include]\n\tpath = chain/${at}\n`).join('') });
    expect(found()).toHaveLength(200);
  });

  it('is every hook that git knows, though the folder has much else in it', async () => {
    await sh(gitDir, 'mkdir hooks && cd hooks && seq -f a%g 400 | xargs touch && touch pre-commit.sample');
    const decoys = Object.keys(look());
    expect(decoys.filter((name) => name.startsWith('.git/hooks/'))).toHaveLength(200);
    write(gitDir, { 'hooks/update': 'x', 'hooks/pre-push': 'x', 'hooks/commit-msg': 'x' });
    expect(Object.keys(look()).filter((name) => /update|pre-push|commit-msg/.test(name))).toHaveLength(3);
    expect(Object.keys(look()).some((name) => name.endsWith('.sample'))).toBe(false);
  });

  it('is the configuration and the hooks of submodules, also of nested ones, as deep as names go', () => {
    const module = (path: string) => write(gitDir, { [`${path}/HEAD`]: 'x', [`${path}/config`]: '[core]\n' });
    module('modules/a');
    module('modules/a/modules/b');
    module('modules/deep/er/down');
    module('modules/1/2/3/4/5/6');
    module('modules/1/2/3/4/5/x/7');
    write(gitDir, { 'modules/a/modules/b/hooks/update': 'x', 'modules/half/config': '[core]\n' });
    // What lies inside one, and is no submodule's, is not looked at.
    module('modules/a/objects/c');
    const found = Object.keys(look()).filter((name) => name.startsWith('.git/modules/'));
    expect(found.sort()).toEqual([
      '.git/modules/1/2/3/4/5/6/config',
      '.git/modules/a/config',
      '.git/modules/a/modules/b/config',
      '.git/modules/a/modules/b/hooks/update',
      '.git/modules/deep/er/down/config',
    ]);
  });

  it('follows the settings of a submodule, and no link in place of one', () => {
    const elsewhere = tempDir();
    write(elsewhere, { HEAD: 'x', config: '[core]\n', evil: 'x' });
    write(gitDir, { 'modules/a/HEAD': 'x', 'modules/a/config': `[include]\n\tpath = ${elsewhere}/evil\n` });
    symlinkSync(elsewhere, join(gitDir, 'modules/link'));
    const names = Object.keys(look());
    expect(names.find((name) => name.endsWith('/evil'))).toBeDefined();
    expect(names.filter((name) => name.includes('modules/link'))).toEqual([]);
  });

  it('ends in a heap of folders, and still finds the submodules before them', async () => {
    await sh(gitDir, 'mkdir -p modules/heap && cd modules/heap && seq -f d%g 2500 | xargs mkdir');
    write(gitDir, { 'modules/a/HEAD': 'x', 'modules/a/config': '[core]\n' });
    expect(hashOf('.git/modules/a/config')).toBeDefined();
  });

  it('tells a huge sparse file by its size and time, and keeps nothing of it', () => {
    const file = join(gitDir, 'hooks/pre-push');
    write(gitDir, { 'hooks/pre-push': 'x' });
    const hashes = new Set<string | undefined>();
    for (const size of [100 * 2 ** 30, 101 * 2 ** 30]) {
      truncateSync(file, size);
      utimesSync(file, 1, 1);
      hashes.add(hashOf('.git/hooks/pre-push'));
      utimesSync(file, 2, 2);
      hashes.add(hashOf('.git/hooks/pre-push'));
    }
    expect(hashes.size).toBe(4);
    expect(look()['.git/hooks/pre-push']!.text).toBeUndefined();
  });

  it('reads no device, pipe or folder that stands where a file should, and tells them from a file', async () => {
    write(gitDir, { config: '[include]\n\tpath = strange\n' });
    const strange = join(gitDir, 'strange');
    const hashes: (string | undefined)[] = [hashOf('.git/strange')];
    for (const make of ['ln -s /dev/zero', 'ln -s nowhere', 'ln -s strange', 'mkfifo', 'mkdir', 'touch']) {
      await sh(gitDir, `${make} ${strange}`);
      hashes.push(hashOf('.git/strange'));
      expect(look()['.git/strange']!.text, make).toBe(make === 'touch' ? '' : undefined);
      renameSync(strange, join(tempDir(), 'away'));
    }
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('keeps texts up to a length, and none that is no text', () => {
    const textOf = (content: string | Buffer) => {
      write(gitDir, { 'hooks/update': content });
      return look()['.git/hooks/update']!.text;
    };
    expect(textOf('x'.repeat(65_536))).toHaveLength(65_536);
    expect(textOf('x'.repeat(65_537))).toBeUndefined();
    expect(textOf(Buffer.from([0xff, 0xfe]))).toBeUndefined();
    expect(textOf('a\0b')).toBeUndefined();
    expect(textOf('é')).toBe('é');
  });

  it('is named from the top of the repository, from the home folder, or by its full path', () => {
    const { repo } = session;
    expect(guardedName(repo, join(gitDir, 'config'))).toBe('.git/config');
    expect(guardedName(repo, join(homedir(), 'x/y'))).toBe('~/x/y');
    expect(guardedName(repo, `${repo.root}-other`)).not.toMatch(/^-other|^\.\./);
  });

  it('has the folder of the worktree only where it is none any more', () => {
    const { wt } = session;
    const name = guardedName(session.repo, wt.path);
    expect(look()[name]).toBeUndefined();
    const away = join(tempDir(), 'away');
    renameSync(wt.path, away);
    symlinkSync(away, wt.path);
    expect(look()[name]?.kind).toBe('link');
    rmSync(wt.path);
    writeFileSync(wt.path, 'gitdir: /tmp\n');
    expect(look()[name]?.kind).toBe('link');
    rmSync(wt.path);
    mkdirSync(wt.path);
  });
});
