import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** The value that so large a part of all stays below. */
export const quantile = (values, part) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))];

/**
 * Milliseconds from a program's start to its end, its output read and thrown away.
 * @throws Error with what it said, when it fails
 */
export const timeProgram = (command, args, options) => {
  const started = performance.now();
  const { status, error, stderr } = spawnSync(command, args, { ...options, maxBuffer: 1 << 28 });
  const took = performance.now() - started;
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return took;
};

const USED = path.join(import.meta.dirname, 'inside/used.cjs');

/**
 * What node and the processes that it waited for used for a program, as the least of some runs: other work on the machine
 * only adds to it.
 * @param times how often it is run; `before` comes before each
 * @returns `ms` of the fastest, `cpuMs` of the thriftiest, `megabytes` of the smallest
 */
export const useOf = (args, { times = 1, before, file, ...options }) => {
  const env = { ...options.env, BENCH_USED: file };
  const runs = Array.from({ length: times }, () => {
    before?.();
    const ms = timeProgram(process.execPath, ['--require', USED, ...args], { ...options, env });
    return { ms, ...JSON.parse(readFileSync(file, 'utf8')) };
  });
  const least = (what) => Math.min(...runs.map((run) => run[what]));
  return { ms: least('ms'), cpuMs: least('cpuMs'), megabytes: least('megabytes') };
};

/** For the note of a row. */
export const useText = ({ cpuMs, megabytes }) => `CPU ${Math.round(cpuMs).toLocaleString('en-US')} ms, ${megabytes} MB`;

/**
 * Takes the cases in turn, round after round, so that a machine that gets slower or faster meanwhile does so for all.
 * Each begins a round once in a while. The first round only warms up.
 * @param cases name to a function that returns milliseconds, or to `{ before, run, after }` of which `run` is timed
 * @returns name to the milliseconds of each round
 */
export const inTurn = async (rounds, cases) => {
  const names = Object.keys(cases);
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (let at = 0; at < names.length; at++) {
      const name = names[(at + round + 1) % names.length];
      const given = cases[name];
      const { before, run, after } = typeof given === 'function' ? { run: given } : given;
      await before?.(round);
      const took = await run(round);
      await after?.(round);
      if (round >= 0) samples[name].push(took);
    }
  }
  return samples;
};

/**
 * One line of a table: the median, and the median of the ratios within each round.
 * @param against the name of the case to compare with
 */
export const row = (samples, what, against, more = {}) => ({
  what,
  ms: median(samples[what]),
  ...(against !== undefined && {
    against,
    ratio: median(samples[what].map((ms, round) => ms / samples[against][round])),
    added: median(samples[what].map((ms, round) => ms - samples[against][round])),
  }),
  ...more,
});

/** All cases of one table, against the first. */
export const rows = (samples, limits = {}) => {
  const [first, ...others] = Object.keys(samples);
  return [row(samples, first), ...others.map((name) => row(samples, name, first, limits[name]))];
};
