import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { askedHistory, number, sizesOf } from './asked-history.mjs';
import { inTurn, rows, timeProgram, useOf, useText } from './measure.mjs';
import { ROOT } from './world.mjs';

/** More than `node -e 0`, over a million events: the issue that asked for it. */
const LIMITS = { 1000000: { warm: 250, added: 100 } };

const SQL = 'SELECT model, sum(tokens_input), sum(tokens_output) FROM usage GROUP BY ALL';

/** The same figures by the other SQL: over one table of all lines. */
const SQLITE = `SELECT json_extract(data, '$.model'), sum(json_extract(data, '$.tokensInput')),
  sum(json_extract(data, '$.tokensOutput')) FROM events WHERE type = 'usage.reported' GROUP BY 1;`;

const inside = (name, ...args) => [path.join(import.meta.dirname, 'inside', `${name}.mjs`), ...args];

/** Debian's program, where it is: lines as they are into one table with the columns of an event. */
const sqliteOf = (world, { lines }) => {
  const { env } = world;
  if (spawnSync('sqlite3', ['--version'], { env }).status !== 0) return undefined;
  const file = `${lines}.db`;
  const fields = ['log', 'writer', 'seq', 'clock', 'at', 'by', 'type', 'data'];
  const script = `CREATE TABLE raw (line TEXT);\n.mode ascii\n.separator "\\037" "\\n"\n.import ${lines} raw
CREATE TABLE events AS SELECT ${fields.map((field) => `json_extract(line, '$.${field}') AS "${field}"`).join(', ')} FROM raw;
DROP TABLE raw;\n`;
  const run = (input) => timeProgram('sqlite3', [file], { env, input });
  const drop = () => rmSync(file, { force: true });
  return {
    drop,
    load: { 'sqlite3, all lines into a table': { before: drop, run: () => run(script) } },
    ask: { 'sqlite3, one question to that table': () => run(SQLITE) },
  };
};

/** What all cases need: the program and node in a repository, and what they use. */
const runnerIn = (world, { repository }) => {
  const { env } = world;
  const place = { cwd: repository, env };
  return {
    node: (...args) => timeProgram(process.execPath, args, place),
    ours: (...args) => timeProgram(process.execPath, world.program(...args), place),
    use: (args, more) => useOf(args, { ...place, ...more, file: path.join(world.dir, 'used.json') }),
  };
};

/** A row for each question, with what its process used at least; and what that is more than `node -e 0`. */
const withUse = (table, uses) => table.map((row) => (uses[row.what] ? { ...row, note: useText(uses[row.what]) } : row));

const cold = async (world, history, { node, ours, use }) => {
  const { repository, lines, sqlite, count } = history;
  const before = () => rmSync(path.join(repository, '.git/amp/cache/analysis'), { recursive: true, force: true });
  const plain = inside('read-ndjson', path.join(ROOT, 'node_modules'), lines);
  const names = { cold: 'metrics, the cache made from git', plain: 'plain DuckDB, one question to the lines' };
  // Where a round takes minutes there is one, and none before it.
  const rounds = world.quick || count > 100_000 ? 0 : 2;
  const samples = await inTurn(Math.max(1, rounds), {
    'node -e 0': () => node('-e', '0'),
    [names.plain]: () => node(...plain),
    ...sqlite?.load,
    ...sqlite?.ask,
    ...(rounds > 0 && { [names.cold]: { before, run: () => ours('metrics') } }),
  });
  const used = use(world.program('metrics'), { before });
  if (rounds === 0) samples[names.cold] = [used.ms];
  sqlite?.drop();
  return withUse(rows(samples).slice(1), { [names.cold]: used, [names.plain]: use(plain) });
};

/** What was found out of the same rows before. */
const forgetAnswers = (repository) => {
  const folder = path.join(repository, '.git/amp/cache/analysis');
  for (const name of readdirSync(folder, { recursive: true }))
    if (path.basename(name).startsWith('answers-')) rmSync(path.join(folder, name));
};

