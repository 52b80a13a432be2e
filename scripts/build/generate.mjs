import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Every file that is made from the code.
 * @returns {Promise<Map<string, string>>} text by path, relative to the repository
 */
export const generate = async (root) => {
  const manifest = JSON.parse(readFileSync(path.join(root, 'dist/oclif.manifest.json'), 'utf8'));
  return new Map([['oclif.manifest.json', `${JSON.stringify(manifest, null, 2)}\n`]]);
};

const readOr = (file, otherwise) => {
  try {
    return readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
  } catch {
    return otherwise;
  }
};

export const staleFiles = (root, files) =>
  [...files].filter(([name, text]) => readOr(path.join(root, name), '') !== text).map(([name]) => name);

export const writeFiles = (root, files) => {
  for (const [name, text] of files) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
};
