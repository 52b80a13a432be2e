import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { inTurn, row, rows, timeProgram } from './measure.mjs';
import { makeRepository } from './world.mjs';

const inside = (name) => path.join(import.meta.dirname, 'inside', `${name}.mjs`);
const number = (count) => Math.round(count).toLocaleString('en-US');

const runNode = (world, args) =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: world.dir,
      env: world.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    child.on('close', (code) => (code === 0 ? resolve(JSON.parse(text)) : reject(new Error(`${args[0]}: ${code}`))));
  });

/** Milliseconds until so many writers, each a process with a session of its own, had all their events acknowledged. */
const writing = (world, { how, writers, events, where }) => {
  let turn = 0;
  return async () => {
    turn++;
    const one = (n) => [inside('acknowledged'), how, world.engine, where(n), `w${turn}x${n}`, String(events)];
    const done = await Promise.all(Array.from({ length: writers }, (_, n) => runNode(world, one(n))));
    return Math.max(...done.map(({ ms }) => ms));
  };
};

const acknowledged = async (world, rounds, writers) => {
  const repository = makeRepository(world, `acknowledged-${writers}`, 1);
  const events = world.quick ? 300 : 2000;
  const folder = world.folder(`plain-${writers}`);
  const samples = await inTurn(rounds, {
    'write + fdatasync into a plain file': writing(world, {
      how: 'plain',
      writers,
      events,
      where: (n) => path.join(folder, `${n}.ndjson`),
    }),
    'append, flushes beside it': writing(world, { how: 'store', writers, events, where: () => repository }),
  });
  const who = writers === 1 ? 'one writer' : `${writers} writers, each a process with its own session`;
  const lines = rows(samples).map((line) => ({
    ...line,
    note: `${number((writers * events * 1000) / line.ms)} events/s`,
  }));
  return { name: 'history', title: `${number(writers * events)} events acknowledged one by one, ${who}`, rows: lines };
};

const packedBytes = (world, repository) => {
  world.git(repository, 'gc', '-q', '--prune=now');
  const size = /^size-pack: (\d+)$/m.exec(world.git(repository, 'count-objects', '-v'))[1];
  return Number(size) * 1024;
};

/** A few long sessions and many short ones, as flushes of 16 KiB, against their lines. */
const size = (world) => {
  const repository = makeRepository(world, 'size', 1);
  const before = packedBytes(world, repository);
  const lines = path.join(world.dir, 'size.ndjson');
  const [sessions, events] = world.quick ? [30, 100] : [200, 250];
  const given = { repository, lines, sessions, events, segment: 16 * 1024 };
  const { bytes } = world.inside('build-logs', world.engine, JSON.stringify(given));
  const packed = packedBytes(world, repository) - before;
  const zipped = gzipSync(readFileSync(lines), { level: 9 }).length;
  const sizes = { 'raw NDJSON': bytes, 'gzip -9 of it, as one file': zipped, 'history in git, after gc': packed };
  const line = ([what, value]) => ({ what, ms: value / 1e6, unit: 'MB', ratio: value / bytes, against: 'raw NDJSON' });
  return {
    name: 'history',
    title: `Size of ${number(sessions * events)} events in ${sessions} sessions (${number(statSync(lines).size)} bytes)`,
    rows: Object.entries(sizes).map(line),
  };
};

const wholeProcess = (world, notes, name, args) => () => {
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: world.dir,
    env: world.env,
    encoding: 'utf8',
  });
  const took = performance.now() - began;
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
  const { events, megabytes } = JSON.parse(stdout);
  notes[name] = `${number(events)} events, ${megabytes} MB of memory`;
  return took;
};

const verifying = async (world, rounds) => {
  const events = world.quick ? 50_000 : 1_000_000;
  const repository = makeRepository(world, 'verify', 1);
  const lines = path.join(world.dir, 'verify.ndjson');
  const given = { repository, lines, sessions: 1, events, segment: 64 * 1024 };
  world.inside('build-logs', world.engine, JSON.stringify(given));
  const notes = {};
  const [plain, ours] = ['a plain file, lines parsed', 'verify'];
  const samples = await inTurn(rounds, {
    [plain]: wholeProcess(world, notes, plain, [inside('replay'), 'plain', lines]),
    [ours]: wholeProcess(world, notes, ours, [inside('verify'), world.engine, repository]),
  });
  const table = rows(samples).map((line) => ({ ...line, note: notes[line.what] }));
  return { name: 'history', title: `\`verify\` of ${number(events)} events`, rows: table };
};

/** The user's own commands in a clone with so many sessions, against one without any. */
const usersOwn = async (world, rounds, sessions) => {
  const files = world.quick ? 100 : 1000;
  const origin = makeRepository(world, `own-${sessions}`, files);
  const remote = path.join(world.dir, `own-${sessions}.git`);
  world.git(world.dir, 'clone', '-q', '--bare', origin, remote);
  const clones = Object.fromEntries(
    ['without', 'with'].map((name) => {
      const dir = path.join(world.dir, `own-${sessions}-${name}`);
      world.git(world.dir, 'clone', '-q', remote, dir);
      return [name, dir];
    }),
  );
  const base = world.git(clones.with, 'rev-parse', 'HEAD');
  const given = { repository: clones.with, sessions, events: 100, base, branches: false };
  world.inside('build-logs', world.engine, JSON.stringify(given));
  const ours = path.join(world.dir, `own-${sessions}-history.git`);
  world.git(world.dir, 'clone', '-q', '--bare', remote, ours);
  world.git(clones.with, 'push', '-q', ours, 'refs/amp/*:refs/amp/*');
  world.git(ours, 'pack-refs', '--all');
  const run = (name, address, ...args) => ({
    before: () => args[0] === 'push' && world.git(clones[name], 'commit', '-q', '--allow-empty', '-m', 'more'),
    run: () =>
      timeProgram(
        'git',
        args.map((arg) => arg.replace('REMOTE', address)),
        { cwd: clones[name], env: world.env },
      ),
  });
  const COMMANDS = [['status'], ['fetch', 'REMOTE'], ['push', 'REMOTE', 'HEAD:refs/heads/NAME'], ['gc', '-q']];
  const lines = [];
  for (const args of COMMANDS) {
    const of = (name) => args.map((arg) => arg.replace('NAME', name));
    const plain = `git ${args[0]}`;
    const samples = await inTurn(args[0] === 'gc' ? Math.min(rounds, 3) : rounds, {
      [plain]: run('without', remote, ...of('without')),
      [`${plain}, with the history`]: run('with', ours, ...of('with')),
    });
    lines.push(row(samples, plain), row(samples, `${plain}, with the history`, plain));
  }
  return {
    name: 'history',
    title: `The user's own git, ${number(sessions)} sessions here and on the remote`,
    rows: lines,
  };
};

/** What the history costs: a line, a byte, a look at all of it, and the user's own commands. */
export const history = async function* (world) {
  const rounds = world.quick ? 2 : 5;
  yield await acknowledged(world, rounds, 1);
  yield await acknowledged(world, rounds, 8);
  yield size(world);
  yield await verifying(world, world.quick ? 1 : 2);
  for (const sessions of world.quick ? [200] : [1000, 10_000]) yield await usersOwn(world, rounds, sessions);
};
