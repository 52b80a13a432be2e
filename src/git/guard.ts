import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, lstatIfAny, readBytesIfAny } from './files.ts';
import { listRefs } from './refs.ts';
import type { Repository } from './repository.ts';

export { type HookRun, runHook } from './hooks.ts';

/** What an agent could change in the shared git directory to have the user's own git do something; JSON. */
export interface Fingerprint {
  /** Configuration files, by their path below the shared git directory: the hash of content and mode. */
  config: Record<string, string>;
  /** Hooks by name: the hash of content and mode. */
  hooks: Record<string, string>;
  attributes: string | null;
  /** All refs but our own. */
  refs: Record<string, string>;
}

export interface RepositoryChange {
  config: boolean;
  /** Names of hooks that came, went or changed. */
  hooks: string[];
  attributes: boolean;
  refs: { ref: string; from: string | null; to: string | null }[];
}

const hash = (...parts: (string | Buffer)[]): string => {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part).update('\0');
  return digest.digest('hex');
};

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return [];
    throw error;
  }
};

/** Content where there is some; a name that cannot be read counts by what it is. */
const hashFile = (path: string): string | undefined => {
  const stat = lstatIfAny(path);
  if (!stat) return undefined;
  try {
    return hash(String(stat.mode), readBytesIfAny(path) ?? '');
  } catch {
    return hash(String(stat.mode), 'unreadable');
  }
};

const hashAll = (folder: string, names: string[]): Record<string, string> => {
  const hashes: Record<string, string> = {};
  for (const name of names) {
    const value = hashFile(join(folder, name));
    if (value !== undefined) hashes[name] = value;
  }
  return hashes;
};

/** Files of the shared git directory that decide what a git there does or believes. */
const CONFIG_FILES = [
  'config',
  'config.worktree',
  'commondir',
  'info/exclude',
  'info/grafts',
  'objects/info/alternates',
];

const ABSENT = 'absent';

/** Each worktree has its own configuration, or none; worktrees that come and go meanwhile are nobody's doing. */
const worktreeConfigs = (repo: Repository): Record<string, string> => {
  const names = namesIn(join(repo.commonDir, 'worktrees')).map((name) => `worktrees/${name}/config.worktree`);
  return Object.fromEntries(names.map((name) => [name, hashFile(join(repo.commonDir, name)) ?? ABSENT]));
};

/** Taken before an agent runs and compared after. Reads files only; starts git only with a reftable. */
export const fingerprint = async (repo: Repository): Promise<Fingerprint> => {
  const hooks = namesIn(join(repo.commonDir, 'hooks')).filter((name) => !name.endsWith('.sample'));
  const refs = (await listRefs(repo, 'refs/')).filter(({ ref }) => !/^refs\/(amp|notes\/amp)(\/|$)/.test(ref));
  return {
    config: { ...hashAll(repo.commonDir, CONFIG_FILES), ...worktreeConfigs(repo) },
    hooks: hashAll(join(repo.commonDir, 'hooks'), hooks),
    attributes: hashFile(join(repo.commonDir, 'info', 'attributes')) ?? null,
    refs: Object.fromEntries(refs.map(({ ref, id }) => [ref, id])),
  };
};

const differing = (a: Record<string, string>, b: Record<string, string>): string[] =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name]).sort();

/**
 * What changed between two fingerprints; null when nothing did.
 * @param options.ignoreRefs full refs, and prefixes that end at a slash
 */
export const compareFingerprints = (
  a: Fingerprint,
  b: Fingerprint,
  options: { ignoreRefs: string[] },
): RepositoryChange | null => {
  const isIgnored = (ref: string): boolean =>
    options.ignoreRefs.some((ignored) => ref === ignored || (ignored.endsWith('/') && ref.startsWith(ignored)));
  const refs = differing(a.refs, b.refs)
    .filter((ref) => !isIgnored(ref))
    .map((ref) => ({ ref, from: a.refs[ref] ?? null, to: b.refs[ref] ?? null }));
  const change: RepositoryChange = {
    config: differing(a.config, b.config).some(
      (name) => !name.startsWith('worktrees/') || (name in a.config && name in b.config),
    ),
    hooks: differing(a.hooks, b.hooks),
    attributes: a.attributes !== b.attributes,
    refs,
  };
  const isSame = !change.config && change.hooks.length === 0 && !change.attributes && refs.length === 0;
  return isSame ? null : change;
};
