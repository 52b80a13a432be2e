/**
 * A stand-in for Docker and Podman: same command lines, same refusals, as far as we use them, and nothing else. A
 * container is a real process tree in namespaces of its own (bubblewrap), in a session of its own: as with the real
 * ones, killing the client does not end it. Its image is this machine's own system.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mountArguments, parseRun, Refusal } from './run-arguments.mjs';

const [kind, folder, ...argv] = process.argv.slice(2);
const state = JSON.parse(readFileSync(path.join(folder, 'state.json'), 'utf8'));
const containers = path.join(folder, 'containers');
mkdirSync(containers, { recursive: true });
appendFileSync(path.join(folder, 'calls.ndjson'), `${JSON.stringify(argv)}\n`);

const TROUBLES = {
  stopped: 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
  forbidden: 'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock',
  broken: 'cannot do anything today',
};

const refuse = (text, code = 1) => {
  throw new Refusal(text, code);
};

const fileOf = (name) => path.join(containers, `${name}.json`);

/** The first process of a container, by the number it has outside; undefined when it is gone. */
const initOf = ({ holder }) => {
  try {
    const pid = readFileSync(`/proc/${holder}/task/${holder}/children`, 'latin1').trim().split(' ')[0];
    return pid === '' ? undefined : Number(pid);
  } catch {
    return undefined;
  }
};

const stateOf = (container) => container.state ?? (initOf(container) === undefined ? 'gone' : 'running');

const read = (name) => {
  try {
    return [JSON.parse(readFileSync(path.join(containers, name), 'utf8'))];
  } catch {
    return [];
  }
};

/** One that has ended is gone, as `--rm` has it. */
const all = () =>
  readdirSync(containers)
    .flatMap(read)
    .filter((container) => {
      const isThere = stateOf(container) !== 'gone';
      if (!isThere) rmSync(fileOf(container.name), { force: true });
      return isThere;
    });

const find = (name) =>
  all().find((one) => one.name === name || one.id === name) ?? refuse(`No such container: ${name}`);

const descendants = (pid) => {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean);
  return children.flatMap((child) => [Number(child), ...descendants(Number(child))]);
};

const info = () =>
  kind === 'podman'
    ? { host: { security: { rootless: state.rootless } }, version: { Version: '4.3.1' } }
    : { ServerVersion: '28.5.2', SecurityOptions: ['name=seccomp,profile=builtin', ...(state.security ?? [])] };

const kill = async (name) => {
  const container = find(name);
  if (stateOf(container) !== 'running') refuse(`container ${name} is not running`);
  process.kill(initOf(container), 'SIGKILL');
  for (let i = 0; i < 500 && initOf(container) !== undefined; i++) await sleep(10);
};

const remove = async (name) => {
  const container = find(name);
  if (stateOf(container) === 'running') await kill(name);
  rmSync(fileOf(container.name), { force: true });
};

/** Sends a signal from inside: to all but the first process. */
const exec = ([name, shell, flag, line]) => {
  const [, signal] = /^kill -s ([A-Z]+) -- -1$/.exec(line ?? '') ?? refuse(`not expected: ${line}`);
  if (shell !== '/bin/sh' || flag !== '-c') refuse(`not expected: ${shell} ${flag}`);
  const container = find(name);
  for (const pid of descendants(initOf(container) ?? refuse('not running')))
    try {
      process.kill(pid, `SIG${signal}`);
    } catch {}
};

const imageOf = (id) => Object.values(state.images).find((image) => image.id === id);

const run = async (given) => {
  const wish = parseRun(given, kind);
  const image = imageOf(wish.image);
  if (!image) refuse(`${kind}: No such image: ${wish.image}.`, 125);
  if (existsSync(fileOf(wish.name))) refuse(`${kind}: the name ${wish.name} is in use.`, 125);
  if (state.fails)
    refuse(`${kind}: Error response from daemon: ${state.fails}.\n\nRun '${kind} run --help' for more`, 125);
  if (state.noise) process.stderr.write(`WARNING: ${state.noise}\n`);
  const variables = wish.env.map((entry) => entry.split('='));
  const env = Object.fromEntries(variables.map(([name, value]) => [name, value ?? process.env[name]]));
  const set = Object.fromEntries(image.env.map((line) => line.split('=')));
  const child = spawn('bwrap', [...mountArguments(wish), '/bin/sh', ...wish.command], {
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', ...set, ...env },
    detached: true,
    stdio: 'inherit',
  });
  await once(child, 'spawn');
  const kept = { id: wish.name.replaceAll('-', ''), name: wish.name, labels: wish.labels, holder: child.pid };
  writeFileSync(fileOf(wish.name), JSON.stringify(kept));
  const [code, signal] = await once(child, 'exit');
  rmSync(fileOf(wish.name), { force: true });
  process.exitCode = state.exits ?? (signal ? 137 : code);
};

const passwd = (given) => {
  if (!given.includes('--pull=never') || !given.includes('--rm')) refuse('--pull=never and --rm were promised', 125);
  if (!imageOf(given.at(-2))) refuse(`${kind}: No such image: ${given.at(-2)}.`, 125);
  process.stdout.write(state.passwd ?? 'root:x:0:0:root:/root:/bin/sh\nplayer:x:1000:1000::/home/player:/bin/sh\n');
};

const listed = (label) =>
  all()
    .filter(({ labels }) => labels.includes(label))
    .map((one) => `${one.id} ${stateOf(one)} ${one.name}\n`)
    .join('');

const main = async () => {
  if (state.trouble) refuse(TROUBLES[state.trouble]);
  const [verb, ...rest] = argv;
  const line = argv.join(' ');
  if (line === 'info --format {{json .}}') return process.stdout.write(JSON.stringify(info()));
  if (verb === 'image' && rest[0] === 'inspect' && rest.length === 2) {
    const image = state.images[rest[1]] ?? refuse(`Error: No such image: ${rest[1]}`);
    return process.stdout.write(JSON.stringify([{ Id: image.id, Config: { Env: image.env } }]));
  }
  if (verb === 'run' && line.endsWith(`--entrypoint cat ${rest.at(-2)} /etc/passwd`)) return passwd(rest);
  if (verb === 'run') return run(rest);
  if (verb === 'exec' && rest.length === 4) return exec(rest);
  if (verb === 'kill' && rest.length === 1) return kill(rest[0]);
  if (verb === 'rm' && rest[0] === '--force' && rest.length === 2) return remove(rest[1]);
  const [, label] =
    /^ps --all --no-trunc --filter label=(\S+) --format \{\{\.ID\}\} \{\{\.State\}\} \{\{\.Names\}\}$/.exec(line) ?? [];
  if (label) return process.stdout.write(listed(label));
  return refuse(`unknown command: ${line}`);
};

try {
  await main();
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.code;
}
