import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { placeOf, readConfig } from './config.ts';
import { catFileStream, git, gitText } from './git.ts';
import { userIdentity } from './identity.ts';
import { assertId } from './ids.ts';
import type { Repository } from './repository.ts';

export interface UnsignedCommit {
  /** Content of the tree object, which the repository does not have yet. */
  tree: Buffer;
  parents: string[];
  message: string;
  /** Names, addresses and dates of author and committer, as git's environment has them. */
  env: Record<string, string>;
}

/** A person may have to type a passphrase. */
const TIMEOUT_MS = 120_000;

const writeTree = (repo: Repository, dir: string, content: Buffer): string => {
  const object = Buffer.concat([Buffer.from(`tree ${content.length}\0`), content]);
  const id = createHash(repo.objectFormat).update(object).digest('hex');
  mkdirSync(join(dir, id.slice(0, 2)));
  writeFileSync(join(dir, id.slice(0, 2), id.slice(2)), deflateSync(object));
  return id;
};

/** The key git itself would take, which is not that of the commit's author: the author is this program. */
const keyOf = async (repo: Repository): Promise<string> => {
  const set = (await readConfig(placeOf(repo))).findLast(({ key }) => key.toLowerCase() === 'user.signingkey')?.value;
  const user = set ? null : await userIdentity(repo);
  return set || (user ? `${user.name} <${user.email}>` : '');
};

/**
 * A commit with the user's signature, made by git in a private folder, as the user's own settings have it (OpenPGP,
 * X.509 or SSH); a program that only the repository names is not started. Returns the content of the object.
 * @throws AppError git.failed when no signature can be made
 */
export const signCommit = async (
  repo: Repository,
  { tree, parents, message, env }: UnsignedCommit,
): Promise<Buffer> => {
  parents.forEach(assertId);
  const objectDir = mkdtempSync(join(tmpdir(), 'amp-signed-'));
  try {
    const id = writeTree(repo, objectDir, tree);
    const args = ['commit-tree', id, ...parents.flatMap((parent) => ['-p', parent]), `-S${await keyOf(repo)}`];
    const how = { objectDir, env, timeoutMs: TIMEOUT_MS, trust: ['signing', 'identity'] as ('signing' | 'identity')[] };
    const commit = await gitText(repo, args, { ...how, stdin: `${message.trimEnd()}\n` });
    return (await git(repo, ['cat-file', 'commit', commit], { objectDir })).stdout;
  } finally {
    rmSync(objectDir, { recursive: true, force: true, maxRetries: 3 });
  }
};

export interface CommitSignature {
  commit: string;
  /** `unknown`: by a key that nothing here vouches for, or that cannot be checked here. */
  status: 'good' | 'unknown' | 'bad' | 'unsigned';
  /** As the keyring or the file of allowed signers has it. */
  signer: string | null;
  key: string | null;
}

const STATUS: Record<string, CommitSignature['status']> = { G: 'good', B: 'bad' };

const hasSignature = async (repo: Repository, ids: string[]): Promise<Set<string>> => {
  const signed = new Set<string>();
  await catFileStream(repo, ids, (id, bytes) => {
    if (/\ngpgsig(-sha256)? /.test(bytes.toString('latin1', 0, bytes.indexOf('\n\n')))) signed.add(id);
  });
  return signed;
};

/** Who signed commits, by the user's own keyring and file of allowed signers. */
export const readSignatures = async (repo: Repository, ids: string[]): Promise<CommitSignature[]> => {
  ids.forEach(assertId);
  if (ids.length === 0) return [];
  const signed = await hasSignature(repo, ids);
  const answers = new Map<string, CommitSignature>();
  if (signed.size > 0) {
    const args = ['log', '--no-walk=unsorted', '--format=%H%x00%G?%x00%GS%x00%GK', '--stdin'];
    const how = { stdin: `${[...signed].join('\n')}\n--\n`, trust: ['signing'] as 'signing'[], maxBytes: 1 << 28 };
    for (const line of (await gitText(repo, args, how)).split('\n')) {
      const [commit = '', letter = '', signer = '', key = ''] = line.split('\0');
      answers.set(commit, { commit, status: STATUS[letter] ?? 'unknown', signer: signer || null, key: key || null });
    }
  }
  const unsigned = (commit: string): CommitSignature => ({ commit, status: 'unsigned', signer: null, key: null });
  return ids.map((id) => answers.get(id) ?? unsigned(id));
};
