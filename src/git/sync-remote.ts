import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { AppError } from '../errors.ts';
import { gitText } from './git.ts';
import { headOf } from './refs.ts';
import { chosenRemotes, findRemote, localPath, refuseOwnFolder, remoteNames, withoutPassword } from './remotes.ts';
import type { Repository } from './repository.ts';

/** The other side of a sync. */
export interface SyncRemote {
  /** For people: the remote's name, or an address without its password. */
  label: string;
  /** What git is told: the name where its settings count for both ways, else where the user's own push goes. */
  address: string;
  /** Name of the remote; null for a bare address. */
  name: string | null;
}

const none = (repo: Repository): AppError =>
  new AppError('remote.missing', `${repo.root} has no remote, so there is nowhere to sync with.`, {
    hint: 'Add one with `git remote add origin <url>`, or name an address: `amp-sessions sync --remote <url>`.',
  });

const several = (names: string[]): AppError =>
  new AppError('remote.ambiguous', `There are several remotes (${names.join(', ')}), and none is the usual one.`, {
    hint: `Say which with --remote ${names[0]}, or once for all with \`git config remote.pushDefault ${names[0]}\`.`,
  });

const ofName = async (repo: Repository, name: string): Promise<SyncRemote> => {
  const { url } = await findRemote(repo, name);
  const fetched = await gitText(repo, ['remote', 'get-url', '--', name]);
  return { label: name, address: fetched === url ? name : url, name };
};

/** A path is meant as seen from where the person stands. */
const ofAddress = (repo: Repository, given: string, directory: string): SyncRemote => {
  const path = localPath(given);
  const near = path === undefined ? undefined : resolve(directory, path);
  const address = near !== undefined && existsSync(near) ? near : given;
  refuseOwnFolder(repo, withoutPassword(given), address);
  return { label: withoutPassword(given), address, name: null };
};

/**
 * Where the user's own push would go, or what was named: a remote, an address, a folder.
 * @throws AppError remote.missing, remote.ambiguous, remote.unreachable when it lies inside the repository
 */
export const findSyncRemote = async (repo: Repository, given: string | undefined, directory: string) => {
  const names = await remoteNames(repo);
  if (given !== undefined) {
    const isAddress = !names.includes(given) && !given.startsWith('-') && /[/\\:]/.test(given);
    return isAddress ? ofAddress(repo, given, directory) : ofName(repo, given);
  }
  const [first, second] = names;
  if (first === undefined) throw none(repo);
  const { branch } = await headOf(repo, repo.here ?? undefined);
  const { push, pull } = await chosenRemotes(repo, branch ?? '');
  const usual = names.includes('origin') ? 'origin' : second === undefined ? first : undefined;
  const name = [push, pull].find((chosen) => chosen !== undefined && names.includes(chosen)) ?? usual;
  if (name === undefined) throw several(names);
  return ofName(repo, name);
};
