import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { inTurn, row, timeProgram } from './measure.mjs';
import { makeRepository } from './world.mjs';

const EVENTS = 8;
const PATTERN = 'refs/amp/*:refs/amp/*';

const title = (what, count) => `${what}, ${count.toLocaleString('en-US')} ${count === 1 ? 'session' : 'sessions'}`;

/** A repository with so many sessions, each with its log and kept code, and the bare remote it was pushed to without. */
const makePlace = (world, count) => {
  const source = makeRepository(world, `sync-${count}`, 10);
  const remote = path.join(world.dir, `sync-${count}.git`);
  world.git(world.dir, 'clone', '-q', '--bare', source, remote);
  const base = world.git(source, 'rev-parse', 'HEAD');
  world.inside(
    'build-logs',
    world.engine,
    JSON.stringify({ repository: source, sessions: count, events: EVENTS, base }),
  );
  world.git(source, 'remote', 'add', 'origin', remote);
  return { source, remote };
};

const fresh = (from, to) => {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
};

/** Push, fetch and a look of one number of sessions, each against git itself with a pattern for the same refs. */
const measure = async (world, count) => {
  const { env } = world;
  const { source, remote } = makePlace(world, count);
  const [empty, full, clone, clean] = ['empty', 'full', 'clone', 'clean'].map((name) =>
    path.join(world.dir, `${name}-${count}`),
  );
  fresh(remote, empty);
  fresh(remote, full);
  world.git(source, 'push', '-q', full, PATTERN);
  world.git(full, 'pack-refs', '--all');
  world.git(world.dir, 'clone', '-q', remote, clean);
  const git = (cwd, ...args) => timeProgram('git', args, { cwd, env });
  const ours = (cwd, ...args) => timeProgram(process.execPath, world.program('sync', '-q', ...args), { cwd, env });
  const toEmpty = () => fresh(empty, remote);
  const toFull = () => {
    fresh(full, remote);
    fresh(clean, clone);
  };
  const names = ['push', 'fetch', 'nothing to do'].flatMap((what) => [`git, ${what}`, title(what, count)]);
  const [gitPush, push, gitFetch, fetch, gitNothing, nothing] = names;
  const rounds = count > 1000 ? 1 : world.quick ? 3 : 7;
  const samples = await inTurn(rounds, {
    [gitPush]: { before: toEmpty, run: () => git(source, 'push', '-q', 'origin', PATTERN) },
    [push]: { before: toEmpty, run: () => ours(source) },
    [gitFetch]: { before: toFull, run: () => git(clone, 'fetch', '-q', '--no-tags', 'origin', PATTERN) },
    [fetch]: { before: toFull, run: () => ours(clone) },
    [gitNothing]: { before: () => fresh(full, remote), run: () => git(source, 'push', '-q', 'origin', PATTERN) },
    [nothing]: { before: () => fresh(full, remote), run: () => ours(source) },
  });
  const most = count === 1 ? 500 : 30_000;
  const limits = { push: { ms: most }, fetch: { ms: most }, nothing: { ms: Math.min(most, 2000) } };
  return [
    row(samples, push, gitPush, { limit: limits.push }),
    row(samples, fetch, gitFetch, { limit: limits.fetch }),
    row(samples, nothing, gitNothing, { limit: limits.nothing }),
  ];
};

/** `sync` as a whole process with a local remote, against one `git push` or `git fetch` of the same refs. */
export const sync = async function* (world) {
  const counts = world.quick ? [1, 100] : [1, 100, 10_000];
  const title = '`sync` with a local remote, whole processes';
  for (const count of counts) yield { name: 'sync', title, rows: await measure(world, count) };
};
