import { rmSync } from 'node:fs';
import { basename } from 'node:path';
import type { Repository } from '../../git/repository.ts';
import { indexFile, indexStateFile } from '../../store/layout.ts';
import { readIfThere } from '../../store/wal/files.ts';
import type { Repaired } from './repair.ts';

const isJson = (text: string): boolean => {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
};

const isWhole = (text: string): boolean =>
  text === '' || (text.endsWith('\n') && text.slice(0, -1).split('\n').every(isJson));

/** Takes a cache away that is cut or spoiled: the next `list` makes it again from the logs. */
export const dropDamagedCaches = (repo: Repository, dryRun: boolean): Repaired[] => {
  const [index, state] = [indexFile(repo), indexStateFile(repo)];
  const texts = [index, state].map((path) => readIfThere(path)?.toString('utf8') ?? '');
  if (isWhole(texts[0]!) && (texts[1] === '' || isJson(texts[1]!))) return [];
  if (!dryRun) for (const path of [index, state]) rmSync(path, { force: true });
  const about = { what: 'cache' as const, log: basename(index), writer: null, from: null, to: null };
  return [{ ...about, objects: 0, source: 'the logs', kept: [] }];
};
