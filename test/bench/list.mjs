import { rmSync } from 'node:fs';
import path from 'node:path';
import { inTurn, rows, timeProgram } from './measure.mjs';
import { makeRepository } from './world.mjs';

const EVENTS = 8;
const LIMITS = { 1000: { added: 60 }, 10000: { added: 80 } };

const title = (count) => `list, ${count.toLocaleString('en-US')} sessions`;

const makeSessions = (world, count) => {
  const repository = makeRepository(world, `list-${count}`, 10);
  const base = world.git(repository, 'rev-parse', 'HEAD');
  world.inside('build-logs', world.engine, JSON.stringify({ repository, sessions: count, events: EVENTS, base }));
  return repository;
};

/** `list` as a whole process, each session with its log, kept code and branch, all packed. */
export const list = async (world) => {
  const { env } = world;
  const counts = world.quick ? [10, 1000] : [10, 1000, 10_000];
  const most = counts.at(-1);
  const places = new Map(counts.map((count) => [count, makeSessions(world, count)]));
  const run = (cwd, ...args) => timeProgram(process.execPath, args, { cwd, env });
  const ours = (count) => run(places.get(count), ...world.program('list'));
  const forget = () => rmSync(path.join(places.get(most), '.git/amp/cache'), { recursive: true, force: true });
  const touch = () => world.inside('touch-log', world.engine, places.get(most), 's000000005');
  for (const count of counts) for (const _ of [1, 2]) ours(count);
  const samples = await inTurn(world.quick ? 7 : 20, {
    'node -e 0': () => run(places.get(10), '-e', '0'),
    ...Object.fromEntries(counts.map((count) => [title(count), () => ours(count)])),
    [`${title(most)}, one of them changed`]: { before: touch, run: () => ours(most) },
    [`git for-each-ref refs/amp/sessions, ${most.toLocaleString('en-US')}`]: () =>
      timeProgram('git', ['for-each-ref', 'refs/amp/sessions'], { cwd: places.get(most), env }),
  });
  const cold = await inTurn(world.quick ? 1 : 3, {
    'node -e 0': () => run(places.get(10), '-e', '0'),
    [`${title(most)}, the index deleted`]: { before: forget, run: () => ours(most) },
  });
  const limits = Object.fromEntries(counts.map((count) => [title(count), { limit: LIMITS[count] }]));
  return [{ name: 'list', title: '`list`, whole processes', rows: [...rows(samples, limits), rows(cold)[1]] }];
};
