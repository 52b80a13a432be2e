import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readBatchFile } from '../../../src/workflows/batch/read-file.ts';
import { tempDir } from '../../support/repo.ts';

/** A folder with files, and the plan of one of them. */
export const scene = (files: Record<string, string | Buffer> = {}) => {
  const dir = tempDir('amp-batch-');
  const write = (name: string, text: string | Buffer): string => {
    const file = join(dir, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  const warnings: string[] = [];
  const read = (name = 'b.yaml', over: { env?: Record<string, string>; concurrency?: number } = {}) =>
    readBatchFile({
      file: join(dir, name),
      env: { ...process.env, ...over.env },
      concurrency: over.concurrency,
      warn: (text) => warnings.push(text),
    });
  return { dir, write, read, warnings };
};
