import { quantile, row } from './measure.mjs';
import { makeRepository } from './world.mjs';

const NAMES = {
  'plain 1': 'write + fdatasync, 1 event',
  'append 1': 'append, 1 event',
  'plain 10': 'write + fdatasync, 10 events',
  'append 10': 'append, 10 events',
  'plumbing 50': 'four git processes, 50 events',
  'flush 50': 'flush, 50 events',
  process: 'git version',
};

const TABLES = [
  [
    'append',
    'One append: checked, redacted, chained, on disk',
    [['plain 1'], ['append 1', 'plain 1'], ['plain 10'], ['append 10', 'plain 10']],
  ],
  [
    'flush',
    'One flush: pack, commit and ref, on disk',
    [['plumbing 50'], ['flush 50', 'plumbing 50'], ['process', 'plumbing 50']],
  ],
];

/** In one process, in turn: what the store takes for facts, and what the bare thing takes for the same bytes. */
export const append = async (world) => {
  const repository = makeRepository(world, 'append', 10);
  const given = world.inside('appends', world.engine, repository, world.quick ? 80 : 400);
  const samples = Object.fromEntries(Object.entries(given).map(([name, ms]) => [NAMES[name], ms]));
  const line = ([name, against]) => {
    const note = `95 % below ${quantile(given[name], 0.95).toFixed(2)} ms`;
    return row(samples, NAMES[name], NAMES[against], { note });
  };
  return TABLES.map(([name, title, lines]) => ({ name, title, rows: lines.map(line) }));
};
