import type { Context } from '../context.ts';
import type { SyncWish } from './sync.ts';

export interface PlaceFlags {
  remote?: string | undefined;
  'history-only': boolean;
  snapshots?: boolean;
  /** Where the person stands. */
  directory: string;
}

type Place = Pick<SyncWish, 'remote' | 'historyOnly' | 'snapshots' | 'directory'> & { isUsual: boolean };

/**
 * Where to sync with, and whether code goes along: as the command line says, else as the settings say.
 * @throws AppError config.untrusted when the repository's own file names the remote, or lets code go along
 */
export const syncPlace = (ctx: Context, flags: PlaceFlags): Place => {
  if (!flags['history-only']) ctx.config.requireTrust(['sync.historyOnly']);
  const historyOnly = flags['history-only'] || ctx.config.value('sync.historyOnly');
  const snapshots = (flags.snapshots ?? false) && !historyOnly;
  if (flags.snapshots && historyOnly) ctx.warn('Snapshots hold code: with `sync.historyOnly` they stay here.');
  const what = { historyOnly, snapshots };
  if (flags.remote !== undefined) return { ...what, remote: flags.remote, directory: flags.directory, isUsual: false };
  ctx.config.requireTrust(['sync.remote']);
  const remote = ctx.config.value('sync.remote');
  // A path in a settings file is meant as seen from the repository.
  return { ...what, remote, directory: remote === undefined ? flags.directory : ctx.repo.root, isUsual: true };
};