const warm = async (world, history, { node, ours, use }) => {
  const forget = () => forgetAnswers(history.repository);
  const before = () => world.inside('touch-log', world.engine, history.repository, 's000000005');
  const limit = LIMITS[history.count];
  const first = 'metrics, not asked before';
  const cases = {
    [first]: ['metrics'],
    'metrics by session': ['metrics', '--group-by', 'session', '--json'],
    'metrics of one session': ['metrics', 's000000007'],
    'sql, one question': ['sql', SQL],
  };
  const [again, added] = ['metrics, asked again', 'metrics, one session went on'];
  for (const args of [...Object.values(cases), ['metrics']]) ours(...args);
  const samples = await inTurn(world.quick ? 5 : 15, {
    'node -e 0': () => node('-e', '0'),
    ...Object.fromEntries(
      Object.entries(cases).map(([name, args]) => [name, { before: forget, run: () => ours(...args) }]),
    ),
    [again]: { before: () => ours('metrics'), run: () => ours('metrics') },
    [added]: { before, run: () => ours('metrics') },
  });
  const uses = Object.fromEntries(
    Object.entries(cases).map(([name, args]) => [name, use(world.program(...args), { times: 5, before: forget })]),
  );
  uses[again] = use(world.program('metrics'), { times: 5 });
  uses[added] = use(world.program('metrics'), { times: 5, before });
  uses['node -e 0'] = use(['-e', '0'], { times: 5 });
  const limits = limit && {
    [first]: { limit: { added: limit.warm } },
    [again]: { limit: { added: limit.warm } },
    [added]: { limit: { added: limit.warm + limit.added } },
  };
  return withUse(rows(samples, limits), uses);
};

const EXPORTS = [
  ['the log, ndjson', 'ndjson'],
  ['events, ndjson', 'ndjson', '--table', 'events'],
  ['events, csv', 'csv', '--table', 'events'],
  ['events, json', 'json', '--table', 'events'],
  ['events, parquet', 'parquet', '--table', 'events'],
  ['tool_calls, csv', 'csv', '--table', 'tool_calls'],
];

/** Of the largest history each takes minutes: there every way of writing once. */
const exportsOf = (count) =>
  count > 1_000_000 ? EXPORTS.filter(([what]) => !/^events, (ndjson|json)|^tool_calls/.test(what)) : EXPORTS;

const exported = (world, { repository, count: events }, { use }) =>
  exportsOf(events).map(([what, format, ...table]) => {
    const out = path.join(world.dir, `out.${format}`);
    const args = ['export', '--format', format, ...table, '--out', out, '--force', '--json'];
    const used = use(world.program(...args), {});
    const { rows: counted } = world.ask(repository, 'sql', `SELECT count(*) AS count FROM ${table[1] ?? 'events'}`);
    const [{ count }] = counted;
    const { size } = statSync(out);
    rmSync(out);
    const rate = `${number(Math.round(count / used.ms))} rows a ms, ${Math.round(size / 1000 / used.ms)} MB/s`;
    return { what: `export ${what}`, ms: used.ms, note: `${useText(used)}, ${rate}` };
  });

const reported = (world, { count }, { use }) => {
  const out = path.join(world.dir, 'report.html');
  const used = use(world.program('report', '--output', out, '--force'));
  const megabytes = Math.round(statSync(out).size / 1e5) / 10;
  rmSync(out);
  return { what: `report of everything, HTML of ${megabytes} MB`, ms: used.ms, note: useText(used), count };
};

/** Each table as soon as it is there: of the largest history all of them take half an hour. */
const ofCount = async function* (world, count) {
  const made = askedHistory(world, count);
  const history = { ...made, count, sqlite: sqliteOf(world, made) };
  const runner = runnerIn(world, history);
  const name = 'analysis';
  const title = `${history.title}, ${number(Math.round(history.bytes / 1e6))} MB of lines`;
  const note = history.sqlite ? '' : '; sqlite3 is not installed, and skipped';
  yield { name, title: `From nothing, ${title}${note}`, rows: await cold(world, history, runner) };
  yield { name, title: `Asked again, ${title}`, rows: await warm(world, history, runner) };
  yield {
    name,
    title: `Written, ${title}`,
    rows: [reported(world, history, runner), ...exported(world, history, runner)],
  };
};

/** Questions to the history, whole processes of the built program: the cache made, as it is, after one session went on. */
export const analysis = async function* (world) {
  for (const count of sizesOf(world)) yield* ofCount(world, count);
};
