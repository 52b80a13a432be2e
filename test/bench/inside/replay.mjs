/**
 * Replays logs in one way and prints how many events it saw and the most memory it had.
 *
 *     node replay.mjs plain <file>                       reads lines and parses them
 *     node replay.mjs blob <repository> <blob>           the same out of `git cat-file --batch`
 *     node replay.mjs read <repository> <engine> <log>   the store's `fold` into the state
 *     node replay.mjs many <repository> <engine>         the same over all logs
 */
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';

const [how, place, ...rest] = process.argv.slice(2);

/** Parses the whole lines of a stream of bytes, a mebibyte at a time. */
const parseLines = async (stream) => {
  let count = 0;
  let held = [];
  for await (const chunk of stream) {
    const end = chunk.lastIndexOf(10) + 1;
    if (end === 0) {
      held.push(chunk);
      continue;
    }
    const text = Buffer.concat([...held, chunk.subarray(0, end)]).toString('latin1');
    held = [chunk.subarray(end)];
    for (let from = 0; from < text.length; ) {
      const newline = text.indexOf('\n', from);
      if (newline > from && JSON.parse(text.slice(from, newline)).seq > 0) count++;
      from = newline + 1;
    }
  }
  return count;
};

const WAYS = {
  plain: () => parseLines(createReadStream(place, { highWaterMark: 1 << 20 })),
  blob: async () => {
    const child = spawn('git', ['cat-file', 'blob', rest[0]], { cwd: place, stdio: ['ignore', 'pipe', 'inherit'] });
    return parseLines(child.stdout);
  },
  read: async () => {
    const engine = await import(rest[0]);
    const store = await open(engine);
    const { state } = await store.fold(rest[1], undefined, engine.replayStep);
    return state.session.events;
  },
  many: async () => {
    const engine = await import(rest[0]);
    const store = await open(engine);
    const logs = (await store.logs()).map(({ log }) => log);
    const folded = await store.foldMany(logs, undefined, engine.replayStep);
    return folded.reduce((sum, { state }) => sum + state.session.events, 0);
  },
};

const open = async (engine) =>
  engine.openStore(await engine.locateRepository(place), { clock: engine.systemClock, redact: (text) => text });

const events = await WAYS[how]();
process.stdout.write(JSON.stringify({ events, megabytes: Math.round(process.resourceUsage().maxRSS / 1024) }));
process.exit();
