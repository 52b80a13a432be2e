/**
 * Times appends and flushes of the store against the bare thing, in turn, in one process.
 *
 *     node appends.mjs <engine> <repository> <rounds>
 *
 * Prints name to milliseconds of each round. Everything of ours is checked, redacted, chained and synced.
 */
import { spawnSync } from 'node:child_process';
import { fdatasyncSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { turn } from './facts.mjs';

const engine = await import(process.argv[2]);
const repository = process.argv[3];
const rounds = Number(process.argv[4]);

const repo = await engine.locateRepository(repository);
const redact = engine.createRedactor({ env: {}, key: Buffer.alloc(32) });
const store = await engine.openStore(repo, { clock: engine.systemClock, redact });
const plain = openSync(path.join(repository, '.git', 'plain.ndjson'), 'a');
const samples = {};

const timed = async (name, round, work) => {
  const began = performance.now();
  const result = await work();
  const took = performance.now() - began;
  // The first ones load what the later ones have.
  if (round >= 0) {
    samples[name] ??= [];
    samples[name].push(took);
  }
  return result;
};

let k = 0;
const drafts = (count) => Array.from({ length: count }, () => turn(1, k++));
const bytesOf = (events) => Buffer.from(events.map((event) => `${engine.encodeEvent(event)}\n`).join(''));

const git = (args, input) => {
  const { stdout, status, stderr } = spawnSync('git', ['-c', 'core.fsync=all', ...args], { cwd: repository, input });
  if (status !== 0) throw new Error(stderr.toString());
  return stdout.toString().trim();
};

/** What a script would do: four processes. */
const plumbing = (bytes, tip) => {
  const blob = git(['hash-object', '-w', '--stdin'], bytes);
  const tree = git(['mktree'], `100644 blob ${blob}\tevents.ndjson\n`);
  const commit = git(['commit-tree', tree, ...(tip ? ['-p', tip] : []), '-m', 'events']);
  git(['update-ref', 'refs/bench/log', commit, ...(tip ? [tip] : [])]);
  return commit;
};

/** Below the size at which the store flushes by itself. */
const APPENDS_A_LOG = 15;
for (let round = -3; round < rounds; round++) {
  const log = engine.sessionLog(`a${Math.floor((round + 3) / APPENDS_A_LOG)}`);
  if ((round + 3) % APPENDS_A_LOG === 0) await store.append(log, drafts(1));
  for (const count of [1, 10]) {
    const wanted = drafts(count);
    const events = await timed(`append ${count}`, round, () => store.append(log, wanted));
    const bytes = bytesOf(events);
    await timed(`plain ${count}`, round, () => {
      writeSync(plain, bytes);
      fdatasyncSync(plain);
    });
  }
}

let tip;
for (let round = -3; round < Math.ceil(rounds / 8); round++) {
  const log = engine.sessionLog('flushed');
  const bytes = bytesOf(await store.append(log, drafts(50)));
  await timed('flush 50', round, () => store.flush(log));
  tip = await timed('plumbing 50', round, () => plumbing(bytes, tip));
  await timed('process', round, () => git(['version']));
}

process.stdout.write(JSON.stringify(samples));
process.exit();
