import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAppError } from '../errors.ts';
import { lstatIfAny, syncFile, syncFolder } from './files.ts';
import { git, gitText } from './git.ts';
import { assertId } from './ids.ts';
import type { Repository } from './repository.ts';

const packDir = (repo: Repository): string => join(repo.commonDir, 'objects', 'pack');

const syncCopy = (from: string, to: string): void => {
  const temporary = `${to}.tmp`;
  copyFileSync(from, temporary);
  syncFile(temporary);
  renameSync(temporary, to);
};

const writePack = async (repo: Repository, ids: string[], folder: string): Promise<string> => {
  const args = ['pack-objects', '-q', '--threads=1', join(folder, 'pack')];
  return `pack-${await gitText(repo, args, { stdin: ids.map((id) => `${id}\n`).join('') })}`;
};

const keepAside = (file: string, folder: string, name: string): void => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    linkSync(file, join(folder, name));
  } catch {
    copyFileSync(file, join(folder, name));
  }
  syncFolder(folder);
};

const filesOf = (repo: Repository, pack: string): string[] =>
  readdirSync(packDir(repo)).filter((name) => name.startsWith(`${pack}.`) && !name.endsWith('.keep'));

/** Brings a pack in under its name; a damaged one of the same name is kept in the folder. */
const placePack = (repo: Repository, { from, name }: { from: string; name: string }, folder: string): void => {
  mkdirSync(packDir(repo), { recursive: true });
  for (const file of filesOf(repo, name)) keepAside(join(packDir(repo), file), folder, file);
  for (const ending of ['.pack', '.idx'])
    syncCopy(join(from, `${name}${ending}`), join(packDir(repo), `${name}${ending}`));
  syncFolder(packDir(repo));
};

export interface Taking {
  from: Repository;
  ids: string[];
  /** Stands in the pack's `.keep` file. */
  reason: string;
  /** Gets the damaged files that are in the way. */
  folder: string;
}

/**
 * Copies objects from another repository into this one as one pack, also where git takes them for there because a
 * damaged copy is: a pack that is brought in the usual way is compared with what is there, and refused.
 * @returns lets go of the pack, which is kept from any gc until then
 * @throws AppError git.failed when the other one has not all of them
 */
export const takeObjects = async (repo: Repository, { from, ids, reason, folder }: Taking): Promise<() => void> => {
  ids.forEach(assertId);
  const name = await writePack(from, ids, packDir(from));
  const keep = join(packDir(repo), `${name}.keep`);
  mkdirSync(packDir(repo), { recursive: true });
  writeFileSync(keep, `${reason}\n`);
  placePack(repo, { from: packDir(from), name }, folder);
  return () => rmSync(keep, { force: true });
};

/** What a copy that died half-way left kept for ever. */
export const dropKeptPacks = (repo: Repository, reason: string): void => {
  if (!existsSync(packDir(repo))) return;
  for (const name of readdirSync(packDir(repo)))
    if (name.endsWith('.keep') && readFileSync(join(packDir(repo), name), 'utf8').trimEnd() === reason)
      rmSync(join(packDir(repo), name), { force: true });
};

const idsIn = async (repo: Repository, idx: string): Promise<string[] | undefined> => {
  try {
    const args = ['show-index', `--object-format=${repo.objectFormat}`];
    const text = await gitText(repo, args, { stdin: readFileSync(idx), maxBytes: 1 << 30 });
    return text === '' ? [] : text.split('\n').map((line) => line.split(' ')[1]!);
  } catch (error) {
    if (isAppError(error, 'git.failed')) return undefined;
    throw error;
  }
};

/** A pack in which one of the objects is spoiled: written anew with the sound copies, where all can be had. */
const renewPack = async (repo: Repository, base: string, bad: Set<string>, folder: string): Promise<string[]> => {
  const ids = await idsIn(repo, join(packDir(repo), `${base}.idx`));
  if (ids && !ids.some((id) => bad.has(id))) return [];
  const draft = mkdtempSync(join(tmpdir(), 'amp-pack-'));
  try {
    const name = ids && ids.length > 0 ? await writePack(repo, ids, draft) : base;
    const old = filesOf(repo, base);
    if (name === base && ids) placePack(repo, { from: draft, name }, folder);
    else {
      for (const file of old) keepAside(join(packDir(repo), file), folder, file);
      if (ids) placePack(repo, { from: draft, name }, folder);
      // Without its index no pack is looked at: that goes first.
      old.sort((a, b) => Number(b.endsWith('.idx')) - Number(a.endsWith('.idx')));
      for (const file of old) rmSync(join(packDir(repo), file), { force: true });
    }
    return old;
  } catch (error) {
    if (!isAppError(error, 'git.failed')) throw error;
    return [];
  } finally {
    rmSync(draft, { recursive: true, force: true, maxRetries: 3 });
  }
};

/**
 * Sets damaged copies of objects aside, once sound ones are here: loose files, and packs whose other objects can all
 * be read. Others stay where they are; git reads the sound copies.
 * @param folder gets the damaged files
 * @returns names of the files that were moved
 */
export const setDamagedAside = async (repo: Repository, ids: string[], folder: string): Promise<string[]> => {
  const moved: string[] = [];
  for (const id of ids) {
    assertId(id);
    const file = join(repo.commonDir, 'objects', id.slice(0, 2), id.slice(2));
    if (!lstatIfAny(file)?.isFile()) continue;
    keepAside(file, folder, id);
    rmSync(file, { force: true });
    moved.push(id);
  }
  if (!existsSync(packDir(repo))) return moved;
  const bad = new Set(ids);
  const names = readdirSync(packDir(repo));
  const bases = names.filter((name) => name.endsWith('.idx')).map((name) => name.slice(0, -'.idx'.length));
  // What is kept has just come in, or somebody wants it as it is.
  for (const base of bases.filter((one) => !names.includes(`${one}.keep`)))
    moved.push(...(await renewPack(repo, base, bad, folder)));
  return moved;
};

/** All objects behind some commits, as far as `repo` has them. */
export const objectsBehind = async (repo: Repository, tips: string[]): Promise<string[]> => {
  tips.forEach(assertId);
  if (tips.length === 0) return [];
  const how = { stdin: `${tips.join('\n')}\n`, maxBytes: 1 << 30 };
  const { stdout } = await git(repo, ['rev-list', '--objects', '--no-object-names', '--stdin'], how);
  return stdout.toString('latin1').split('\n').filter(Boolean);
};
