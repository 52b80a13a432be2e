import { isAppError } from '../errors.ts';
import { git, lastWords } from './git.ts';
import { assertFullRef, assertId } from './ids.ts';
import { changePackedRefs } from './packed-refs.ts';
import { listRefs } from './refs.ts';
import { fromRoot, pushSettings, withoutPassword } from './remotes.ts';
import type { Repository } from './repository.ts';
import type { SyncRemote } from './sync-remote.ts';

export interface OutgoingRef {
  ref: string;
  /** The object that the other side's ref is to name; null takes the ref away. */
  id: string | null;
  /** Only as long as their ref names this object, and then also backwards; without it only forwards. */
  lease?: string;
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

const FLAGS = ['--porcelain', '--no-follow-tags', '--no-verify', '--no-force', '--no-atomic'];

const pushOnce = async (
  repo: Repository,
  remote: SyncRemote,
  refs: OutgoingRef[],
  refspecs: string[],
): Promise<Outcome> => {
  const leases = refs.flatMap(({ ref, lease }) => (lease === undefined ? [] : [`--force-with-lease=${ref}:${lease}`]));
  const args = ['push', ...FLAGS, ...leases, '--', remote.address, ...refspecs];
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

/** Git compares each name it is given with each that there is: from so many on they are given as a pattern. */
const MANY = 100;
/** Of one push of a pattern: what came through stays when the next one fails. */
const MOST_TOGETHER = 5000;

/** Names under which many refs stand while they are pushed; nobody but a sync looks here. */
const OUTGOING = 'refs/amp-outgoing/';

const outgoingName = (ref: string): string => OUTGOING + ref.slice('refs/amp/'.length);

/** Takes away what a push has left that died. */
export const clearOutgoing = async (repo: Repository): Promise<void> => {
  if ((await listRefs(repo, OUTGOING)).length > 0)
    await changePackedRefs(repo, OUTGOING, { create: [], drop: OUTGOING });
};

/** One push of a pattern; undefined where refs cannot be made by the thousand. */
const pushPattern = async (repo: Repository, remote: SyncRemote, refs: OutgoingRef[]): Promise<Outcome | undefined> => {
  const create = refs.map(({ ref, id }) => ({ ref: outgoingName(ref), id: id! }));
  const staged = await changePackedRefs(repo, OUTGOING, { create, drop: OUTGOING });
  try {
    if (staged?.size !== refs.length) return undefined;
    return await pushOnce(repo, remote, refs, [`${OUTGOING}*:refs/amp/*`]);
  } finally {
    await clearOutgoing(repo);
  }
};

const pushBatch = async (
  repo: Repository,
  remote: SyncRemote,
  { refs, together }: Batch,
): Promise<Outcome | undefined> =>
  together
    ? pushPattern(repo, remote, refs)
    : pushOnce(
        repo,
        remote,
        refs,
        refs.map(({ ref, id }) => `${id ?? ''}:${ref}`),
      );

interface Batch {
  refs: OutgoingRef[];
  /** As one pattern. */
  together: boolean;
}

/** As many as a command line holds. */
const inLines = (refs: OutgoingRef[]): Batch[] => {
  const batches: Batch[] = [];
  let bytes = Infinity;
  for (const one of refs) {
    const lease = one.lease === undefined ? 0 : one.ref.length + one.lease.length + 22;
    const size = one.ref.length + (one.id?.length ?? 0) + 2 + lease;
    if (bytes + size > MAX_ARGUMENTS) {
      batches.push({ refs: [], together: false });
      bytes = 0;
    }
    batches.at(-1)!.refs.push(one);
    bytes += size;
  }
  return batches;
};

const inBatches = (refs: OutgoingRef[]): Batch[] => {
  const isPlain = ({ ref, id, lease }: OutgoingRef): boolean =>
    ref.startsWith('refs/amp/') && id !== null && lease === undefined;
  if (refs.length < MANY || !refs.every(isPlain)) return inLines(refs);
  const batches: Batch[] = [];
  for (let at = 0; at < refs.length; at += MOST_TOGETHER)
    batches.push({ refs: refs.slice(at, at + MOST_TOGETHER), together: true });
  return batches;
};

/** After so many pushes in a row of which nothing was taken, the other side takes nothing. */
const PATIENCE = 12;
/** Pushes that the search for those that are refused may take in all. */
const MOST = 200;

/**
 * Pushes refs, each for itself: never forced but where a lease says from what, no hook of this repository, no tag.
 * Where the other side refuses a push as a whole because of some of its refs (a pre-receive hook), it is halved until
 * these are found.
 */
export const pushRefs = async (repo: Repository, remote: SyncRemote, refs: OutgoingRef[]): Promise<PushedRefs> => {
  for (const { ref, id, lease } of refs) {
    assertFullRef(ref);
    for (const object of [id, lease]) if (typeof object === 'string') assertId(object);
    if (id === null && lease === undefined) throw new Error(`nothing says what may be taken away: ${ref}`);
  }
  const result: PushedRefs = { pushed: [], refused: [] };
  const queue = inBatches(refs);
  let inVain = 0;
  for (let pushes = 1; queue.length > 0; pushes++) {
    const batch = queue.shift()!;
    const outcome = await pushBatch(repo, remote, batch);
    if (!outcome) {
      queue.unshift(...inLines(batch.refs));
      continue;
    }
    inVain = outcome.isWhole ? inVain + 1 : 0;
    if (outcome.isWhole && batch.refs.length > 1 && inVain < PATIENCE && pushes < MOST) {
      const half = batch.refs.length >> 1;
      queue.unshift(...inBatches(batch.refs.slice(0, half)), ...inBatches(batch.refs.slice(half)));
      continue;
    }
    result.pushed.push(...outcome.pushed);
    result.refused.push(...outcome.refused);
  }
  return result;
};
