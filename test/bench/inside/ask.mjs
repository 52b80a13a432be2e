/**
 * One question to the tables of a repository, as a command asks it.
 *
 *     node ask.mjs <engine> <repository> <home> <sql>
 */
import path from 'node:path';

const [file, repository, home, sql] = process.argv.slice(2);
const engine = await import(file);
const repo = await engine.locateRepository(repository);
const store = await engine.openStore(repo, { clock: engine.systemClock, redact: (text) => text });
const folder = (name) => path.join(home, name);
const dirs = { config: folder('config'), data: folder('data'), cache: folder('cache'), state: folder('state') };
const analysis = await engine.openAnalysis({ repo, store, clock: engine.systemClock, home: dirs });
const { rows } = await analysis.query(sql);
await analysis.close();
await store.close();
const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
process.stdout.write(JSON.stringify({ rows, megabytes }));
