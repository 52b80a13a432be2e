import { realpathSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError, isAppError } from '../errors.ts';
import { placeOf, readConfig } from './config.ts';
import { type GitResult, git, gitText, lastWords, type Trust } from './git.ts';
import { assertFullRef, assertId, branchRef, isId } from './ids.ts';
import { isOfRepository, type ScopedEntry } from './neutral.ts';
import { isInside } from './paths.ts';
import type { Repository, Worktree } from './repository.ts';

/** Where a push goes, as the user's own `git push` would. */
export interface Remote {
  name: string;
  /** What git connects to: after `pushurl`, `insteadOf` and `pushInsteadOf`. May hold a password. */
  url: string;
  /** As the configuration spells it. */
  named: string;
}

/** Names of the remotes, in the order of the configuration. */
export const remoteNames = async (repo: Repository): Promise<string[]> => {
  const entries = await readConfig(placeOf(repo));
  const isUrl = (entry: ScopedEntry) =>
    entry.section === 'remote' && (entry.name === 'url' || entry.name === 'pushurl');
  return [...new Set(entries.filter(isUrl).flatMap(({ subsection }) => subsection ?? []))];
};

/** What `branch.<branch>.pushRemote`, `remote.pushDefault` and `branch.<branch>.remote` say, in git's order. */
export const chosenRemotes = async (
  repo: Repository,
  branch: string,
): Promise<{ push: string | undefined; pull: string | undefined }> => {
  const entries = await readConfig(placeOf(repo));
  const last = (key: string): string | undefined => entries.findLast((entry) => entry.key === key)?.value || undefined;
  const pull = last(`branch.${branch}.remote`);
  return {
    push: last(`branch.${branch}.pushremote`) ?? last('remote.pushdefault'),
    pull: pull === '.' ? undefined : pull,
  };
};

/** As git tells a path from `host:path`: a slash before the first colon. Source: gitglossary(7), connect.c. */
export const localPath = (url: string): string | undefined => {
  if (url.startsWith('file://')) return fileURLToPath(url);
  const isPath = isAbsolute(url) || (!url.includes('://') && !/^[^/]*:/.test(url));
  return isPath ? url : undefined;
};

const realIfAny = (path: string): string => {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
};

/** A folder that the repository itself decides runs hooks and settings of its own when somebody pushes there. */
export const refuseOwnFolder = (repo: Repository, name: string, url: string): void => {
  const path = localPath(url);
  if (path === undefined) return;
  const target = resolve(repo.root, path);
  const roots = [repo.root, repo.commonDir, ...(repo.here ? [repo.here.path] : [])];
  if (!roots.some((root) => isInside(root, target) || isInside(root, realIfAny(target)))) return;
  throw new AppError('remote.unreachable', `The remote ${name} lies inside the repository itself: ${path}.`, {
    hint: 'Nothing is pushed there, because its hooks could have come with the files. Name another with --remote.',
  });
};

/** Relative addresses are seen from the main checkout. */
export const fromRoot = (repo: Repository): { worktree?: Worktree } =>
  repo.bare ? {} : { worktree: { path: repo.root, gitDir: repo.commonDir } };

/** @throws AppError remote.missing, remote.unreachable when it lies inside the repository */
export const findRemote = async (repo: Repository, name: string): Promise<Remote> => {
  const names = await remoteNames(repo);
  if (!names.includes(name))
    throw new AppError('remote.missing', `There is no remote ${JSON.stringify(name)} in ${repo.root}.`, {
      hint: names.length === 0 ? 'Add one with `git remote add origin <url>`.' : `There is ${names.join(', ')}.`,
    });
  const url = await gitText(repo, ['remote', 'get-url', '--push', '--', name]);
  refuseOwnFolder(repo, name, url);
  const entries = (await readConfig(placeOf(repo))).filter((e) => e.section === 'remote' && e.subsection === name);
  const named = ['pushurl', 'url'].flatMap((key) => entries.find((e) => e.name === key)?.value ?? [])[0];
  return { name, url, named: named ?? url };
};

/** An address without its password, for people and for the record. */
export const withoutPassword = (text: string): string => text.replace(/([\w+.-]+:\/\/)[^/@\s]+@/g, '$1');

const PATIENCE_MS = 120_000;

export const unreachable = (name: string, error: AppError): AppError =>
  new AppError('remote.unreachable', `The remote ${name} cannot be reached: ${withoutPassword(reasonOf(error))}`, {
    hint: `Look with \`git ls-remote ${name}\`: it asks for what is missing, such as a login. Then run the command again.`,
    cause: error,
  });

const reasonOf = (error: AppError): string => {
  const words = error.message.replace(/^git \S+: /, '');
  return /[.!?]$/.test(words) ? words : `${words}.`;
};

/**
 * What branches of a remote are now, by short name; those that are not there are left out.
 * @throws AppError remote.unreachable
 */
