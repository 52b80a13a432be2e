import { copyFileSync, existsSync, linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, syncFile, syncFolder, writeNewFile } from './files.ts';
import { removeKeep } from './packs.ts';
import type { Repository } from './repository.ts';

/** A private object directory for what comes from elsewhere: nothing of it is in the repository before it was looked at. */
export interface Quarantine {
  /** For the options `objectDir` and `alternates`. */
  dir: string;
  /** Puts the packs in it into the repository, kept from any gc until `release`, which is for when refs lead to them. */
  adopt(): { release(): void };
  dispose(): void;
}

/** Stands in the `.keep` files of adopted packs. */
const REASON = 'amp sync';

/** In the order in which git moves them: what makes a pack be seen comes last. Source: tmp-objdir.c. */
const rank = (name: string): number => (name.endsWith('.idx') ? 2 : name.endsWith('.pack') ? 1 : 0);

const bring = (from: string, to: string): void => {
  try {
    linkSync(from, to);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return;
    copyFileSync(from, to);
    syncFile(to);
  }
};

const keepPack = (file: string): void => {
  try {
    writeNewFile(file, `${REASON}\n`, 0o444);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
};

/** Single objects, which a partial clone may have fetched in between. */
const bringLoose = (dir: string, objects: string): void => {
  for (const fan of readdirSync(dir).filter((name) => /^[0-9a-f]{2}$/.test(name))) {
    mkdirSync(join(objects, fan), { recursive: true });
    for (const name of readdirSync(join(dir, fan))) bring(join(dir, fan, name), join(objects, fan, name));
    syncFolder(join(objects, fan));
  }
};

/** What one that died has left: packs that are kept for nobody. */
const releaseAll = (folder: string): void => {
  for (const name of existsSync(folder) ? readdirSync(folder) : [])
    if (name.endsWith('.keep')) removeKeep(join(folder, name), REASON);
};

/** To be called by one process at a time, under the lock of a sync; what one that died has left is taken away. */
export const openQuarantine = (repo: Repository): Quarantine => {
  const top = join(repo.commonDir, 'amp', 'incoming');
  const objects = join(repo.commonDir, 'objects');
  rmSync(top, { recursive: true, force: true });
  releaseAll(join(objects, 'pack'));
  mkdirSync(top, { recursive: true });
  const dir = mkdtempSync(join(top, 'objects-'));
  mkdirSync(join(dir, 'pack'));
  const adopt = (): { release(): void } => {
    const names = readdirSync(join(dir, 'pack')).filter((name) => /^pack-.*\.(pack|idx|rev|promisor)$/.test(name));
    const stems = names.filter((name) => name.endsWith('.pack')).map((name) => name.slice(0, -'.pack'.length));
    const keeps = stems.map((stem) => join(objects, 'pack', `${stem}.keep`));
    for (const file of keeps) keepPack(file);
    for (const name of names.sort((a, b) => rank(a) - rank(b)))
      bring(join(dir, 'pack', name), join(objects, 'pack', name));
    bringLoose(dir, objects);
    if (existsSync(join(objects, 'pack'))) syncFolder(join(objects, 'pack'));
    return {
      release: () => {
        for (const file of keeps) removeKeep(file, REASON);
      },
    };
  };
  return { dir, adopt, dispose: () => rmSync(top, { recursive: true, force: true }) };
};
