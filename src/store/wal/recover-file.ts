import { closeSync, fsyncSync, openSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { decodeEvent } from '../../events/codec.ts';
import { ensureDir, readIfThere, replaceFile, storeError, syncDir, writeAll } from './files.ts';

/** Bytes that are no line, taken out of a write-ahead file. */
export interface SetAside {
  bytes: number;
  /** The file that keeps them. */
  quarantine: string;
}

const isTranscriptLine = (line: string): boolean => {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
};

/** Splits a file's bytes into complete readable lines and the rest (a torn end, blocks of NUL after a power cut). */
export const sortOut = (bytes: Buffer, isLine: (line: string) => boolean): { good: Buffer; bad: Buffer } => {
  const good: Buffer[] = [];
  const bad: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(10, start);
    const end = newline < 0 ? bytes.length : newline + 1;
    const line = bytes.subarray(start, end);
    (newline >= 0 && isLine(line.subarray(0, -1).toString()) ? good : bad).push(line);
    start = end;
  }
  return { good: Buffer.concat(good), bad: Buffer.concat(bad) };
};

export interface RecoverOptions {
  path: string;
  kind: 'events' | 'transcript';
  quarantineDir: string;
  /** Makes names unique. */
  id: string;
}

/**
 * Leaves only complete, readable lines in a write-ahead file. Everything else goes, byte for byte, into a quarantine
 * file that is safe before the write-ahead file is touched. Undefined when there was nothing to do.
 */
export const recoverFile = ({ path, kind, quarantineDir, id }: RecoverOptions): SetAside | undefined => {
  const bytes = readIfThere(path);
  if (bytes === undefined) return undefined;
  const { good, bad } = sortOut(
    bytes,
    kind === 'events' ? (line) => decodeEvent(line) !== undefined : isTranscriptLine,
  );
  if (bad.length === 0) return undefined;
  const quarantine = join(quarantineDir, `${basename(path)}.${id}`);
  try {
    ensureDir(quarantineDir);
    const fd = openSync(quarantine, 'wx', 0o600);
    try {
      writeAll(fd, bad);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    syncDir(dirname(quarantine));
    replaceFile(path, good, `${path}.${id}.tmp`);
  } catch (error) {
    throw storeError(error, path);
  }
  return { bytes: bad.length, quarantine };
};