export const remoteBranches = async (
  repo: Repository,
  remote: string,
  branches: string[],
  options: { signal?: AbortSignal } = {},
): Promise<Map<string, string>> => {
  const refs = branches.map(branchRef);
  refs.forEach(assertFullRef);
  const args = ['ls-remote', '--quiet', '--', remote, ...refs];
  const text = await gitText(repo, args, { timeoutMs: PATIENCE_MS, ...fromRoot(repo), ...options }).catch((error) => {
    throw isAppError(error, 'git.failed') || isAppError(error, 'git.timeout') ? unreachable(remote, error) : error;
  });
  const lines = text.split('\n').map((line) => line.split('\t') as [string, string]);
  // A pattern also matches the end of longer names.
  return new Map(
    lines
      .filter(([id, ref]) => isId(id) && refs.includes(ref))
      .map(([id, ref]) => [ref.slice('refs/heads/'.length), id]),
  );
};

export interface Pushed {
  /** `refused`: by the user's own pre-push hook. */
  status: 'pushed' | 'current' | 'rejected' | 'refused';
  /** Why it was rejected: git's own word for it, and the last thing that the other side, or the hook, said. */
  reason: string;
  said: string;
}

export interface PushOptions {
  remote: string;
  commit: string;
  /** Short name, here and there. */
  branch: string;
  /** Replace what is there if it is exactly this; null: if nothing is there. Without it the branch only moves on. */
  replaces?: string | null;
  /** Let the repository's hooks take part: only for those who said that they trust them. */
  hooks?: boolean;
  signal?: AbortSignal;
}

/** What an agent could have written into the repository's configuration to turn a push into something else. */
export const pushSettings = async (repo: Repository, remote: string): Promise<[string, string][]> => {
  const entries = await readConfig(placeOf(repo));
  const own = entries.filter((entry) => entry.key === 'push.pushoption' && !isOfRepository(entry));
  return [
    [`remote.${remote}.mirror`, 'false'],
    // An empty one forgets those before it, then the user's own follow again.
    ['push.pushOption', ''],
    ...own.map(({ value }): [string, string] => ['push.pushOption', value]),
  ];
};

/** Lines of `--porcelain`: a flag, the refs, and a summary, between tabs. Source: git-push(1). */
const PORCELAIN = /^([ +\-*!=])\t([^\t]*)\t(.*)$/;

/**
 * Pushes one commit to one branch of a remote, nothing else: no upstream is set, no tag goes along, and no hook of the
 * repository runs that is not trusted.
 * @throws AppError remote.unreachable
 */
export const pushBranch = async (repo: Repository, options: PushOptions): Promise<Pushed> => {
  const { remote, commit, replaces } = options;
  assertId(commit);
  const ref = branchRef(options.branch);
  assertFullRef(ref);
  const lease = replaces === undefined ? [] : [`--force-with-lease=${ref}:${replaces ?? ''}`];
  const flags = ['--porcelain', '--no-follow-tags', ...(options.hooks ? [] : ['--no-verify']), ...lease];
  const args = ['push', ...flags, '--', remote, `${commit}:${ref}`];
  const settings = await pushSettings(repo, remote);
  const trust: Trust[] = options.hooks ? ['hooks', 'identity'] : [];
  const signal = options.signal && { signal: options.signal };
  const result = await git(repo, args, { settings, trust, ok: [0, 1], ...fromRoot(repo), ...signal }).catch((error) => {
    throw isAppError(error, 'git.failed') || isAppError(error, 'git.timeout') ? unreachable(remote, error) : error;
  });
  return pushedFrom(result, options);
};

const pushedFrom = ({ exitCode, stdout, stderr }: GitResult, { remote, hooks }: PushOptions): Pushed => {
  const lines = stdout.toString('utf8').split('\n');
  // A remote may have several addresses; one that refuses counts.
  const matches = lines.map((line) => PORCELAIN.exec(line)).filter((match) => match !== null);
  const [, flag, , summary = ''] = matches.find((match) => match[1] === '!') ?? matches[0] ?? [];
  const words = stderr.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('error: '));
  if (flag === undefined && hooks && exitCode === 1)
    return { status: 'refused', reason: 'pre-push', said: withoutPassword(words.at(-1) ?? '') };
  if (flag === undefined || (exitCode !== 0 && flag !== '!'))
    throw unreachable(remote, new AppError('git.failed', `git push: ${lastWords(stderr)}`));
  if (flag !== '!') return { status: flag === '=' ? 'current' : 'pushed', reason: '', said: '' };
  const said = words.flatMap((line) => /^remote: (.*\S)/.exec(line)?.[1] ?? []).at(-1) ?? '';
  const reason = summary.replace(/^\[[^\]]*\] ?\(?|\)$/g, '') || 'rejected';
  return { status: 'rejected', reason, said: withoutPassword(said) };
};
