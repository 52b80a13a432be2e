import path from 'node:path';
import { inTurn, rows, timeProgram } from './measure.mjs';
import { makeRepository } from './world.mjs';

/** Seconds that one agent works, items, how many at once. */
const SHORT = { seconds: 8, items: 8, atOnce: 4, inFlight: 40 };
const QUICK = { seconds: 4, items: 4, atOnce: 4, inFlight: 10 };
const FULL = { seconds: 30, items: 60, atOnce: 10, inFlight: 300 };

const agentOf = (seconds) => `sleep ${seconds}; echo done >> part-0/file-0.txt`;

const inside = (world, repository, given) => world.inside('run-batch', world.engine, repository, JSON.stringify(given));

/** The same agents by hand: a worktree, a branch and a commit each, so many at once. */
const byXargs = (world, repository, { seconds, items, atOnce }) => {
  const folder = path.join(world.dir, 'plain');
  let round = 0;
  return () => {
    round += 1;
    const one = [
      // Two at once trip over each other's half-made folder.
      `flock ${folder}.lock git worktree add -q -b plain-${round}-$1 ${folder}/${round}-$1`,
      `cd ${folder}/${round}-$1`,
      `{ ${agentOf(seconds)}; }`,
      'git add -A',
      'git -c core.fsync=all commit -q -m work',
    ].join(' && ');
    const line = `seq ${items} | xargs -P ${atOnce} -I % sh -c '${one}' sh %`;
    return timeProgram('/bin/sh', ['-c', line], { cwd: repository, env: world.env });
  };
};

const overhead = async (world, size) => {
  const { seconds, items, atOnce } = size;
  const repository = makeRepository(world, 'batch', 100);
  const made = [];
  const batch = () => {
    const ran = inside(world, repository, { items, concurrency: atOnce, command: agentOf(seconds) });
    if (ran.counts.passed !== items) throw new Error(`of ${items} items ${ran.counts.passed} passed`);
    made.push(ran);
    return ran.ms;
  };
  const [plain, ours] = [`xargs -P ${atOnce}, git worktree add, git commit`, `batch, ${atOnce} at once`];
  const cases = { [plain]: byXargs(world, repository, size), [ours]: batch };
  // Nothing is warmed up for long runs: whoever starts a batch does not either.
  const samples = size === FULL ? { [plain]: [await cases[plain]()], [ours]: [await batch()] } : await inTurn(1, cases);
  const cpu = made.at(-1).cpuMs / items;
  const title = `${items} agents of ${seconds} s each, ${atOnce} at once; ${cpu.toFixed(0)} ms of processor time an item in our own process`;
  return { name: 'batch', title, rows: rows(samples, { [ours]: { limit: { ratio: 1.1 } } }) };
};

const inFlight = (world, count) => {
  const repository = makeRepository(world, 'flight', 100);
  const gate = path.join(world.dir, 'gate');
  const given = {
    items: count,
    concurrency: count,
    command: `until test -e ${gate}; do sleep 3; done; echo done >> part-0/file-0.txt`,
  };
  const ran = inside(world, repository, { ...given, sampleMs: 5_000, gate });
  const { cpuPercent, megabytes } = ran.inFlight;
  const note = `${megabytes} MB, ${cpuPercent.toFixed(1)} % of a core while they wait; ${ran.before} MB before, ${ran.peak} MB at most`;
  const what = `${count} sessions at once, made, run, committed`;
  return {
    name: 'flight',
    title: 'All in flight at the same time, in one process of ours',
    rows: [{ what, ms: ran.ms, note }],
  };
};

/** Many agents at once: what the whole takes beside the bare thing, and what our own process needs meanwhile. */
export const batch = async function* (world) {
  const size = world.full ? FULL : world.quick ? QUICK : SHORT;
  yield await overhead(world, size);
  yield inFlight(world, size.inFlight);
};
