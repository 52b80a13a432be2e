import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Everything a build is made from; node_modules stands behind the lock file. */
const SOURCES = ['src', 'commands', 'scripts', 'package.json', 'package-lock.json', 'tsconfig.json'];

const filesOf = (root, relative) => {
  let entries;
  try {
    entries = readdirSync(path.join(root, relative), { withFileTypes: true });
  } catch {
    return [relative];
  }
  return entries.flatMap((entry) => {
    const name = `${relative}/${entry.name}`;
    if (entry.isDirectory()) return filesOf(root, name);
    return /\.(ts|mjs)$/.test(entry.name) ? [name] : [];
  });
};

/** One hash over the names and bytes of all sources. */
export const inputsHash = (root) => {
  const hash = createHash('sha256');
  for (const name of SOURCES.flatMap((source) => filesOf(root, source)).sort()) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(path.join(root, name)))
      .update('\0');
  }
  return hash.digest('hex');
};

/** True when `dist/` was built from exactly these sources. */
export const isFresh = (root, inputs) => {
  try {
    return JSON.parse(readFileSync(path.join(root, 'dist/build.json'), 'utf8')).inputs === inputs;
  } catch {
    return false;
  }
};
