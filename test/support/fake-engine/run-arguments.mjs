/** The command line of `run`, as strict as the engines are, and stricter: what we promise has to be there. */
import { existsSync } from 'node:fs';

export class Refusal extends Error {
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

const refuse = (text) => {
  throw new Refusal(text, 125);
};

const SWITCHES = ['--rm', '--interactive', '--init', '--pull=never', '--no-healthcheck'];
const MAY = ['--userns=keep-id', '--userns=host'];
const VALUES = [
  '--log-driver',
  '--name',
  '--label',
  '--user',
  '--cap-drop',
  '--security-opt',
  '--pids-limit',
  '--shm-size',
  '--network',
  '--workdir',
  '--tmpfs',
  '--mount',
  '--env',
  '--entrypoint',
];
const PROMISED = {
  '--log-driver': 'none',
  '--cap-drop': 'ALL',
  '--security-opt': 'no-new-privileges',
  '--entrypoint': '/bin/sh',
};

/** One line of CSV, as Go reads it. */
export const csvFields = (line) => {
  const fields = [];
  for (let at = 0; at < line.length; at++) {
    const quoted = /^"((?:[^"]|"")*)"(?=,|$)/.exec(line.slice(at));
    const plain = quoted ? undefined : (/^[^,"]*(?=,|$)/.exec(line.slice(at)) ?? refuse(`bare " in ${line}`));
    fields.push(quoted ? quoted[1].replaceAll('""', '"') : plain[0]);
    at += (quoted ?? plain)[0].length;
  }
  return fields;
};

const mountOf = (line) => {
  const entries = csvFields(line).map(
    (field) => /^([a-z-]+)(?:=(.*))?$/s.exec(field) ?? refuse(`invalid field ${field}`),
  );
  const { type, source, destination, ...rest } = Object.fromEntries(
    entries.map(([, key, value]) => [key, value ?? true]),
  );
  const known = type === 'bind' ? ['readonly'] : ['tmpfs-mode'];
  for (const key of Object.keys(rest)) if (!known.includes(key)) refuse(`unexpected key '${key}' in '${line}'`);
  if (!destination?.startsWith('/')) refuse(`invalid mount path: '${destination}' mount path must be absolute`);
  if (type === 'bind' && !existsSync(source))
    refuse(`invalid mount config: bind source path does not exist: ${source}`);
  return { type, source, destination, isReadonly: rest.readonly === true };
};

const tmpfsOf = (value) => {
  const [destination, options = ''] = value.split(':');
  for (const option of options.split(','))
    if (!/^(rw|ro|exec|nosuid|nodev|mode=\d+)$/.test(option)) refuse(`invalid tmpfs option "${option}"`);
  return { type: 'tmpfs', destination };
};

export const parseRun = (argv, kind) => {
  const given = new Map();
  const switches = [];
  let at = 0;
  for (; argv[at]?.startsWith('-'); at++) {
    const flag = argv[at];
    if (SWITCHES.includes(flag) || MAY.includes(flag)) switches.push(flag);
    else if (VALUES.includes(flag)) given.set(flag, [...(given.get(flag) ?? []), argv[++at]]);
    else refuse(`unknown flag: ${flag}`);
  }
  for (const flag of SWITCHES) if (!switches.includes(flag)) refuse(`${flag} was promised`);
  if (switches.includes('--userns=keep-id') && kind !== 'podman') refuse('invalid userns mode');
  for (const [flag, value] of Object.entries(PROMISED))
    if (!given.get(flag)?.includes(value)) refuse(`${flag} ${value} was promised`);
  const one = (flag) => (given.get(flag)?.length === 1 ? given.get(flag)[0] : refuse(`${flag} once, please`));
  if (!/^\d+:\d+$/.test(one('--user'))) refuse('--user by numbers was promised');
  const env = given.get('--env') ?? [];
  const told = env.find((entry) => entry.includes('=') && !/^AMP_SESSIONS_(RUN|SESSION|ITERATION)=\w+$/.test(entry));
  if (told) refuse(`a value that everybody can read: ${told}`);
  const mounts = [...(given.get('--mount') ?? []).map(mountOf), ...(given.get('--tmpfs') ?? []).map(tmpfsOf)];
  const twice = mounts.find(
    ({ destination }, n) => mounts.findIndex((other) => other.destination === destination) !== n,
  );
  if (twice) refuse(`Duplicate mount point: ${twice.destination}`);
  const [image, ...command] = argv.slice(at);
  return {
    name: one('--name'),
    labels: given.get('--label') ?? [],
    cwd: one('--workdir'),
    env,
    mounts,
    image,
    command,
  };
};

const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/etc'];

/** The first process of a container: it waits for the one, and its end is the end of all. */
const FIRST = ['/bin/sh', '-c', '"$0" "$@"; exit $?'];

/** Outer folders first, as the engines mount them. */
export const mountArguments = ({ mounts, cwd }) => [
  ...['--unshare-pid', '--unshare-ipc', '--as-pid-1', '--dev', '/dev', '--proc', '/proc'],
  ...SYSTEM.flatMap((dir) => ['--ro-bind-try', dir, dir]),
  ...mounts
    .sort((a, b) => a.destination.split('/').length - b.destination.split('/').length)
    .flatMap(({ type, source, destination, isReadonly }) =>
      type === 'tmpfs' ? ['--tmpfs', destination] : [isReadonly ? '--ro-bind' : '--bind', source, destination],
    ),
  ...['--chdir', cwd, '--', ...FIRST],
];
