/**
 * Appends events one after the other, each acknowledged before the next, and prints the milliseconds that took.
 *
 *     node acknowledged.mjs store <engine> <repository> <session> <count>    through the store
 *     node acknowledged.mjs plain <engine> <file> <session> <count>          the same lines into a plain file, each synced
 */
import { fdatasyncSync, openSync, writeSync } from 'node:fs';
import { turn } from './facts.mjs';

const [how, enginePath, place, session, count] = process.argv.slice(2);
const engine = await import(enginePath);

const ways = {
  store: async () => {
    const repo = await engine.locateRepository(place);
    const redact = engine.createRedactor({ env: {}, key: Buffer.alloc(32) });
    const store = await engine.openStore(repo, { clock: engine.systemClock, redact });
    const log = engine.sessionLog(session);
    await store.append(log, [turn(1, 0)]);
    return (n) => store.append(log, [turn(1, n)]);
  },
  plain: async () => {
    const fd = openSync(place, 'a');
    const line = `${JSON.stringify({ v: 1, log: session, writer: 'plain', prev: '0'.repeat(64), ...turn(1, 1) })}\n`;
    return () => {
      writeSync(fd, line);
      fdatasyncSync(fd);
    };
  },
};

const add = await ways[how]();
const began = performance.now();
for (let n = 1; n <= Number(count); n++) await add(n);
process.stdout.write(JSON.stringify({ ms: performance.now() - began }));
process.exit();
