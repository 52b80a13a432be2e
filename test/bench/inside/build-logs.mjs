/**
 * Fills a repository with sessions as their own flushes would have, many to a pack, and packs what maintenance packs.
 *
 *     node build-logs.mjs <engine> '{"repository", "sessions", "events", "segment"?, "lines"?, "base"?, "branches"?, "varied"?}'
 *
 * `segment`: bytes of one flush; `lines`: a file that gets all lines too; `base`: a
 * commit, for kept code and, unless `branches` is false, for branches; `varied`: of many tools, models, words. Prints the number of bytes of all lines.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { fact as afternoon } from './afternoon.mjs';
import { fact as stretch } from './facts.mjs';
import { packSink } from './pack-sink.mjs';

const engine = await import(process.argv[2]);
const given = JSON.parse(process.argv[3]);
const { repository, sessions, events, segment = Number.POSITIVE_INFINITY, lines, base, branches = true } = given;
const fact = given.varied ? afternoon : stretch;
const repo = await engine.locateRepository(repository);
const writer = engine.mintWriter(repo, { clock: engine.systemClock });

/** How much goes into one pack. */
const MANY_OBJECTS = 3000;
const MANY_BYTES = 32 << 20;

let total = 0;
let sink = packSink();
let objects = new engine.NewObjects(sink);
const kept = [];
const tips = new Map();

const deliver = async () => {
  kept.push(await engine.addPack(repo, await objects.pack(), 'bench'));
  sink = packSink();
  objects = new engine.NewObjects(sink);
};

/** As one transaction: for each its own, as a flush does it, there are too many. */
const moveRefs = () => {
  const input = [...tips].map(([ref, id]) => `create ${ref} ${id}\n`).join('');
  execFileSync('git', ['update-ref', '--stdin'], { cwd: repository, input });
  const ours = [...tips].filter(([ref]) => ref.startsWith('refs/amp/'));
  engine.recordTips(repo, { writer, changes: ours.map(([ref, id]) => ({ ref, id })) });
};

const prepared = (draft) => ({ ...draft, v: 1, payloads: new Map() });

for (let n = 0; n < sessions; n++) {
  const id = `s${String(n).padStart(9, '0')}`;
  const lane = { log: engine.sessionLog(id), writer };
  const began = Date.UTC(2026, 0, 1) + n * 60_000;
  let head = { seq: 0, clock: 0, prev: engine.GENESIS };
  let parent = null;
  for (let k = 0; k < events; ) {
    const first = k + 1;
    let text = '';
    const at = new Date(began + first).toISOString();
    while (k < events && text.length < segment) {
      const sealed = engine.sealDrafts([prepared(fact(n, k, events))], { lane, head, at });
      ({ head } = sealed);
      text += sealed.lines;
      k++;
    }
    const bytes = Buffer.from(text);
    total += bytes.length;
    if (lines) appendFileSync(lines, bytes);
    const content = {
      lane,
      events: bytes,
      firstSeq: first,
      lastSeq: k,
      head: head.prev,
      transcript: Buffer.alloc(0),
      parts: [],
    };
    parent = await engine.planFlush({ content, parent, at, part: () => undefined }, objects);
    if (sink.bytes > MANY_BYTES || objects.count > MANY_OBJECTS) await deliver();
  }
  tips.set(engine.laneRef(lane), parent);
  if (base) {
    const at = new Date(began).toISOString();
    const plan = { session: id, tip: null, commits: [base], at };
    tips.set(engine.codeRef(id, writer), await engine.planCode(plan, objects));
    if (branches) tips.set(`refs/heads/amp/task-${n}/20261122-130000`, base);
  }
}
await deliver();
moveRefs();
for (const { release } of kept) release();
await engine.maintenance(repo);
process.stdout.write(JSON.stringify({ bytes: total }));
