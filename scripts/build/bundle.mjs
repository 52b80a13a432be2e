import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rolldown } from 'rolldown';
import { duckdbBindings } from './duckdb-bindings.mjs';
import { entries, MAIN, mainSource } from './entries.mjs';
import { lazyBuiltins } from './lazy-builtins.mjs';
import { thirdPartyLicenses } from './licenses.mjs';
import { manifest } from './manifest.mjs';
import { slimChalk } from './slim-chalk.mjs';
import { slimIsomorphicGit } from './slim-isomorphic-git.mjs';
import { slimOclif } from './slim-oclif.mjs';

const mainEntry = (root) => ({
  name: 'main-entry',
  resolveId: (id) => (id === MAIN ? MAIN : null),
  load: (id) => (id === MAIN ? { code: mainSource(root), moduleType: 'js' } : null),
});

const output = {
  format: 'cjs',
  exports: 'named',
  minify: true,
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name]-[hash].js',
  comments: { legal: false },
};

const contentId = (files) => {
  const hash = createHash('sha256');
  for (const { name, text } of files) hash.update(`${name}\0`).update(text).update('\0');
  return hash.digest('hex').slice(0, 16);
};

/** The old folder makes room at once, so that nobody ever sees half a build; another build may do the same just now. */
const swap = (fresh, dist) => {
  const old = `${fresh}.old`;
  for (let attempt = 1; ; attempt++) {
    try {
      if (existsSync(dist)) renameSync(dist, old);
      renameSync(fresh, dist);
      break;
    } catch (error) {
      if (attempt === 20) throw error;
    }
    rmSync(old, REMOVE);
  }
  rmSync(old, REMOVE);
};

/** A program that starts out of the old folder at this moment may still write into it. */
const REMOVE = { recursive: true, force: true, maxRetries: 5 };

/**
 * Bundles everything into `dist/`, all npm packages inside.
 * @returns {Promise<{ id: string, files: number, bytes: number }>} `id` is a hash of the content
 */
export const bundle = async (root, inputs) => {
  const build = await rolldown({
    input: entries(root),
    platform: 'node',
    plugins: [mainEntry(root), slimOclif(), slimChalk(), slimIsomorphicGit(), duckdbBindings(), lazyBuiltins()],
    transform: { target: 'node20', define: { __BUILD__: JSON.stringify(inputs) } },
    logLevel: 'warn',
    // How long a plugin took says something of the machine's load, and nothing of the build.
    checks: { bundlerTimings: false },
    onLog: (level, log, handler) => (log.code === 'EVAL' ? undefined : handler(level, log)),
  });
  const { output: chunks } = await build.generate(output);
  await build.close();
  const files = chunks.map((chunk) => ({ name: chunk.fileName, text: chunk.code ?? chunk.source }));
  const modules = chunks.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
  files.push({ name: 'THIRD-PARTY-LICENSES.txt', text: thirdPartyLicenses(root, modules) });

  const fresh = path.join(root, `dist.${process.pid}`);
  const write = ({ name, text }) => {
    const file = path.join(fresh, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  files.forEach(write);
  const id = contentId(files);
  const last = [
    { name: 'oclif.manifest.json', text: JSON.stringify(await manifest(root, fresh)) },
    { name: 'build.json', text: `${JSON.stringify({ id, inputs })}\n` },
  ];
  last.forEach(write);
  swap(fresh, path.join(root, 'dist'));
  const all = [...files, ...last];
  return { id, files: all.length, bytes: all.reduce((sum, { text }) => sum + text.length, 0) };
};
