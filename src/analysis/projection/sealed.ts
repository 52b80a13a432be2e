import { createHash } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Clock } from '../../clock.ts';

export const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

/** The text behind its own hash, so that a damaged file is no file. */
export const readSealed = (path: string): string | undefined => {
  try {
    const text = readFileSync(path, 'utf8');
    const end = text.indexOf('\n');
    const body = text.slice(end + 1);
    return text.slice(0, end) === sha256(body) ? body : undefined;
  } catch {
    return undefined;
  }
};

/** Whoever reads it meanwhile has the one before. @throws what the file system says */
export const writeSealed = (path: string, body: string, clock: Clock): void => {
  const temporary = `${path}.${clock.newId()}.tmp`;
  try {
    writeFileSync(temporary, `${sha256(body)}\n${body}`, { mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
};
