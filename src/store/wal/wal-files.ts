import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LogName } from '../../events/envelope.ts';
import type { Repository } from '../../git/repository.ts';
import { parseWalName, type WalName, walDir } from '../layout.ts';
import { isMissing, readIfThere, storeError } from './files.ts';

export interface WalFile extends WalName {
  path: string;
}

/** All write-ahead files of all writers in this folder. */
export const listWal = (repo: Repository): WalFile[] => {
  const dir = walDir(repo);
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw storeError(error, dir);
  }
  return names.flatMap((name) => {
    const parsed = parseWalName(name);
    return parsed ? [{ ...parsed, path: join(dir, name) }] : [];
  });
};

export interface WalBytes extends WalFile {
  bytes: Buffer;
}

/** The bytes of these logs' write-ahead files of one kind. Read them before the refs: a flush goes the other way. */
export const readWal = (repo: Repository, kind: WalName['kind'], logs: Set<LogName>): WalBytes[] =>
  listWal(repo).flatMap((file) => {
    const bytes = file.kind === kind && logs.has(file.log) ? readIfThere(file.path) : undefined;
    return bytes === undefined || bytes.length === 0 ? [] : [{ ...file, bytes }];
  });
