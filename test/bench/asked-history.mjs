import path from 'node:path';
import { makeRepository } from './world.mjs';

/** An afternoon of an agent has about a hundred events; where they are very many, sessions are longer instead. */
const EVENTS = 100;
const MOST_SESSIONS = 20_000;

export const number = (count) => count.toLocaleString('en-US');

/** How many events there are to be, each as large as is said. */
export const sizesOf = ({ sizes, quick, full }) => {
  if (sizes) return sizes;
  if (quick) return [10_000];
  return full ? [10_000, 1_000_000, 10_000_000] : [10_000, 100_000];
};

const made = new Map();

/** A repository with so many events of many sessions, and their lines in one file; the same one for all benches of a run. */
export const askedHistory = (world, count) => {
  if (made.has(count)) return made.get(count);
  const sessions = Math.min(MOST_SESSIONS, Math.ceil(count / EVENTS));
  const repository = makeRepository(world, `asked-${count}`, 1);
  const lines = path.join(world.dir, `asked-${count}.ndjson`);
  const given = { repository, sessions, events: Math.ceil(count / sessions), lines, varied: true };
  const { bytes } = world.inside('build-logs', world.engine, JSON.stringify(given));
  const history = { repository, lines, bytes, title: `${number(count)} events of ${number(sessions)} sessions` };
  made.set(count, history);
  return history;
};
