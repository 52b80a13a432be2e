#!/usr/bin/env node
/**
 * Verifies the history that amp-sessions keeps in a repository, with nothing but git and JSON: a second opinion that
 * shares no code with the program. Read it: it is short on purpose.
 *
 *     node verify-history.mjs [<repository>] [<session>]
 *
 * Layout. `refs/amp/sessions/<session>/<writer>` (and `refs/amp/batches/…`) is a chain of commits, one parent each.
 * Each commit's tree holds what one flush added: `events-<first seq>-<session>.ndjson`, `transcript-….ndjson`, and
 * `payload-<sha256>`. Lines that are not in git yet lie in `<common git dir>/amp/wal/<log with a dot>.<writer>.ndjson`.
 * A line is `{"v":…,"log":…,"writer":…,"seq":…,"clock":…,"at":…,"by":…,"type":…,"data":…,"prev":…}`:
 *   seq    counts up from 1 without a gap, per writer and log
 *   prev   SHA-256 of the bytes of the writer's line before, without its newline; 64 zeros before the first
 *   clock  rises
 * What was packed away has no ref of its own: `refs/amp/archive/<writer>/<month>` lists in `contents.ndjson` the last
 * commit of each such chain, and has it as a parent, not the first, of one of its commits; `…/code-archive/…` likewise.
 * The last line of a flush has no successor; its hash stands in the commit's message as `Amp-Head`.
 * Exit: 0 sound, 7 damaged, 2 wrong usage.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [repository = '.', wanted] = process.argv.slice(2);
const git = (...args) =>
  execFileSync('git', ['-C', repository, ...args], { maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'pipe'] });
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

let common;
try {
  common = resolve(repository, git('rev-parse', '--git-common-dir').toString().trim());
} catch {
  console.error(`✗ ${repository} is no git repository.\n  → node verify-history.mjs <repository> [<session>]`);
  process.exit(2);
}

let damaged = 0;
const tell = (lane, where, byte, what) => {
  damaged += 1;
  console.log(`✗ ${lane.log}, writer ${lane.writer}: ${what} (${where}${byte === null ? '' : `, byte ${byte}`})`);
};

const linesOf = (...args) =>
  git(...args)
    .toString()
    .split('\n')
    .filter(Boolean);

/** `refs/amp/<kind>/<a>/<b>` as [id, kind, a, b]. */
const refs = linesOf('for-each-ref', '--format=%(objectname) %(refname)', 'refs/amp').map((line) =>
  line.split(/ refs\/amp\/|\//),
);

/** Sessions that were forgotten: a line each in the files of `refs/amp/tombstones/<writer>`. Others may be there too. */
const forgotten = new Set();
for (const [tip, , writer] of refs.filter(([, kind]) => kind === 'tombstones'))
  try {
    for (const blob of linesOf('ls-tree', '--object-only', tip))
      for (const line of linesOf('cat-file', 'blob', blob)) {
        const { kind, session, at } = JSON.parse(line);
        if (typeof kind !== 'string' || !at || (kind === 'forgotten' && !session)) throw new Error(line);
        if (kind === 'forgotten') forgotten.add(`sessions/${session}`);
      }
  } catch {
    tell({ log: 'tombstones', writer }, tip, null, 'unreadable');
  }

/** Every writer's part of every log, by its ref and by its write-ahead file. */
const lanes = new Map();
const lane = (log, writer) => {
  const key = `${log} ${writer}`;
  const start = { tip: null, wal: null, seq: 0, prev: '0'.repeat(64), clock: 0 };
  if (!lanes.has(key)) lanes.set(key, { log, writer, ...start, hashes: new Map(), payloads: new Set() });
  return lanes.get(key);
};
const isLog = /^(sessions|batches)$/;
for (const [tip, kind, id, writer, more] of refs)
  if (isLog.test(kind) && writer && !more) lane(`${kind}/${id}`, writer).tip = tip;
/** What a flush says of its last line: number and hash. */
const endOf = (commit) => {
  const message = git('show', '-s', '--format=%B', commit).toString();
  const [last, head] = ['Last-Seq', 'Head'].map((key) => new RegExp(`^Amp-${key}: (\\S+)$`, 'm').exec(message)?.[1]);
  return [Number(last ?? 0), head];
};

/** Chains that were packed away, unless they go on under a ref of their own; and commits of code. */
const archived = (tip, ref, writer) => {
  const at = { log: ref, writer };
  try {
    const links = linesOf('rev-list', '--first-parent', '--parents', tip);
    const kept = new Set(links.flatMap((link) => link.split(' ').slice(2)));
    const listed = new Set();
    for (const line of linesOf('cat-file', 'blob', `${tip}:contents.ndjson`)) {
      const { ref: gone, commit, lastSeq, head } = JSON.parse(line);
      if (!Number.isSafeInteger(lastSeq)) throw new Error(line);
      listed.add(commit);
      const [kind, id, of, more] = gone.split('/').slice(2);
      if (of !== writer || more || !kept.has(commit)) tell(at, tip, null, `${gone} is listed, and not there`);
      else if (isLog.test(kind)) {
        const [last, hash = head] = endOf(commit);
        if (last !== lastSeq || hash !== head) tell(at, commit, null, `${gone} does not end as it is listed`);
        const mine = lane(`${kind}/${id}`, writer);
        if (!mine.tip || mine.sealed < lastSeq) Object.assign(mine, { tip: commit, sealed: lastSeq });
      }
    }
    for (const id of kept) if (!listed.has(id)) tell(at, tip, null, `${id} is kept, and not listed`);
    git('rev-list', '--count', tip);
  } catch {
    tell(at, tip, null, 'the archive cannot be read');
  }
};
for (const [tip, kind, writer, month] of refs)
  if (/^(code-)?archive$/.test(kind)) archived(tip, `refs/amp/${kind}/${writer}/${month}`, writer);
const walDir = join(common, 'amp', 'wal');
for (const name of existsSync(walDir) ? readdirSync(walDir) : []) {
  const [, kind, id, writer] = /^(sessions|batches)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.ndjson$/.exec(name) ?? [];
  if (kind) lane(`${kind}/${id}`, writer).wal = join(walDir, name);
}

const noteLongTexts = (at, value) => {
  if (typeof value !== 'object' || value === null) return;
  if (value.payload && Array.isArray(value.payload.parts))
    for (const part of value.payload.parts) at.payloads.add(part);
  else for (const item of Object.values(value)) noteLongTexts(at, item);
};

/** One line, held against the one before. */
const checkLine = (at, bytes, where, byte) => {
  let event;
  try {
    const text = bytes.toString('utf8');
    if (Buffer.byteLength(text) === bytes.length) event = JSON.parse(text);
  } catch {
    // Told below.
  }
  if (!event || !Number.isSafeInteger(event.seq) || event.seq < 1) {
    at.prev = null;
    return tell(at, where, byte, 'a line is no event');
  }
  const hash = sha256(bytes);
  if (at.hashes.has(event.seq)) {
    // A crash between a flush and its clean-up leaves the same line in git and in the file.
    if (at.hashes.get(event.seq) !== hash || at.last === where || !where.endsWith('.ndjson'))
      tell(at, where, byte, `event ${event.seq} is there twice`);
    return;
  }
  at.hashes.set(event.seq, hash);
  if (event.log !== at.log || event.writer !== at.writer) tell(at, where, byte, `event ${event.seq} belongs elsewhere`);
  if (event.seq !== at.seq + 1) tell(at, where, byte, `event ${event.seq} follows event ${at.seq}`);
  else if (at.prev !== null && event.prev !== at.prev)
    tell(at, where, byte, `event ${event.seq} does not follow from event ${at.seq} as that is now`);
  if (!(event.clock > at.clock)) tell(at, where, byte, `the clock of event ${event.seq} does not rise`);
  if (typeof event.type !== 'string' || typeof event.at !== 'string' || !('data' in event))
    tell(at, where, byte, `event ${event.seq} is incomplete`);
  noteLongTexts(at, event.data);
  Object.assign(at, { seq: Math.max(at.seq, event.seq), prev: hash, clock: event.clock, last: where });
};

const checkLines = (at, bytes, where) => {
  for (let byte = 0; byte < bytes.length; ) {
    const end = bytes.indexOf(10, byte);
    if (end < 0) {
      if (at.wal === where)
        console.log(`! ${at.log}: ${bytes.length - byte} bytes at the end of ${where} are no whole line`);
      else tell(at, where, byte, 'the last line has no end');
      return;
    }
    checkLine(at, bytes.subarray(byte, end), where, byte);
    byte = end + 1;
  }
};

/** Commits from the first flush to the last, each with the files that it added. */
const checkGit = (at) => {
  const stored = new Map();
  let before;
  for (const line of linesOf('rev-list', '--reverse', '--topo-order', '--parents', at.tip)) {
    const [commit, ...parents] = line.split(' ');
    if (parents.join() !== (before ?? '')) tell(at, commit, null, 'a flush does not follow the one before');
    before = commit;
    for (const entry of git('ls-tree', '-z', commit).toString().split('\0').filter(Boolean)) {
      const [, blob, name] = /^\S+ blob (\S+)\t(.*)$/s.exec(entry) ?? [];
      if (name?.startsWith('payload-')) stored.set(name.slice(8), blob);
      if (name?.startsWith('events-')) checkLines(at, git('cat-file', 'blob', blob), blob);
    }
    const [last, head] = endOf(commit);
    if (head && at.hashes.get(last) !== head) tell(at, commit, null, `event ${last} is not the one that was flushed`);
  }
  for (const part of at.payloads) {
    if (!stored.has(part)) tell(at, at.tip, null, `the long text ${part} is missing`);
    else if (sha256(git('cat-file', 'blob', stored.get(part))) !== part)
      tell(at, stored.get(part), null, 'a long text was changed');
  }
};

let events = 0;
let looked = 0;
const waiting = [];
for (const at of lanes.values()) {
  if (wanted && at.log.split('/')[1] !== wanted) continue;
  if (forgotten.has(at.log)) {
    console.log(`! ${at.log}, writer ${at.writer}: was forgotten, and is here`);
    continue;
  }
  looked += 1;
  try {
    if (at.tip) checkGit(at);
    const inGit = at.seq;
    if (at.wal) checkLines(at, readFileSync(at.wal), at.wal);
    if (at.seq > inGit) waiting.push(`${at.seq - inGit} of ${at.log}`);
  } catch (error) {
    tell(at, at.tip ?? at.wal, null, `unreadable: ${String(error.stderr ?? error.message).trim()}`);
  }
  events += at.seq;
}
// The last line of a file has no line after it that would tell.
if (waiting.length > 0) console.log(`! events not yet in git, so nothing proves their end: ${waiting.join(', ')}`);
console.log(
  damaged === 0 ? `✓ ${looked} chains sound, ${events} events` : `✗ ${damaged} places damaged in ${looked} chains`,
);
process.exitCode = damaged === 0 ? 0 : 7;
