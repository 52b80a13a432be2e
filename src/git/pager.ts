import { runInteractive } from '../process/interactive.ts';
import { placeOf, readConfig } from './config.ts';
import { gitEnvironment } from './environment.ts';
import { isOfRepository } from './neutral.ts';
import type { Repository } from './repository.ts';

/**
 * The pager that the user's git would use; undefined when it is none. The repository's own configuration has no say.
 * Source: git-var(1), GIT_PAGER.
 */
export const findPager = async (repo: Repository): Promise<string | undefined> => {
  const entries = await readConfig(placeOf(repo));
  const set = entries.findLast((entry) => entry.key === 'core.pager' && !isOfRepository(entry))?.value;
  const pager = process.env['GIT_PAGER'] ?? set ?? process.env['PAGER'] ?? 'less';
  return pager === '' || pager === 'cat' ? undefined : pager;
};

const writeOut = (bytes: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => {
      // A reader who has seen enough is no error.
      if (error && (error as NodeJS.ErrnoException).code !== 'EPIPE') reject(error);
      else resolve();
    });
  });

/** Shows text to a person at a terminal through the user's own pager, as git does; plain where there is none. */
export const showPaged = async (repo: Repository, bytes: Buffer): Promise<void> => {
  const pager = process.stdout.isTTY ? await findPager(repo) : undefined;
  if (pager === undefined) return writeOut(bytes);
  const env = gitEnvironment({ roots: [repo.root, repo.commonDir], pager: true });
  const { LESS = 'FRX', LV = '-c' } = process.env;
  const shell =
    process.platform === 'win32'
      ? { command: 'cmd.exe', args: ['/d', '/s', '/c', pager] }
      : { command: '/bin/sh', args: ['-c', pager] };
  const code = await runInteractive({ ...shell, cwd: repo.root, env: { ...env, LESS, LV }, input: bytes });
  if (code === 127) await writeOut(bytes);
};
