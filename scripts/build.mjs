/**
 * Builds `dist/` out of `src/` and `commands/`; with --generate also the files made from the code; with --check it
 * fails when one of those is stale.
 *
 *     node scripts/build.mjs [--quiet] [--force] [--generate | --check]
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bundle } from './build/bundle.mjs';
import { inputsHash, isFresh } from './build/freshness.mjs';

const root = path.dirname(import.meta.dirname);
const { values: options } = parseArgs({
  options: {
    quiet: { type: 'boolean', short: 'q' },
    force: { type: 'boolean' },
    generate: { type: 'boolean' },
    check: { type: 'boolean' },
  },
});
const say = options.quiet ? () => {} : (text) => console.log(text);

const build = async () => {
  const inputs = inputsHash(root);
  if (!options.force && isFresh(root, inputs)) return say('dist/ is up to date.');
  const started = performance.now();
  const { id, files, bytes } = await bundle(root, inputs);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  say(`dist/ built in ${seconds} s: ${files} files, ${Math.round(bytes / 1024)} KiB, id ${id}.`);
};

const generated = async () => {
  const { generate, staleFiles, writeFiles } = await import('./build/generate.mjs');
  const files = await generate(root);
  const stale = staleFiles(root, files);
  if (options.generate) {
    writeFiles(root, files);
    return say(stale.length ? `Written: ${stale.join(', ')}.` : 'Generated files are up to date.');
  }
  if (stale.length === 0) return say('Generated files are up to date.');
  console.error(`✗ Stale generated files: ${stale.join(', ')}.\n  → Run \`npm run generate\` and commit them.`);
  process.exitCode = 1;
};

await build();
if (options.generate || options.check) await generated();
