import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyPatch, removeFiles, resetFiles, untrackedFiles } from '../../git/apply-patch.ts';
import type { Repository } from '../../git/repository.ts';
import { run } from '../../process/run.ts';
import { childEnv } from '../child-env.ts';

/** How a patch got in, in the order in which the official harness tries. */
export type AppliedBy = 'apply' | 'three-way' | 'reject' | 'patch' | 'already';

const PATCH_TIMEOUT_MS = 60_000;

/** `patch` forgives where git does not; a machine without it has one try less. */
const byPatchProgram = async (
  repo: Repository,
  patch: Buffer,
  env: Record<string, string | undefined>,
): Promise<boolean> => {
  const dir = mkdtempSync(join(tmpdir(), 'amp-patch-'));
  try {
    const file = join(dir, 'model.patch');
    writeFileSync(file, patch);
    const args = ['--batch', '--forward', '--fuzz=5', '-p1', '-i', file];
    const how = { cwd: repo.here!.path, env: childEnv(env), timeoutMs: PATCH_TIMEOUT_MS, tailBytes: 4096 };
    return (await run({ command: 'patch', args, ...how })).exitCode === 0;
  } catch {
    return false;
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
};

/**
 * Applies a model's patch to a checkout of its base with the commands and in the order of the official harness. Each
 * begins with clean files; what lay there untracked before stays.
 * Source: SWE-bench/SWE-bench, `GIT_APPLY_CMDS` and `run_instance`.
 * @returns null when nothing worked
 */
export const applyModelPatch = async (
  repo: Repository,
  patch: Buffer,
  { base, env }: { base: string; env: Record<string, string | undefined> },
): Promise<AppliedBy | null> => {
  const worktree = repo.here!;
  const kept = new Set(await untrackedFiles(repo, worktree));
  const clean = async (): Promise<void> => {
    await resetFiles(repo, worktree, base);
    const left = await untrackedFiles(repo, worktree);
    removeFiles(
      worktree,
      left.filter((path) => !kept.has(path)),
    );
  };
  if (await applyPatch(repo, worktree, patch)) return 'apply';
  await clean();
  if (await applyPatch(repo, worktree, patch, 'three-way')) return 'three-way';
  await clean();
  if (await applyPatch(repo, worktree, patch, 'reject')) return 'reject';
  await clean();
  if (await byPatchProgram(repo, patch, env)) return 'patch';
  return (await applyPatch(repo, worktree, patch, 'reversed')) ? 'already' : null;
};
