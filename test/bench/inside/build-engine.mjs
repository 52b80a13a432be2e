import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'rolldown';
import { slimIsomorphicGit } from '../../../scripts/build/slim-isomorphic-git.mjs';
import { ROOT } from '../world.mjs';

const PARTS = {
  'clock.ts': 'systemClock',
  'events/codec.ts': 'encodeEvent',
  'events/envelope.ts': 'GENESIS, sessionLog',
  'git/locate.ts': 'locateRepository',
  'git/packs.ts': 'addPack, maintenance',
  'redaction/redactor.ts': 'createRedactor',
  'redaction/sources.ts': 'SecretSources',
  'session/evolve.ts': 'replay, replayStep',
  'store/code-ref.ts': 'planCode',
  'store/drafts.ts': 'sealDrafts',
  'store/git-store.ts': 'openStore',
  'store/layout.ts': 'codeRef, laneRef',
  'store/objects/new-objects.ts': 'NewObjects',
  'store/plan-flush.ts': 'planFlush',
  'store/tips.ts': 'recordTips',
  'store/wal/writer.ts': 'mintWriter',
  'workflows/batch/create.ts': 'createBatch',
  'workflows/batch/home.ts': 'openBatchHome',
  'workflows/batch/run.ts': 'runBatch',
  'workflows/batch/view.ts': 'silentView',
  'workflows/context.ts': 'withContext',
  'workflows/interrupts.ts': 'InterruptSwitch',
  'workflows/verify.ts': 'verify',
};

/** Bundles the parts of the engine that are measured in process, in a process of its own: the bundler is large. */
const [dir] = process.argv.slice(2);
const entry = path.join(dir, 'entry.ts');
const lines = Object.entries(PARTS).map(
  ([file, names]) => `export { ${names} } from '${path.join(ROOT, 'src', file)}';`,
);
writeFileSync(entry, lines.join('\n'));
writeFileSync(path.join(dir, 'package.json'), '{"type":"module"}\n');
// The process that starts others is found beside the engine, as in `dist/`.
const starter = 'process/starter-main';
const entryFileNames = ({ name }) => (name === starter ? '[name].js' : '[name].mjs');
const output = { dir, format: 'esm', entryFileNames };
await build({
  input: { engine: entry, [starter]: path.join(ROOT, `src/${starter}.ts`) },
  platform: 'node',
  output,
  plugins: [slimIsomorphicGit()],
  logLevel: 'silent',
});
process.stdout.write(JSON.stringify(path.join(dir, 'engine.mjs')));
