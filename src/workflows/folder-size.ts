import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes of all files below a folder, links not followed; what vanishes meanwhile counts nothing. */
export const folderBytes = async (dir: string): Promise<number> => {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    const path = join(dir, entry.name);
    bytes += entry.isDirectory() ? await folderBytes(path) : ((await lstat(path).catch(() => undefined))?.size ?? 0);
  }
  return bytes;
};
