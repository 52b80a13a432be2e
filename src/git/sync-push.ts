import { isAppError } from '../errors.ts';
import { git, lastWords } from './git.ts';
import { assertFullRef, assertId } from './ids.ts';
import { fromRoot, pushSettings, withoutPassword } from './remotes.ts';
import type { Repository } from './repository.ts';
import type { SyncRemote } from './sync-remote.ts';

export interface OutgoingRef {
  ref: string;
  /** The object that the other side's ref is to name. */
  id: string;
}

export interface RefusedRef {
  ref: string;
  /** In the other side's words, or git's own. */
  reason: string;
}

export interface PushedRefs {
  pushed: OutgoingRef[];
  refused: RefusedRef[];
}

/** A command line holds so many bytes of refs; `git push` takes them nowhere else. */
const MAX_ARGUMENTS = process.platform === 'win32' ? 24_000 : 512_000;
const TIMEOUT_MS = 1_800_000;

/** Lines of `--porcelain`: a flag, the refs, and a summary, between tabs. Source: git-push(1). */
const LINE = /^([ +\-*!=])\t([^\t]*)\t(.*)$/;

interface Outcome extends PushedRefs {
  /** The push came to nothing as a whole, so it says nothing of any one ref. */
  isWhole: boolean;
}

const remoteWords = (stderr: string): string =>
  stderr
    .split('\n')
    .filter((line) => line.startsWith('remote: '))
    .map((line) => line.slice('remote: '.length).trim())
    .findLast((line) => line !== '' && !/^(error|fatal): /.test(line)) ?? '';

const read = (stdout: string, stderr: string, refs: OutgoingRef[]): Outcome => {
  const answers = new Map<string, { flag: string; summary: string }>();
  for (const line of stdout.split('\n')) {
    const [, flag, names, summary] = LINE.exec(line) ?? [];
    if (flag !== undefined) answers.set(names!.slice(names!.indexOf(':') + 1), { flag, summary: summary! });
  }
  const said = remoteWords(stderr);
  const pushed: OutgoingRef[] = [];
  const refused: RefusedRef[] = [];
  for (const one of refs) {
    const answer = answers.get(one.ref);
    if (answer && answer.flag !== '!') pushed.push(one);
    else {
      const summary = answer?.summary ?? lastWords(stderr);
      const reason = said && !summary.includes(said) ? `${summary}: ${said}` : summary;
      refused.push({ ref: one.ref, reason: withoutPassword(reason) });
    }
  }
  return { pushed, refused, isWhole: pushed.length === 0 };
};

const pushOnce = async (repo: Repository, remote: SyncRemote, refs: OutgoingRef[]): Promise<Outcome> => {
  const flags = ['--porcelain', '--no-follow-tags', '--no-verify', '--no-force', '--no-atomic'];
  const args = ['push', ...flags, '--', remote.address, ...refs.map(({ ref, id }) => `${id}:${ref}`)];
  const settings = remote.name === null ? [] : await pushSettings(repo, remote.name);
  const how = { settings, ok: [0, 1], timeoutMs: TIMEOUT_MS, ...fromRoot(repo) };
  try {
    const { stdout, stderr } = await git(repo, args, how);
    return read(stdout.toString('utf8'), stderr, refs);
  } catch (error) {
    if (!isAppError(error, 'git.failed') && !isAppError(error, 'git.timeout')) throw error;
    const words = String(error.details?.['stderr'] ?? '') || error.message;
    return read('', words, refs);
  }
};

const inBatches = (refs: OutgoingRef[]): OutgoingRef[][] => {
  const batches: OutgoingRef[][] = [];
  let bytes = Infinity;
  for (const one of refs) {
    const size = one.ref.length + one.id.length + 2;
    if (bytes + size > MAX_ARGUMENTS) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)!.push(one);
    bytes += size;
  }
  return batches;
};

/** After so many pushes in a row of which nothing was taken, the other side takes nothing. */
const PATIENCE = 12;
/** Pushes that the search for those that are refused may take in all. */
const MOST = 200;

/**
 * Pushes refs, each for itself: never forced, no hook of this repository, no tag. Where the other side refuses a push
 * as a whole because of some of its refs (a pre-receive hook), it is halved until these are found.
 */
export const pushRefs = async (repo: Repository, remote: SyncRemote, refs: OutgoingRef[]): Promise<PushedRefs> => {
  for (const { ref, id } of refs) {
    assertFullRef(ref);
    assertId(id);
  }
  const result: PushedRefs = { pushed: [], refused: [] };
  const queue = inBatches(refs);
  let inVain = 0;
  for (let pushes = 1; queue.length > 0; pushes++) {
    const batch = queue.shift()!;
    const outcome = await pushOnce(repo, remote, batch);
    inVain = outcome.isWhole ? inVain + 1 : 0;
    if (outcome.isWhole && batch.length > 1 && inVain < PATIENCE && pushes < MOST) {
      const half = batch.length >> 1;
      queue.unshift(batch.slice(0, half), batch.slice(half));
      continue;
    }
    result.pushed.push(...outcome.pushed);
    result.refused.push(...outcome.refused);
  }
  return result;
};
