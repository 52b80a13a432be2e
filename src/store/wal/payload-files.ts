import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDir, isMissing, readIfThere, replaceFile, storeError } from './files.ts';

/** Makes the parts of long strings safe before the line that refers to them is written. */
export const keepPayloads = (dir: string, payloads: Map<string, Buffer>, temporaryId: string): void => {
  if (payloads.size === 0) return;
  try {
    ensureDir(dir);
    for (const [sha256, bytes] of payloads) {
      const path = join(dir, sha256);
      if (!existsSync(path)) replaceFile(path, bytes, `${path}.${temporaryId}.tmp`);
    }
  } catch (error) {
    throw storeError(error, dir);
  }
};

export const readPayloadPart = (dir: string, sha256: string): Buffer | undefined => readIfThere(join(dir, sha256));

const namesIn = (dir: string): string[] => {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw storeError(error, dir);
  }
};

/** Takes away what no line of the write-ahead file needs any more; the folder too, once it is empty. */
export const dropPayloads = (dir: string, needed: Set<string>): void => {
  const names = namesIn(dir);
  if (names.length === 0) return;
  const gone = names.filter((name) => !needed.has(name));
  for (const name of gone) rmSync(join(dir, name), { force: true });
  if (gone.length === names.length) rmSync(dir, { recursive: true, force: true });
};
