import { isAppError } from '../errors.ts';
import { git } from './git.ts';
import { assertFullRef, assertId } from './ids.ts';
import { fromRoot, pushSettings } from './remotes.ts';
import type { Repository } from './repository.ts';
import type { SyncRemote } from './sync-remote.ts';

/** A command line holds many more; a server that refuses one refuses few others with it. */
const TOGETHER = 500;
const TIMEOUT_MS = 600_000;

const LINE = /^[-+ *=]\t:?([^\t:]*)(?::[^\t]*)?\t/;

/**
 * Takes refs away from a remote, each only while it names what it was seen to name. No other operation of ours takes
 * anything away there.
 * @returns those that went; what the other side refuses stays
 */
export const deleteRemoteRefs = async (
  repo: Repository,
  remote: SyncRemote,
  refs: { ref: string; id: string }[],
): Promise<string[]> => {
  for (const { ref, id } of refs) {
    assertFullRef(ref);
    assertId(id);
  }
  const settings = remote.name === null ? [] : await pushSettings(repo, remote.name);
  const gone: string[] = [];
  for (let at = 0; at < refs.length; at += TOGETHER) {
    const some = refs.slice(at, at + TOGETHER);
    const leases = some.map(({ ref, id }) => `--force-with-lease=${ref}:${id}`);
    const flags = ['--porcelain', '--no-follow-tags', '--no-verify', '--no-atomic', ...leases];
    const args = ['push', ...flags, '--', remote.address, ...some.map(({ ref }) => `:${ref}`)];
    try {
      const { stdout } = await git(repo, args, { settings, ok: [0, 1], timeoutMs: TIMEOUT_MS, ...fromRoot(repo) });
      for (const line of stdout.toString('utf8').split('\n')) {
        const [, ref] = LINE.exec(line) ?? [];
        if (ref !== undefined && some.some((one) => one.ref === ref)) gone.push(ref);
      }
    } catch (error) {
      if (!isAppError(error, 'git.failed') && !isAppError(error, 'git.timeout')) throw error;
    }
  }
  return gone;
};
