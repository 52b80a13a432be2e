import { createHash } from 'node:crypto';
import type { Batch } from '../../batch/state.ts';
import type { HomeDirs } from '../../config/paths.ts';
import { isBatchTrusted, trustBatch } from '../../config/trust.ts';
import { AppError, inShell } from '../../errors.ts';
import type { Context } from '../context.ts';
import { writersHere } from '../view.ts';
import type { Program } from './plan-items.ts';
import type { FilePlan } from './read-file.ts';

/** What there is to trust of a file. */
export type FileToTrust = Pick<FilePlan, 'file' | 'trustSha256' | 'programs'>;

/** What there is to trust, and what it is of. */
export type Asked = Pick<FilePlan, 'file' | 'programs'>;

export interface TrustWish {
  /** `--trust`: the person has said so already. */
  trust: boolean;
  /** The command that it was given to, as a person would type it again; without one `batch start` or `batch resume`. */
  command?: string;
  /** Shows what there is to trust, and asks. */
  ask(what: Asked): Promise<boolean>;
}

/** Lines of the error; the rest is counted. */
const MOST_SHOWN = 5;

const untrusted = ({ file, programs }: Asked, command: string): AppError => {
  const shown = programs.slice(0, MOST_SHOWN).map(({ what, line }) => `${what} ${line}`);
  const more = programs.length > MOST_SHOWN ? `, and ${programs.length - MOST_SHOWN} more` : '';
  return new AppError(
    'batch.untrusted',
    `${file} names what you have not said may be used: ${shown.join('; ')}${more}.`,
    { hint: `Read it, then run \`${command} --trust\`, with what other flags you gave.`, details: { programs } },
  );
};

/**
 * A batch file runs nothing before the user has said so, once for each content of the file and what it includes.
 * @throws AppError `batch.untrusted`
 */
export const requireTrustedFile = async (read: FileToTrust, home: HomeDirs, wish: TrustWish): Promise<void> => {
  const { file, trustSha256, programs } = read;
  if (programs.length === 0 || isBatchTrusted(file, trustSha256, home)) return;
  if (!wish.trust && !(await wish.ask(read)))
    throw untrusted(read, wish.command ?? `amp-sessions batch start --file ${inShell(file)}`);
  await trustBatch(file, trustSha256, home);
};

const programsOf = ({ items }: Batch): Program[] => {
  const found = new Map<string, Program>();
  const add = (what: Program['what'], line: string | null | undefined): void => {
    if (!line) return;
    const key = `${what}\0${line}`;
    found.set(key, { what, line, items: (found.get(key)?.items ?? 0) + 1 });
  };
  for (const { plan } of items) {
    add(plan.agent.name === 'scripted' ? 'script of the agent' : 'program of the agent', plan.agent.command);
    add('test command', plan.test);
    add('set-up command', plan.setup);
  }
  return [...found.values()];
};

/**
 * A batch that came from another clone runs nothing here before somebody here has said so.
 * @throws AppError `batch.untrusted`
 */
export const requireTrustedBatch = async (home: Context, batch: Batch, wish: TrustWish): Promise<void> => {
  const own = writersHere(home);
  // Whoever planned just this here was asked then.
  if (batch.items.every(({ planners }) => planners.some((writer) => own.has(writer)))) return;
  const programs = programsOf(batch);
  if (programs.length === 0) return;
  const [key, sha256] = [
    `${home.repo.root}\0${batch.id}`,
    createHash('sha256').update(JSON.stringify(programs)).digest('hex'),
  ];
  if (isBatchTrusted(key, sha256, home.home)) return;
  const asked = { file: `Batch ${batch.id}, which was made in another clone,`, programs };
  if (!wish.trust && !(await wish.ask(asked)))
    throw untrusted(asked, wish.command ?? `amp-sessions batch resume ${inShell(batch.id)}`);
  await trustBatch(key, sha256, home.home);
};
