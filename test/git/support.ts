import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { locateRepository } from '../../src/git/locate.ts';
import type { Repository, Worktree } from '../../src/git/repository.ts';
import { addWorktree } from '../../src/git/worktrees.ts';
import { git, makeRepo, type RepoOptions, tempDir } from '../support/repo.ts';

export const BRANCH = 'amp/task/1';

export interface Session {
  dir: string;
  repo: Repository;
  wt: Worktree;
  /** The commit the worktree began with. */
  parent: string;
}

/** A repository with a session's worktree in the usual place. */
export const makeSession = async (options: RepoOptions = {}): Promise<Session> => {
  const dir = await makeRepo(options);
  return { dir, ...(await addSession(dir)) };
};

export const addSession = async (dir: string, name = 's1', branch = BRANCH): Promise<Omit<Session, 'dir'>> => {
  const repo = await locateRepository(dir);
  const parent = await git(dir, 'rev-parse', 'HEAD');
  const wt = await addWorktree(repo, { path: join(repo.root, '.worktrees', name), branch, commit: parent });
  return { repo, wt, parent };
};

/** Writes a program; says where it is. */
export const program = (path: string, text: string): string => {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
};

/** Counts how often git is started from here on, by a stand-in at the front of PATH. */
export const countStarts = async (): Promise<{ starts(): string[]; stop(): void }> => {
  const dir = tempDir('amp-count-');
  const real =
    (await git(dir, '--exec-path')) &&
    (process.env['PATH'] ?? '').split(delimiter).find((at) => existsSync(join(at, 'git')));
  const log = join(dir, 'log');
  program(join(dir, 'git'), `printf '%s\\n' "$1" >> '${log}'\nexec '${real}/git' "$@"`);
  const path = process.env['PATH'];
  process.env['PATH'] = `${dir}${delimiter}${path}`;
  return {
    starts: () => (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : []),
    stop: () => {
      process.env['PATH'] = path;
    },
  };
};

/** The git starts that one piece of work makes. */
export const startsOf = async (work: () => Promise<unknown>): Promise<string[]> => {
  const counter = await countStarts();
  try {
    await work();
    return counter.starts();
  } finally {
    counter.stop();
  }
};

export const write = (root: string, files: Record<string, string | Buffer>): void => {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  }
};

/** What a commit holds: `mode id path`, one a line, quoted as git quotes. */
export const lsTree = (dir: string, commit: string): Promise<string> => git(dir, 'ls-tree', '-r', commit);
