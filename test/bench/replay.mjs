import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { inTurn, rows } from './measure.mjs';
import { makeRepository } from './world.mjs';

const PROGRAM = path.join(import.meta.dirname, 'inside/replay.mjs');
const SEGMENT = 4e6;

const build = (world, repository, given) => {
  const lines = path.join(world.dir, `${path.basename(repository)}.ndjson`);
  const { bytes } = world.inside('build-logs', world.engine, JSON.stringify({ repository, lines, ...given }));
  return { lines, bytes };
};

/** All lines as one packed blob of a repository of its own. */
const packOne = (world, lines) => {
  const repository = makeRepository(world, 'one-blob', 1);
  const blob = world.git(repository, 'hash-object', '-w', lines);
  world.git(repository, 'update-ref', 'refs/bench/blob', blob);
  world.git(repository, 'repack', '-a', '-d', '-q', '--window=0');
  return { repository, blob };
};

/** A way to replay as a whole process; what it says of itself becomes the row's note. */
const way = (world, notes, [name, ...args]) => ({
  run: () => {
    const began = performance.now();
    const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
      cwd: world.dir,
      env: world.env,
      encoding: 'utf8',
    });
    const took = performance.now() - began;
    if (status !== 0) throw new Error(`${name}: ${stderr}`);
    const { events, megabytes } = JSON.parse(stdout);
    notes[name] = { note: `${events.toLocaleString('en-US')} events, ${megabytes} MB of memory` };
    return took;
  },
});

const measure = async (world, rounds, ways) => {
  const notes = {};
  const samples = await inTurn(rounds, Object.fromEntries(ways.map((given) => [given[0], way(world, notes, given)])));
  return rows(samples, notes).map((line) => ({ ...line, ...notes[line.what] }));
};

const oneSession = async (world, events, rounds) => {
  const repository = makeRepository(world, 'one-session', 1);
  const { lines, bytes } = build(world, repository, { sessions: 1, events, segment: SEGMENT });
  const one = packOne(world, lines);
  const { engine } = world;
  const ways = [
    ['a plain file, lines parsed', 'plain', lines],
    ['git cat-file of one packed blob, lines parsed', 'blob', one.repository, one.blob],
    ['the session, read and replayed', 'read', repository, engine, 'sessions/s000000000'],
  ];
  const table = {
    name: 'replay',
    title: `Replay of a session with ${events.toLocaleString('en-US')} events (${Math.round(bytes / 1e6)} MB)`,
    rows: await measure(world, rounds, ways),
  };
  for (const place of [repository, one.repository, lines]) rmSync(place, { recursive: true, force: true });
  return table;
};

const manySessions = async (world, sessions, rounds) => {
  const repository = makeRepository(world, 'many-sessions', 1);
  const { lines, bytes } = build(world, repository, { sessions, events: 100 });
  const ways = [
    ['a plain file, lines parsed', 'plain', lines],
    ['all sessions, read and replayed', 'many', repository, world.engine],
  ];
  const table = {
    name: 'replay',
    title: `Replay of ${sessions.toLocaleString('en-US')} sessions of 100 events (${Math.round(bytes / 1e6)} MB)`,
    rows: await measure(world, rounds, ways),
  };
  for (const place of [repository, lines]) rmSync(place, { recursive: true, force: true });
  return table;
};

/** Whole processes, the files in the page cache. */
export const replay = async (world) => {
  const [events, sessions, rounds] = world.quick ? [100_000, 1000, 2] : [1_000_000, 10_000, 5];
  return [await oneSession(world, events, rounds), await manySessions(world, sessions, rounds)];
};
