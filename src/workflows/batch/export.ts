import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sessionLog } from '../../events/envelope.ts';
import type { Context } from '../context.ts';
import type { WriteRows } from '../export/export.ts';
import { heldError } from '../export/export-log.ts';
import { type HeldLog, lookThrough } from '../export/leaving.ts';
import { withOut } from '../export/out-file.ts';
import { makeOutFolder } from '../export/out-folder.ts';
import { batchLog } from './home.ts';
import { Repositories } from './plan-items.ts';
import type { BatchStatus } from './status.ts';

export interface BatchExportWish {
  /** Folder for the files, absolute; it is made. */
  dir: string;
  /** How the names of the files end. */
  extension: string;
  force: boolean;
  signal: AbortSignal;
  /** What writes the rows of each table, by its name; each is told the folders of the repositories. */
  tables: { name: string; rows(repos: string[]): WriteRows }[];
}

export interface BatchExported {
  files: { path: string; table: string; rows: number; bytes: number }[];
  /** Sessions that stay here, because of what looks like a secret in them. */
  held: HeldLog[];
}

/** The sessions of all attempts that are still there, by repository. */
const sessionsOf = async (home: Context, status: BatchStatus, sessions: string[]) => {
  const repositories = new Repositories(home.env, home.warn);
  try {
    const roots = [...new Set(status.items.map(({ repo }) => repo))];
    const found: { root: string; held: HeldLog[]; ids: string[] }[] = [];
    for (const root of roots) {
      const ctx = await repositories.open(root).catch(() => undefined);
      if (!ctx) {
        home.warn(`${root} is passed over: it is no repository any more.`);
        continue;
      }
      const logs = (await ctx.store.logs(sessions.map(sessionLog))).map(({ log }) => log);
      const { held } = await lookThrough(ctx, logs);
      found.push({ root, held, ids: logs.map((log) => log.slice('sessions/'.length)) });
    }
    return found;
  } finally {
    await repositories.close();
  }
};

/**
 * Writes the rows of a batch and of its sessions, a file a table. What leaves is looked through for secrets first.
 * @throws AppError `export.secrets` where the batch's own log holds one, `usage.invalid`, `file.exists`, `store.full`, `analysis.unavailable`, `interrupted`
 */
export const exportBatch = async (
  home: Context,
  status: BatchStatus,
  wish: BatchExportWish,
): Promise<BatchExported> => {
  const own = heldError((await lookThrough(home, [batchLog(status.id)])).held, {});
  if (own) throw own;
  const found = await sessionsOf(
    home,
    status,
    status.items.flatMap(({ sessions }) => sessions),
  );
  const held = found.flatMap((one) => one.held);
  const without = held.map(({ session }) => session);
  const sessions = found.flatMap(({ ids }) => ids);
  const repos = [...new Set([home.repo.root, ...found.map(({ root }) => root)])];
  makeOutFolder(wish.dir);
  const files: BatchExported['files'] = [];
  for (const { name, rows } of wish.tables) {
    const path = join(wish.dir, `${name}.${wish.extension}`);
    const stdout = async (): Promise<void> => {};
    const out = { path, force: wish.force, signal: wish.signal, clock: home.clock, temporary: tmpdir(), stdout };
    const { result, bytes } = await withOut(out, async (sink) => {
      const result = await rows(repos)(home, { sessions, without }, sink);
      return { result, bytes: sink.bytes };
    });
    files.push({ path, table: name, rows: result, bytes });
  }
  return { files, held };
};
