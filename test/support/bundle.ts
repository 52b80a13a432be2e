import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'rolldown';
import { tempDir } from './repo.ts';

/** Bundles TypeScript source (`import` paths relative to the repository root) into a program that plain node runs. */
export const bundle = async (source: string): Promise<string> => {
  const dir = tempDir('amp-bundle-');
  const root = path.resolve(import.meta.dirname, '../..');
  const entry = path.join(dir, 'entry.ts');
  writeFileSync(entry, source.replaceAll(/from '\.\//g, `from '${root}/`));
  const file = path.join(dir, 'program.mjs');
  await build({
    input: entry,
    platform: 'node',
    output: { dir, entryFileNames: path.basename(file), format: 'esm' },
    logLevel: 'silent',
  });
  return file;
};
