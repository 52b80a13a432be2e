import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readlinkSync, readSync, type Stats, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { type ConfigTarget, configTargets } from './config-targets.ts';
import { lstatIfAny } from './files.ts';
import { isInside } from './paths.ts';
import type { Repository, Worktree } from './repository.ts';

/** What a guarded file decides: what a git runs, what it believes, or (`exclude`) only what it shows. */
export type GuardedKind = 'config' | 'include' | 'hook' | 'attributes' | 'exclude' | 'objects' | 'link';

export interface GuardedFile {
  kind: GuardedKind;
  /** Over content, kind and mode. */
  hash: string;
  /** Short texts only. */
  text?: string;
}

/** By a name for people: from the top of the repository, `~/…`, or absolute. */
export type GuardedFiles = Record<string, GuardedFile>;

/** Bytes of one file that are hashed; behind them its size and time count. */
const MOST_BYTES = 1024 * 1024;
/** Letters of one file that are kept. */
const MOST_TEXT = 64 * 1024;
/** Files of one folder, and files that configuration leads to: no setting makes us read a disk. */
const MOST_FILES = 200;

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
};

/** The name by which a path is listed. */
export const guardedName = (repo: Repository, path: string): string => {
  const named = isInside(repo.root, path)
    ? relative(repo.root, path)
    : isInside(homedir(), path)
      ? join('~', relative(homedir(), path))
      : path;
  return named.split(sep).join('/');
};

const linkTarget = (path: string): string => {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
};

const firstBytes = (path: string): Buffer => {
  const bytes = Buffer.alloc(MOST_BYTES);
  const fd = openSync(path, 'r');
  try {
    let length = 0;
    for (let got = -1; got !== 0 && length < bytes.length; length += got)
      got = readSync(fd, bytes, length, bytes.length - length, length);
    return bytes.subarray(0, length);
  } finally {
    closeSync(fd);
  }
};

/** Behind a link too; a pipe or a device is never opened. */
const readIfFile = (path: string): { stat: Stats; bytes: Buffer } | undefined => {
  try {
    const stat = statSync(path);
    return stat.isFile() ? { stat, bytes: firstBytes(path) } : undefined;
  } catch {
    return undefined;
  }
};

const textOf = (bytes: Buffer): string | undefined => {
  const text = bytes.length > MOST_TEXT || bytes.includes(0) ? undefined : bytes.toString('utf8');
  return text?.includes('\ufffd') ? undefined : text;
};

/** What stands at a path; undefined when nothing does. */
const lookAt = (path: string, kind: GuardedKind): GuardedFile | undefined => {
  const entry = lstatIfAny(path);
  if (!entry) return undefined;
  const link = entry.isSymbolicLink() ? linkTarget(path) : '';
  const digest = createHash('sha256').update(`${entry.mode}\0${link}\0`);
  const file = readIfFile(path);
  if (!file) return { kind, hash: digest.update('no file').digest('hex') };
  digest.update(file.bytes);
  if (file.stat.size > file.bytes.length) digest.update(`\0${file.stat.size}\0${file.stat.mtimeMs}`);
  const text = textOf(file.bytes);
  return { kind, hash: digest.digest('hex'), ...(text !== undefined && { text }) };
};

/** Source: githooks(5). */
const HOOKS = new Set(
  `applypatch-msg pre-applypatch post-applypatch pre-commit pre-merge-commit prepare-commit-msg commit-msg post-commit
  pre-rebase post-checkout post-merge pre-push pre-receive update proc-receive post-receive post-update
  reference-transaction push-to-checkout pre-auto-gc post-rewrite sendemail-validate fsmonitor-watchman
  p4-changelist p4-prepare-changelist p4-post-changelist p4-pre-submit post-index-change`.split(/\s+/),
);

class Collector {
  readonly files: GuardedFiles = {};
  readonly #repo: Repository;
  readonly #followed = new Set<string>();

  constructor(repo: Repository) {
    this.#repo = repo;
  }

