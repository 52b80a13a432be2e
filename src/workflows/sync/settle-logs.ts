import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { isAppError } from '../../errors.ts';
import { logId } from '../../events/envelope.ts';
import { listWal } from '../../store/wal/wal-files.ts';
import type { Context } from '../context.ts';
import { lockPath, withJournal } from '../journal.ts';

/** Sessions of which a process that died may have left notes and kept commits behind. */
const unsettled = (ctx: Context): string[] => {
  try {
    const names = readdirSync(dirname(lockPath(ctx, 'x')));
    return names.flatMap((name) => /^session\.([A-Za-z0-9_-]+)\.unsettled$/.exec(name)?.[1] ?? []);
  } catch {
    return [];
  }
};

/**
 * Brings into git what is acknowledged and not there yet, also what dead processes of this writer left, and puts refs
 * back that others took away. A session that somebody works on goes as far as it was flushed.
 */
export const settleLogs = async (ctx: Context): Promise<void> => {
  const { writer } = ctx.store;
  const waiting = new Set(listWal(ctx.repo).flatMap((file) => (file.writer === writer ? [file.log] : [])));
  const lost = (await ctx.store.logs()).flatMap(({ log, lost }) => (lost ? [log] : []));
  const sessions = [...waiting, ...lost].filter((log) => log.startsWith('sessions/')).map(logId);
  for (const id of new Set([...sessions, ...unsettled(ctx)]))
    try {
      await withJournal(ctx, { id, name: id, command: 'sync' }, async () => {});
    } catch (error) {
      if (isAppError(error, 'log.damaged')) ctx.warn(error.message);
      else if (!isAppError(error, 'session.busy')) throw error;
    }
};
