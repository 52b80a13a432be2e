import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { locateRepository } from '../../src/git/locate.ts';
import type { Repository } from '../../src/git/repository.ts';
import { git, makeRepo, type RepoOptions, sh } from '../support/repo.ts';
import { write } from './support.ts';

/** Null removes; `link:x` is a symbolic link to x; `exec:x` an executable file. */
export type Files = Record<string, string | Buffer | null>;

export const put = async (dir: string, files: Files): Promise<void> => {
  for (const path of Object.keys(files)) rmSync(join(dir, path), { recursive: true, force: true });
  for (const [path, content] of Object.entries(files)) {
    if (content === null) continue;
    const text = String(content);
    if (text.startsWith('link:')) {
      write(dir, { [`${path}.x`]: '' });
      rmSync(join(dir, `${path}.x`));
      await sh(dir, `ln -s '${text.slice(5)}' '${path}'`);
    } else if (text.startsWith('exec:')) {
      write(dir, { [path]: text.slice(5) });
      chmodSync(join(dir, path), 0o755);
    } else write(dir, { [path]: content });
  }
};

/** A commit of files on top of another one, on no branch; the checkout is at it afterwards. */
export const commitOn = async (dir: string, parent: string, files: Files, message = 'change'): Promise<string> => {
  await git(dir, 'checkout', '-q', '--detach', parent);
  await put(dir, files);
  await git(dir, 'add', '-A', '-f');
  await git(dir, 'commit', '-q', '--allow-empty', '-m', message);
  return git(dir, 'rev-parse', 'HEAD');
};

export interface Lab {
  dir: string;
  repo: Repository;
  base: string;
  on(parent: string, files: Files, message?: string): Promise<string>;
  /** What `git` prints, without the newline at its end. */
  git(...args: string[]): Promise<string>;
}

/** A repository whose first commit has just these files, and a quick way to more commits. */
export const makeLab = async (files: Files, options: RepoOptions = {}): Promise<Lab> => {
  const dir = await makeRepo({ ...options, empty: true });
  await put(dir, files);
  await git(dir, 'add', '-A', '-f');
  await git(dir, 'commit', '-q', '--allow-empty', '-m', 'base');
  const base = await git(dir, 'rev-parse', 'HEAD');
  return {
    dir,
    repo: await locateRepository(dir),
    base,
    on: (parent, changed, message) => commitOn(dir, parent, changed, message),
    git: (...args) => git(dir, ...args),
  };
};

/** Everything in a folder but `.git` and `.worktrees`: what is in files, where links lead, what is executable. */
export const contents = (dir: string, below = ''): Record<string, string> => {
  const found: Record<string, string> = {};
  if (!existsSync(join(dir, below))) return found;
  for (const name of readdirSync(join(dir, below))) {
    if (below === '' && ['.git', '.worktrees'].includes(name)) continue;
    const path = below === '' ? name : `${below}/${name}`;
    const stat = lstatSync(join(dir, path));
    if (stat.isDirectory()) Object.assign(found, contents(dir, path));
    else if (stat.isSymbolicLink()) found[path] = `link:${readlinkSync(join(dir, path))}`;
    else found[path] = `${stat.mode & 0o100 ? 'exec:' : ''}${readFileSync(join(dir, path), 'latin1')}`;
  }
  return found;
};

/** Names that break careless programs. NFC and NFD, and case twins, are different files to git. */
export const ODD_NAMES = [
  'with space',
  'new\nline',
  'quote"and\'quote',
  'tab\there',
  '-dash',
  '--',
  ':(top)x',
  '*star?[a]',
  'back\\slash',
  'caf\u00e9',
  'cafe\u0301',
  'CASE',
  'case',
  '\u{1f600}',
  ' lead',
  'trail ',
  'deep/er/with space/x',
];
