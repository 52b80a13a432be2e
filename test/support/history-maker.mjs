/**
 * Makes histories up: whole logs of sessions, the same for the same seed, with the values that break a sum. Plain
 * JavaScript, nothing of `src`; one session after the other, so that ten million events need no memory.
 *
 *     node history-maker.mjs <seed> <sessions> [<iterations a session>]              prints the lines of all logs
 *     node history-maker.mjs <seed> <sessions> <iterations a session> import | git fast-import
 *
 * In `import`: `historyOf({ seed, sessions })` gives logs, `fastImport(logs)` what `git fast-import` takes.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { plotOf } from './history-plot.mjs';

/** Numbers from 0 to 1 by mulberry32: small, and the same on every machine. */
const chanceOf = (seed) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};

const sha = (kind, text) => createHash(kind).update(text).digest('hex');

/** What a plot draws its luck from. */
export const diceOf = (seed, session) => {
  const chance = chanceOf(Number.parseInt(sha('sha1', `${seed} ${session}`).slice(0, 8), 16));
  let ids = 0;
  const int = (from, to) => from + Math.floor(chance() * (to - from + 1));
  return {
    int,
    pick: (list) => list[Math.floor(chance() * list.length)],
    is: (probability) => chance() < probability,
    /** A commit that is nowhere else. */
    commit: () => sha('sha1', `${seed} ${session} ${ids++}`),
    /** Milliseconds with more digits than anybody needs, 0 now and then. */
    ms: (most) => (chance() < 0.05 ? 0 : Math.round(chance() * most * 1000) / 1000),
  };
};

const GENESIS = '0'.repeat(64);
const FIRST_DAY = Date.UTC(2026, 8, 27, 22, 0, 0);

/** Lines of one log in its order, each with what its lane is told by. */
const writeLog = (id, began, plot) => {
  const log = `sessions/${id}`;
  const lanes = new Map();
  const lines = [];
  let clock = 0;
  let now = began;
  for (const { type, by = 'program', data, writer = 'wmaker0001', after = 137, v = 1 } of plot) {
    const lane = lanes.get(writer) ?? { seq: 0, prev: GENESIS, lines: [] };
    lanes.set(writer, lane);
    clock += 1;
    now += after;
    lane.seq += 1;
    const at = new Date(now).toISOString();
    const text = JSON.stringify({ v, log, writer, seq: lane.seq, clock, at, by, type, data, prev: lane.prev });
    lane.prev = sha('sha256', text);
    lane.lines.push(text);
    lines.push(text);
  }
  return { log, id, lines, lanes };
};

/**
 * @param {{ seed: number, sessions: number, first?: number, iterations?: number }} wish `iterations`: most a session
 */
export function* historyOf({ seed, sessions, first = 0, iterations = 6 }) {
  for (let n = first; n < first + sessions; n++) {
    const id = `h${String(n).padStart(9, '0')}`;
    const began = FIRST_DAY + n * 2_711_000;
    yield writeLog(id, began, plotOf({ n, id, dice: diceOf(seed, n), iterations }));
  }
}

/** The logs as `git fast-import` takes them: one commit a lane, as a flush of the program would have made it. */
export function* fastImport(logs) {
  for (const { log, id, lanes } of logs) {
    for (const [writer, { seq, prev, lines }] of lanes) {
      const text = Buffer.from(`${lines.join('\n')}\n`);
      const message = [
        `${log}: events 1-${seq}`,
        '',
        `Amp-Log: ${log}`,
        `Amp-Writer: ${writer}`,
        'Amp-First-Seq: 1',
        `Amp-Last-Seq: ${seq}`,
        `Amp-Head: ${prev}`,
      ].join('\n');
      const who = 'amp-sessions <amp-sessions@localhost> 1790000000 +0000';
      yield `commit refs/amp/${log}/${writer}\ncommitter ${who}\ndata ${Buffer.byteLength(message)}\n${message}\n`;
      yield `M 100644 inline events-0000000001-${id}.ndjson\ndata ${text.length}\n`;
      yield text;
      yield '\n';
    }
  }
}

const print = async (chunk) => {
  if (!process.stdout.write(chunk)) await once(process.stdout, 'drain');
};

if (process.argv[1] && path.resolve(process.argv[1]) === import.meta.filename) {
  const [seed = 1, sessions = 10, iterations = 6] = process.argv.slice(2, 5).map(Number);
  const logs = historyOf({ seed, sessions, iterations });
  if (process.argv[5] === 'import') for (const chunk of fastImport(logs)) await print(chunk);
  else for (const { lines } of logs) await print(`${lines.join('\n')}\n`);
}
