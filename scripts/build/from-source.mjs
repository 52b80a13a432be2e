import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { rolldown } from 'rolldown';

/**
 * Loads exports of TypeScript sources into this process.
 * @param {Record<string, string>} wanted file by export name, such as `{ catalogue: 'src/events/catalogue.ts' }`
 */
export const fromSource = async (root, wanted) => {
  const lines = Object.entries(wanted).map(
    ([name, file]) => `export { ${name} } from ${JSON.stringify(path.join(root, file))};`,
  );
  const entry = { name: 'entry', resolveId: (id) => (id === 'entry' ? '\0entry' : null), load: loadEntry(lines) };
  // How long a plugin took says something of the machine's load, and nothing of the build.
  const quiet = { logLevel: 'warn', checks: { bundlerTimings: false } };
  const build = await rolldown({ input: 'entry', platform: 'node', plugins: [entry], ...quiet });
  const { output } = await build.generate({ format: 'cjs', exports: 'named', codeSplitting: false });
  await build.close();
  const folder = mkdtempSync(path.join(tmpdir(), 'amp-sessions-build-'));
  try {
    const file = path.join(folder, 'sources.cjs');
    writeFileSync(file, output[0].code);
    return createRequire(file)(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const loadEntry = (lines) => (id) => (id === '\0entry' ? { code: lines.join('\n'), moduleType: 'js' } : null);
