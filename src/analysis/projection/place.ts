import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Repository } from '../../git/repository.ts';
import { analysisDir } from '../../store/layout.ts';
import { PRICES } from '../prices.ts';
import { ROWS_VERSION } from '../tables/all.ts';
import type { Table } from '../tables/table.ts';

/** Raised when the files are laid out in another way. */
const FORMAT = 3;

/** The build the program came out of; what runs out of the sources has none. */
declare const __BUILD__: string | undefined;

/** Another program, other tables, another price table: another folder, so that no rows of two kinds stand beside each other. */
export const schemaKey = (
  tables: readonly Table[],
  build = typeof __BUILD__ === 'string' ? __BUILD__ : '',
  prices: string = PRICES,
): string => {
  const shape = tables.map((table) => [table.name, table.columns.map((column) => [column.name, column.type])]);
  return createHash('sha256')
    .update(JSON.stringify([FORMAT, ROWS_VERSION, build, prices, shape]))
    .digest('hex')
    .slice(0, 16);
};

/** A folder of segments. */
export interface Place {
  folder: string;
  /** False: it goes when the answer was given, for the repository may not be written. */
  isKept: boolean;
}

export const placeOf = (repo: Repository, key: string): Place => ({
  folder: join(analysisDir(repo), key),
  isKept: true,
});

export const temporaryPlace = (): Place => ({
  folder: mkdtempSync(join(tmpdir(), 'amp-sessions-analysis-')),
  isKept: false,
});

export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

const ageMs = (path: string, now: string): number =>
  Date.parse(now) - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);

/** What a process that lives may still write, or another one read. */
const GRACE_MS = 60 * 60 * 1000;

export interface Sweep {
  /** Names in the place that stay. */
  needed: ReadonlySet<string>;
  /** Names that were needed until now: nobody else will take them away. */
  was: readonly string[];
  /** Something was forgotten: whatever may tell of it goes at once, whoever reads it. */
  isLeak: boolean;
  now: string;
  /** Keys of other places that are as new as this one. */
  beside: readonly string[];
}

/** Takes away what nobody needs: what was replaced, what dead processes left, and what other versions made. */
export const sweep = (repo: Repository, place: Place, { needed, was, isLeak, now, beside }: Sweep): void => {
  const own = namesIn(place.folder).filter((name) => !needed.has(name));
  const others = namesIn(analysisDir(repo))
    .filter((name) => isLeak || !beside.includes(name))
    .map((name) => join(analysisDir(repo), name));
  const isDue = (path: string): boolean => isLeak || ageMs(path, now) > GRACE_MS;
  for (const name of own)
    if (was.includes(name) || isDue(join(place.folder, name))) removeFolder(join(place.folder, name));
  for (const path of others) if (path !== place.folder && isDue(path)) removeFolder(path);
};
