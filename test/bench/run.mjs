/**
 * Measures what people wait for, in ratios to bare git or bare node of the same run.
 *
 *     npm run bench -- [--quick | --full] [--only <name>]… [--size <events>]… [--json] [--repo <path to a clone>]
 *
 * Names: start, list, new, iterate, append, replay, redaction, landing, history, sync, batch, analysis, search. With --full 300
 * sessions are in flight at once. The last two are
 * asked of 10,000 and 100,000 events, with --full of 10,000,000 at most, or of as many as --size says. With --repo only
 * `new` and `iterate`, in a copy of that clone. Everything is written to a temporary folder and removed.
 */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { analysis } from './analysis.mjs';
import { append } from './append.mjs';
import { batch } from './batch.mjs';
import { history } from './history.mjs';
import { iterate } from './iterate.mjs';
import { landing } from './landing.mjs';
import { list } from './list.mjs';
import { newSession } from './new.mjs';
import { redaction } from './redaction.mjs';
import { replay } from './replay.mjs';
import { search } from './search.mjs';
import { start } from './start.mjs';
import { sync } from './sync.mjs';
import { tableText } from './table.mjs';
import { makeWorld } from './world.mjs';

const BENCHES = {
  start,
  list,
  new: newSession,
  iterate,
  append,
  replay,
  redaction,
  landing,
  history,
  sync,
  batch,
  analysis,
  search,
};
const OF_A_REPOSITORY = ['new', 'iterate'];

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    full: { type: 'boolean', default: false },
    size: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    repo: { type: 'string' },
  },
});

const names = options.only ?? (options.repo ? OF_A_REPOSITORY : Object.keys(BENCHES));
const unknown = names.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`✗ There is no bench ${unknown.join(', ')}.\n  → Known: ${Object.keys(BENCHES).join(', ')}.`);
  process.exit(2);
}

const sizes = options.size?.map(Number);
if (sizes?.some((size) => !Number.isSafeInteger(size) || size < 100)) {
  console.error('✗ --size takes a number of events.\n  → For example: --size 1000000.');
  process.exit(2);
}

const machine = () => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  platform: `${process.platform}-${process.arch}`,
  node: process.version,
  git: execFileSync('git', ['version'], { encoding: 'utf8' }).trim().replace('git version ', ''),
  load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
});

/** The clone that is measured is a copy: nothing is written to the one that was named. */
const copyOf = (world, clone) => {
  const repository = path.join(world.dir, 'clone');
  world.git(world.dir, 'clone', '-q', path.resolve(clone), repository);
  const files = world.git(repository, 'ls-files').split('\n').length;
  const title = `${path.basename(path.resolve(clone)).replace(/\.git$/, '')}, ${files.toLocaleString('en-US')} files`;
  return { path: repository, title, rounds: world.quick ? 3 : 10 };
};

const say = options.json ? () => {} : (text) => console.log(text);
const world = makeWorld({ quick: options.quick, full: options.full, sizes });
process.on('SIGINT', () => process.exit(130));
process.on('exit', () => world.close());

const about = machine();
say(`${about.cores} × ${about.cpu}, ${about.platform}, Node ${about.node}, git ${about.git}, load ${about.load}`);
if (about.load > 1) say('! Other work goes on here: only the ratios mean something, and not much.');
const engine = world.inside('build-engine', world.folder('engine'));
const place = { ...world, engine, repo: options.repo && copyOf(world, options.repo) };

const tables = [];
/** All tables at once, or each as it is ready. */
const tablesOf = async function* (name) {
  const made = await BENCHES[name](place);
  yield* made;
};

for (const name of names)
  for await (const table of tablesOf(name)) {
    tables.push(table);
    say(tableText(table));
  }
if (options.json) console.log(JSON.stringify({ machine: about, tables }, null, 2));
