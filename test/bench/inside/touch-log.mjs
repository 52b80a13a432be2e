/**
 * Adds one event to a session and brings it into git, as another process would.
 *
 *     node touch-log.mjs <engine> <repository> <session>
 */
import { turn } from './facts.mjs';

const [file, repository, session] = process.argv.slice(2);
const engine = await import(file);
const repo = await engine.locateRepository(repository);
const store = await engine.openStore(repo, { clock: engine.systemClock, redact: (text) => text });
const log = engine.sessionLog(session);
await store.recover(log);
await store.append(log, [turn(1, 0)]);
process.stdout.write(JSON.stringify({ flushed: await store.flush(log) }));
process.exit();