  add(path: string, kind: GuardedKind): GuardedFile | undefined {
    const file = lookAt(path, kind);
    if (file) this.files[guardedName(this.#repo, path)] ??= file;
    return file;
  }

  /** A configuration file, and what it leads to, and so on. */
  config(path: string, kind: 'config' | 'include' = 'config', root = this.#repo.root): void {
    const file = this.add(path, kind);
    for (const target of file?.text === undefined ? [] : configTargets(file.text, { file: path, root }))
      this.#follow(target, root);
  }

  folder(path: string): void {
    const names = namesIn(path).filter((name) => !name.endsWith('.sample'));
    // A folder of the user's with much else in it hides no hook.
    const hooks = names.filter((name) => HOOKS.has(name));
    const others = names.filter((name) => !HOOKS.has(name));
    for (const name of [...hooks, ...others].slice(0, MOST_FILES)) this.add(join(path, name), 'hook');
  }

  #follow({ what, path }: ConfigTarget, root: string): void {
    if (this.#followed.has(path) || this.#followed.size >= MOST_FILES) return;
    this.#followed.add(path);
    if (what === 'include') this.config(path, 'include', root);
    else if (what === 'hooks') this.folder(path);
    else this.add(path, what === 'attributes' ? 'attributes' : 'exclude');
  }
}

/** Folders of submodules are this deep at most: `modules/a/b` and what is nested in them. */
const DEPTH = 6;

/** Folders that are looked into for submodules; behind them nobody looks. */
const MOST_FOLDERS = 2000;

const foldersIn = (folder: string): string[] =>
  namesIn(folder)
    .slice(0, MOST_FOLDERS)
    .map((name) => join(folder, name))
    .filter((path) => lstatIfAny(path)?.isDirectory());

/** The git directories of submodules, which lie in the repository's own; the outer ones first. */
const moduleFolders = (top: string): string[] => {
  const found: string[] = [];
  const queue = [{ folder: top, depth: 0 }];
  for (let at = 0; at < queue.length && at < MOST_FOLDERS; at++) {
    const { folder, depth } = queue[at]!;
    const names = namesIn(folder);
    const isRepository = names.includes('HEAD') && names.includes('config');
    if (isRepository) found.push(folder);
    if (depth === DEPTH || queue.length > MOST_FOLDERS) continue;
    const inner = isRepository ? [join(folder, 'modules')] : foldersIn(folder);
    queue.push(...inner.map((path) => ({ folder: path, depth: depth + 1 })));
  }
  return found.slice(0, MOST_FILES);
};

/** Files that change where a git finds objects, and what it takes for their history. */
const OBJECTS = ['info/grafts', 'shallow', 'objects/info/alternates', 'objects/info/http-alternates'];

const guardLinks = (collector: Collector, repo: Repository, wt: Worktree): void => {
  collector.add(join(wt.path, '.git'), 'link');
  if (wt.gitDir === repo.commonDir) return;
  for (const name of ['commondir', 'gitdir']) collector.add(join(wt.gitDir, name), 'link');
  // A folder is as good as any other; what is not one leads git elsewhere.
  if (!lstatIfAny(wt.path)?.isDirectory()) collector.add(wt.path, 'link');
};

/**
 * Every file by which an agent could have the user's own git run something, believe something, or work elsewhere.
 * Reads bounded pieces of files; starts nothing, and opens nothing but files.
 * @param wt the agent's worktree
 */
export const guardedFiles = (repo: Repository, wt?: Worktree): GuardedFiles => {
  const { commonDir } = repo;
  const collector = new Collector(repo);
  collector.config(join(commonDir, 'config'));
  collector.config(join(commonDir, 'config.worktree'));
  for (const name of namesIn(join(commonDir, 'worktrees')))
    collector.config(join(commonDir, 'worktrees', name, 'config.worktree'));
  for (const folder of moduleFolders(join(commonDir, 'modules'))) {
    collector.config(join(folder, 'config'));
    collector.folder(join(folder, 'hooks'));
  }
  collector.folder(join(commonDir, 'hooks'));
  collector.add(join(commonDir, 'info/attributes'), 'attributes');
  collector.add(join(commonDir, 'info/exclude'), 'exclude');
  collector.add(join(commonDir, 'commondir'), 'link');
  for (const name of OBJECTS) collector.add(join(commonDir, name), 'objects');
  if (wt) guardLinks(collector, repo, wt);
  return collector.files;
};
