import type { HomeDirs } from '../../config/paths.ts';
import { isBatchTrusted, trustBatch } from '../../config/trust.ts';
import { AppError, inShell } from '../../errors.ts';
import type { FilePlan } from './read-file.ts';

/** What there is to trust of a file. */
export type FileToTrust = Pick<FilePlan, 'file' | 'trustSha256' | 'programs'>;

export interface TrustWish {
  /** `--trust`: the person has said so already. */
  trust: boolean;
  /** The command that the file was given to, with the file; without one `batch start`. */
  command?: string;
  /** Shows what there is to trust, and asks. */
  ask(read: FileToTrust): Promise<boolean>;
}

/** Lines of the error; the rest is counted. */
const MOST_SHOWN = 5;

/**
 * A batch file runs nothing before the user has said so, once for each content of the file and what it includes.
 * @throws AppError `batch.untrusted`
 */
export const requireTrustedFile = async (read: FileToTrust, home: HomeDirs, wish: TrustWish): Promise<void> => {
  const { file, trustSha256, programs } = read;
  if (programs.length === 0 || isBatchTrusted(file, trustSha256, home)) return;
  if (!wish.trust && !(await wish.ask(read))) throw untrusted(read, wish);
  await trustBatch(file, trustSha256, home);
};

const untrusted = ({ file, programs }: FileToTrust, { command }: TrustWish): AppError => {
  const shown = programs.slice(0, MOST_SHOWN).map(({ what, line }) => `${what} ${line}`);
  const more = programs.length > MOST_SHOWN ? `, and ${programs.length - MOST_SHOWN} more` : '';
  return new AppError(
    'batch.untrusted',
    `${file} names what you have not said may be used: ${shown.join('; ')}${more}.`,
    {
      hint: `Read the file, then run \`${command ?? `amp-sessions batch start --file ${inShell(file)}`} --trust\`.`,
      details: { programs },
    },
  );
};
