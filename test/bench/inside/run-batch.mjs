/**
 * Runs a batch in this process, as the command does, and prints what that took.
 *
 *     node run-batch.mjs <engine> <repository> <JSON: {items, concurrency, command, test, sampleMs, gate}>
 *
 * With `sampleMs`: once all items are in flight at the same time, processor time and memory of this process for so
 * long; then `gate`, the file that the agents wait for, is made.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const [enginePath, repository, given] = process.argv.slice(2);
const { items, concurrency, command, test = null, sampleMs, gate } = JSON.parse(given);
const engine = await import(enginePath);

const planned = Array.from({ length: items }, (_, n) => ({
  item: String(n + 1).padStart(4, '0'),
  name: `item ${n + 1}`,
  repo: repository,
  prompt: 'Do it',
  base: null,
  agent: { name: 'command', mode: null, command },
  test,
  setup: null,
  timeoutSec: null,
  untilPass: false,
  maxIterations: 1,
  retries: 0,
  retryOn: [],
  mergeOnPass: false,
  budget: null,
}));
const sha256 = createHash('sha256').update(given).digest('hex');
const frozen = {
  name: 'bench',
  file: null,
  sha256,
  concurrency,
  budget: null,
  dayBudget: null,
  limits: {},
  kind: 'batch',
};

const megabytes = () => Math.round(process.memoryUsage.rss() / 2 ** 20);

/** All agents wait for the gate: nothing happens but that they are in flight. */
const sample = async () => {
  await sleep(1000);
  const [cpu, began] = [process.cpuUsage(), performance.now()];
  await sleep(sampleMs);
  const { user, system } = process.cpuUsage(cpu);
  const took = performance.now() - began;
  writeFileSync(gate, '');
  return { cpuPercent: ((user + system) / 1000 / took) * 100, megabytes: megabytes() };
};

const home = await engine.openBatchHome({ dir: repository, warn: () => {} });
const id = await engine.createBatch(home, { id: null, options: frozen, items: planned });
const before = megabytes();
let inFlight;
const atWork = new Set();
const view = {
  ...engine.silentView,
  slot: (slot, text) => {
    if (text?.includes(', iteration ')) atWork.add(slot);
    if (sampleMs && atWork.size === items) inFlight ??= sample();
  },
};
const began = performance.now();
const { counts } = await engine.runBatch(home, id, { interrupts: new engine.InterruptSwitch(), view });
const ms = performance.now() - began;
await home.store.close();
const { user, system } = process.cpuUsage();
process.stdout.write(
  JSON.stringify({
    ms,
    counts,
    cpuMs: (user + system) / 1000,
    before,
    peak: Math.round(process.resourceUsage().maxRSS / 1024),
    inFlight: await inFlight,
  }),
);
