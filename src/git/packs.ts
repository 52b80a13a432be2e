import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, isAppError } from '../errors.ts';
import { lstatIfAny } from './files.ts';
import { git, gitText } from './git.ts';
import { isHeld } from './hold-packs.ts';
import { isId } from './ids.ts';
import type { Repository } from './repository.ts';

export { maintenance } from './maintenance.ts';

const ATTEMPTS = 6;

const indexPack = async (repo: Repository, pack: Buffer, reason: string): Promise<string> => {
  for (let attempt = 1; ; attempt++) {
    try {
      const args = ['index-pack', '--stdin', '--fix-thin', `--keep=${reason}`];
      return await gitText(repo, args, { stdin: pack, settings: [['core.fsync', 'all']] });
    } catch (error) {
      // A gc that runs beside us takes a half-written pack away; the next try writes it again.
      if (!isAppError(error, 'git.failed') || attempt === ATTEMPTS) throw error;
      await sleep(10 * attempt);
    }
  }
};

/** Lets go of a pack that was kept for this reason. */
export const removeKeep = (file: string, reason: string): void => {
  try {
    if (readFileSync(file, 'utf8').trimEnd() === reason) rmSync(file, { force: true });
  } catch {}
};

/**
 * Brings a pack into the repository the way a push does: verified and on disk when this returns, and kept from any gc
 * until `release`, which is for when a ref leads to it.
 * @param reason one line, which says whose the `.keep` file is
 * @throws AppError git.failed
 */
export const addPack = async (repo: Repository, pack: Buffer, reason: string): Promise<{ release(): void }> => {
  if (/[\n\0]/.test(reason)) throw new AppError('git.failed', 'The reason to keep a pack must be one line.');
  const answer = await indexPack(repo, pack, reason);
  const id = answer.slice(answer.indexOf('\t') + 1);
  const file = join(repo.commonDir, 'objects', 'pack', `pack-${id}.keep`);
  return {
    release: () => {
      if (!isHeld(repo, reason)) removeKeep(file, reason);
    },
  };
};

const looseIn = (objectDir: string): string[] =>
  readdirSync(objectDir)
    .filter((name) => /^[0-9a-f]{2}$/.test(name))
    .flatMap((fan) => readdirSync(join(objectDir, fan)).map((rest) => fan + rest))
    .filter(isId);

const packedIn = async (repo: Repository, objectDir: string): Promise<string[]> => {
  const folder = join(objectDir, 'pack');
  if (!existsSync(folder)) return [];
  const ids: string[] = [];
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.idx'))) {
    const args = ['show-index', `--object-format=${repo.objectFormat}`];
    const text = await gitText(repo, args, { stdin: readFileSync(join(folder, name)) });
    for (const line of text.split('\n')) if (line !== '') ids.push(line.split(' ')[1]!);
  }
  return ids;
};

/** One pack of everything in a private object directory, which may lean on objects of the repository. */
export const packQuarantine = async (repo: Repository, objectDir: string): Promise<Buffer> => {
  if (!lstatIfAny(objectDir)?.isDirectory()) {
    throw new AppError('git.failed', `The private object directory ${objectDir} does not exist.`);
  }
  const ids = [...looseIn(objectDir), ...(await packedIn(repo, objectDir))];
  const args = ['pack-objects', '--stdout', '-q', '--threads=1'];
  return (await git(repo, args, { objectDir, stdin: ids.map((id) => `${id}\n`).join('') })).stdout;
};
