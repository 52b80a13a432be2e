import { type Clock, systemClock } from '../clock.ts';
import { type ConfigFlags, type LoadedConfig, loadConfig } from '../config/load.ts';
import { type HomeDirs, homeDirs } from '../config/paths.ts';
import { isAppError } from '../errors.ts';
import { locateRepository } from '../git/locate.ts';
import type { Repository } from '../git/repository.ts';
import { isForgetPending } from '../store/forget/pending.ts';
import { openStore } from '../store/git-store.ts';
import type { LogStore } from '../store/log-store.ts';
import type { Signing } from '../store/sign-flush.ts';
import { tipWriters } from '../store/tips.ts';
import { lazySecrets, type Redact, type Secrets } from './lazy-redactor.ts';

/** Everything a verb works with; made once by the command, or by a test. */
export interface Context {
  repo: Repository;
  store: LogStore;
  config: LoadedConfig;
  clock: Clock;
  home: HomeDirs;
  env: Record<string, string | undefined>;
  redact: Redact;
  secrets: Secrets;
  /** Something a person should hear that is no error. */
  warn(text: string): void;
}

export interface ContextOptions {
  /** Where the user stands, or what `-C` or `--repo` named. */
  dir: string;
  flags?: ConfigFlags;
  env?: Record<string, string | undefined>;
  clock?: Clock;
  warn?(text: string): void;
  /** False for what syncs itself: it is not followed by an automatic one. */
  syncs?: boolean;
}

/**
 * @throws AppError `repository.missing`, `repository.unsafe`, `config.invalid`
 */
export const openContext = async (options: ContextOptions): Promise<Context> => {
  const env = options.env ?? process.env;
  const clock = options.clock ?? systemClock;
  const repo = await locateRepository(options.dir);
  const home = homeDirs(env, process.platform);
  const config = await loadConfig({ root: repo.bare ? null : repo.root, env, home, flags: options.flags });
  const warn = options.warn ?? (() => {});
  repo.fileLimit = config.config.commit.maxFileMb * 2 ** 20 || undefined;
  const secrets = lazySecrets({ repo, config, env, home, clock, warn });
  const { redact } = secrets;
  await putBack(repo, warn);
  const store = await openStore(repo, { clock, redact, signing: signingOf(config, warn) });
  return { repo, store, config, clock, home, env, redact, secrets, warn };
};

/** Only a folder that was copied pays for more than a look at one folder. */
const putBack = async (repo: Repository, warn: Context['warn']): Promise<void> => {
  if (tipWriters(repo).length < 2) return;
  const { restoreLeftRefs } = await import('../store/left-refs.ts');
  const refs = await restoreLeftRefs(repo).catch(() => []);
  if (refs.length > 0) warn(`${refs.length} refs that another copy of this folder had written were put back.`);
};

/** Whatever is wrong with it, the command has ended as it has ended. */
const syncAfter = async (ctx: Context): Promise<void> => {
  try {
    (await import('./sync/auto.ts')).syncLater(ctx);
  } catch {}
};

const signingOf = (config: LoadedConfig, warn: Context['warn']): Signing => ({
  isWished: () => {
    if (!config.config.history.sign) return false;
    try {
      config.requireTrust(['history.sign']);
      return true;
    } catch (error) {
      if (!isAppError(error, 'config.untrusted')) throw error;
      warn('The repository wants its record signed; its settings are not trusted, so it is not.');
      return false;
    }
  },
  failed: (reason) => warn(`The end of the session is recorded, but not signed: ${reason}`),
});

/** Opens a context, works, and closes it whatever happens. */
export const withContext = async <T>(
  options: ContextOptions,
  work: (ctx: Context) => Promise<T>,
  open = openContext,
): Promise<T> => {
  const ctx = await open(options);
  try {
    if (isForgetPending(ctx.repo)) await (await import('./forget/carry-out.ts')).resumeForgetting(ctx);
    return await work(ctx);
  } finally {
    await ctx.store.close();
    if (options.syncs !== false && ctx.config.value('sync.auto')) await syncAfter(ctx);
  }
};
