import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { Repository } from '../../git/repository.ts';
import { ampDir } from '../layout.ts';
import { eachLine } from '../lines.ts';
import { ensureDir, readIfThere, replaceFile, storeError, syncDir } from '../wal/files.ts';

/** What goes with a session's history: decided before anything is touched, carried out by whoever comes next. */
export interface ForgetPlan {
  session: string;
  /** The worktree as it is on record; null: there is none, or it stays. */
  worktree: string | null;
  /** The worktree goes although it holds uncommitted work. */
  evenDirty: boolean;
  /** Short name and tip of the branch; null: it stays. */
  branch: { name: string; commit: string } | null;
}

/**
 * There as long as a tombstone may not have been carried out in this clone: written before the tombstone, gone after
 * the last trace. A line each.
 */
const pendingFile = (repo: Repository): string => join(ampDir(repo), 'forgetting.ndjson');

/** A look at one name: every command takes it. */
export const isForgetPending = (repo: Repository): boolean => existsSync(pendingFile(repo));

const parse = (line: string): ForgetPlan | undefined => {
  try {
    const plan = JSON.parse(line) as ForgetPlan;
    return typeof plan.session === 'string' ? plan : undefined;
  } catch {
    return undefined;
  }
};

export const readPending = (repo: Repository): Map<string, ForgetPlan> => {
  const plans = new Map<string, ForgetPlan>();
  eachLine(readIfThere(pendingFile(repo)) ?? Buffer.alloc(0), (line) => {
    const plan = line === undefined ? undefined : parse(line);
    if (plan) plans.set(plan.session, plan);
  });
  return plans;
};

/** On disk when this returns; also without plans, to say that there is something to look for. */
export const writePending = (repo: Repository, plans: Iterable<ForgetPlan>, { clock }: { clock: Clock }): void => {
  const path = pendingFile(repo);
  try {
    ensureDir(ampDir(repo));
    const lines = [...plans].map((plan) => `${JSON.stringify(plan)}\n`).join('');
    replaceFile(path, Buffer.from(lines), `${path}.${clock.newId()}.tmp`);
  } catch (error) {
    throw storeError(error, path);
  }
};

export const clearPending = (repo: Repository): void => {
  rmSync(pendingFile(repo), { force: true });
  syncDir(ampDir(repo));
};
