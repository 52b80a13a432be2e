import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readTextIfAny, replaceFile } from '../../git/files.ts';
import type { Repository } from '../../git/repository.ts';

interface Refused {
  ref: string;
  reason: string;
}

/** How the last exchange with one remote ended. */
export interface LastSync {
  at: string;
  refused: Refused[];
  /** Not pushed, because of what stands in them. */
  held: Refused[];
}

/** What is known of syncs from one command to the next; a convenience, which may be deleted at any time. */
export interface SyncState {
  /** Since when something has waited for an automatic sync; null when nothing does. */
  since: string | null;
  /** When the last of it was recorded: a sync that began before does not settle it. */
  wanted: string | null;
  /** How often in a row it was tried in vain. */
  attempts: number;
  /** No other try before this time. */
  next: string | null;
  /** Why the last try failed. */
  reason: string | null;
  /** What a person was told last, so that it is told once. */
  told: string | null;
  /** By name or address of the remote. */
  remotes: Record<string, LastSync>;
}

const NOTHING: SyncState = {
  since: null,
  wanted: null,
  attempts: 0,
  next: null,
  reason: null,
  told: null,
  remotes: {},
};

const fileOf = (repo: Repository): string => join(repo.commonDir, 'amp', 'sync-state.json');

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const refusedOf = (value: unknown): Refused[] =>
  Array.isArray(value)
    ? value.filter((one): one is Refused => typeof one?.ref === 'string' && typeof one?.reason === 'string')
    : [];

const remotesOf = (value: unknown): SyncState['remotes'] =>
  Object.fromEntries(
    Object.entries((value ?? {}) as Record<string, Partial<LastSync> | null>).map(([name, last]) => [
      name,
      { at: textOrNull(last?.at) ?? '', refused: refusedOf(last?.refused), held: refusedOf(last?.held) },
    ]),
  );

/** A file that is damaged, or was written by a later version, says as much as none. */
export const readSyncState = (repo: Repository): SyncState => {
  try {
    const found = JSON.parse(readTextIfAny(fileOf(repo)) ?? '{}') as Record<string, unknown>;
    return {
      since: textOrNull(found['since']),
      wanted: textOrNull(found['wanted']),
      attempts: Number.isSafeInteger(found['attempts']) ? Math.max(0, found['attempts'] as number) : 0,
      next: textOrNull(found['next']),
      reason: textOrNull(found['reason']),
      told: textOrNull(found['told']),
      remotes: remotesOf(found['remotes']),
    };
  } catch {
    return NOTHING;
  }
};

/** Of two that change it at once, one may be lost: the next sync makes up for it. */
export const changeSyncState = (repo: Repository, change: (state: SyncState) => Partial<SyncState>): void => {
  const before = readSyncState(repo);
  const after = { ...before, ...change(before) };
  if (JSON.stringify(after) === JSON.stringify(before)) return;
  mkdirSync(dirname(fileOf(repo)), { recursive: true });
  replaceFile(fileOf(repo), `${JSON.stringify(after, null, 2)}\n`);
};
