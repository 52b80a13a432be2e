import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { inTurn, rows, timeProgram } from './measure.mjs';
import { makeRepository, ROOT } from './world.mjs';

/** Events to sessions: a hundred events each, as an afternoon of an agent makes them. */
const EVENTS = 100;
const LIMITS = { 1000000: { warm: 250, added: 100 } };

const SQL = `SELECT count(*), sum(tokens_input), sum(tokens_output) FROM usage`;

/** The same figures by the other SQL: over one table of all lines. */
const SQLITE = `SELECT count(*), sum(json_extract(data, '$.tokensInput')), sum(json_extract(data, '$.tokensOutput'))
  FROM events WHERE type = 'usage.reported';`;

const program = (name, ...args) => [path.join(import.meta.dirname, 'inside', `${name}.mjs`), ...args];
const number = (count) => count.toLocaleString('en-US');

/** Debian's program, where it is: lines as they are into one table with the columns of an event. */
const sqliteOf = (world, { lines, title }) => {
  const env = { ...world.env };
  if (spawnSync('sqlite3', ['--version'], { env }).status !== 0) return undefined;
  const file = `${lines}.db`;
  const fields = ['log', 'writer', 'seq', 'clock', 'at', 'by', 'type', 'data'];
  const script = `CREATE TABLE raw (line TEXT);\n.mode ascii\n.separator "\\037" "\\n"\n.import ${lines} raw
CREATE TABLE events AS SELECT ${fields.map((field) => `json_extract(line, '$.${field}') AS "${field}"`).join(', ')} FROM raw;
DROP TABLE raw;\n`;
  const run = (input) => timeProgram('sqlite3', [file], { env, input });
  return {
    [`sqlite3, load ${title}`]: { before: () => rmSync(file, { force: true }), run: () => run(script) },
    [`sqlite3, ask ${title}`]: () => run(SQLITE),
  };
};

const makeHistory = (world, count) => {
  const repository = makeRepository(world, `analysis-${count}`, 1);
  const lines = path.join(world.dir, `analysis-${count}.ndjson`);
  const given = { repository, sessions: count / EVENTS, events: EVENTS, lines };
  world.inside('build-logs', world.engine, JSON.stringify(given));
  return { repository, lines, title: `${number(count)} events` };
};

/** Megabytes that one process needed at most, as it says itself. */
const memoryOf = (world, args) => {
  const { stdout } = spawnSync(process.execPath, args, { env: world.env, encoding: 'utf8', maxBuffer: 1 << 28 });
  return JSON.parse(stdout).megabytes;
};

const ofCount = async (world, count) => {
  const history = makeHistory(world, count);
  const { repository, lines, title } = history;
  const { env } = world;
  const node = (...args) => timeProgram(process.execPath, args, { cwd: repository, env });
  const ask = program('ask', world.engine, repository, world.dir, SQL);
  const plain = program('read-ndjson', path.join(ROOT, 'node_modules'), lines);
  const cache = path.join(repository, '.git/amp/cache/analysis');
  const forget = () => rmSync(cache, { recursive: true, force: true });
  const touch = () => world.inside('touch-log', world.engine, repository, 's000000005');
  const cold = await inTurn(world.quick || count > 100_000 ? 1 : 3, {
    'node -e 0': () => node('-e', '0'),
    [`cold: the cache of ${title}, and an answer`]: { before: forget, run: () => node(...ask) },
    [`plain DuckDB, read_ndjson of ${title}`]: () => node(...plain),
    ...sqliteOf(world, history),
  });
  forget();
  const coldMegabytes = memoryOf(world, ask);
  const warmTitle = `warm: an answer over ${title}`;
  const addedTitle = `one session went on, ${title}`;
  const warm = await inTurn(world.quick ? 5 : 15, {
    'node -e 0': () => node('-e', '0'),
    [warmTitle]: () => node(...ask),
    [addedTitle]: { before: touch, run: () => node(...ask) },
  });
  const { warm: most, added } = LIMITS[count] ?? {};
  const limits = {
    [warmTitle]: most && { limit: { added: most } },
    [addedTitle]: most && { limit: { added: most + added } },
  };
  const megabytes = { cold: coldMegabytes, warm: memoryOf(world, ask), plain: memoryOf(world, plain) };
  for (const file of [lines, `${lines}.db`]) if (existsSync(file)) rmSync(file);
  return { rows: [...rows(cold).slice(1), ...rows(warm, limits)], megabytes, title };
};

const memoryText = ({ title, megabytes: { cold, warm, plain } }) =>
  `${title}: ${cold} MB cold, ${warm} MB warm, plain DuckDB ${plain} MB`;

/** Questions to the history, whole processes: the cache made, as it is, and after one session went on. */
export const analysis = async (world) => {
  const counts = world.quick ? [10_000, 100_000] : [10_000, 1_000_000, ...(world.full ? [10_000_000] : [])];
  const tables = [];
  for (const count of counts) {
    const made = await ofCount(world, count);
    const hasSqlite = made.rows.some(({ what }) => what.startsWith('sqlite3'));
    const note = hasSqlite ? '' : '; sqlite3 is not installed, and skipped';
    tables.push({ name: 'analysis', title: `Questions, ${memoryText(made)}${note}`, rows: made.rows });
  }
  return tables;
};
