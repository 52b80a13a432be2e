import { runInteractive } from '../process/interactive.ts';
import { placeOf, readConfig } from './config.ts';
import { isOfRepository } from './neutral.ts';
import { personEnvironment } from './person-environment.ts';
import type { Repository } from './repository.ts';

/** Which of git's commands an output is like: `pager.diff` names a pager for `diff` alone, or says that it has none. */
export type PagedLike = 'diff' | 'log' | 'blame';

const isFalse = (value: string): boolean => /^(?:false|no|off|0|)$/i.test(value);
const isTrue = (value: string): boolean => /^(?:true|yes|on|[1-9]\d*)$/i.test(value);

/**
 * The pager that the user's git would use; undefined when it is none. The repository's own configuration has no say.
 * Source: git-var(1), GIT_PAGER; git-config(1), pager.<cmd>.
 */
export const findPager = async (repo: Repository, like?: PagedLike): Promise<string | undefined> => {
  const entries = await readConfig(placeOf(repo));
  const setting = (key: string): string | undefined =>
    entries.findLast((entry) => entry.key === key && !isOfRepository(entry))?.value;
  const own = like === undefined ? undefined : setting(`pager.${like}`);
  if (own !== undefined && isFalse(own)) return undefined;
  const set = own !== undefined && !isTrue(own) ? own : setting('core.pager');
  const pager = process.env['GIT_PAGER'] ?? set ?? process.env['PAGER'] ?? 'less';
  return pager === '' || pager === 'cat' ? undefined : pager;
};

/** Pagers that make patches of git beautiful themselves, and want them as git prints them. */
const BEAUTIFIERS = /(?:^|[\s/|])(?:delta|diff-so-fancy|diff-highlight|ydiff|riff)(?:\.exe)?(?:[\s|]|$)/;

/** Whether what a person sees is the work of such a pager of theirs. */
export const pagerWantsPatch = async (repo: Repository): Promise<boolean> =>
  process.stdout.isTTY && BEAUTIFIERS.test((await findPager(repo, 'diff')) ?? '');

const writeOut = (bytes: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    // Without a listener a closed pipe would end the program, whatever the callback says.
    const ignore = (): void => {};
    process.stdout.on('error', ignore);
    process.stdout.write(bytes, (error) => {
      setImmediate(() => process.stdout.off('error', ignore));
      // A reader who has seen enough is no error.
      if (error && (error as NodeJS.ErrnoException).code !== 'EPIPE') reject(error);
      else resolve();
    });
  });

/** As git sets them where the user has not; and what we print is UTF-8, which less must be told in a C locale. */
const pagerEnvironment = (repo: Repository): Record<string, string> => {
  const env = personEnvironment([repo.root, repo.commonDir]);
  const saysCharset = ['LESSCHARSET', 'LESSCHARDEF', 'JLESSCHARSET'].some((name) => env[name]);
  return { LESS: 'FRX', LV: '-c', ...(!saysCharset && { LESSCHARSET: 'utf-8' }), ...env };
};

/** Shows text to a person at a terminal through the user's own pager, as git does; plain where there is none. */
export const showPaged = async (repo: Repository, bytes: Buffer, like?: PagedLike): Promise<void> => {
  if (bytes.length === 0) return;
  const pager = process.stdout.isTTY ? await findPager(repo, like) : undefined;
  if (pager === undefined) return writeOut(bytes);
  const shell =
    process.platform === 'win32'
      ? { command: 'cmd.exe', args: ['/d', '/s', '/c', pager] }
      : { command: '/bin/sh', args: ['-c', pager] };
  const code = await runInteractive({ ...shell, cwd: repo.root, env: pagerEnvironment(repo), input: bytes });
  if (code === 127) await writeOut(bytes);
};
