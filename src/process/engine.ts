import { execFile } from 'node:child_process';

/** What an engine is, also where it goes by the other's name (`podman-docker`). */
export type EngineKind = 'docker' | 'podman';

/** How an engine is asked: its program, and the environment that says where its daemon and its files are. */
export interface EngineCall {
  program: string;
  env: Record<string, string | undefined>;
}

export interface EngineAnswer {
  /** null: it was not there, or had to be ended. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/**
 * What keeps an engine from being used: `stopped` (its daemon does not run), `forbidden` (we may not speak to it),
 * `image` (it does not have the image), or `broken`, with the engine's own words.
 */
export interface EngineTrouble {
  trouble: 'stopped' | 'forbidden' | 'image' | 'broken';
  words: string;
}

export interface EngineFound {
  kind: EngineKind;
  version: string;
  isRootless: boolean;
  /** Arguments of `run` by which a container's files are the user's own. */
  user: string[];
}

export interface ImageFound {
  id: string;
  /** Names of the variables that the image sets. */
  variables: string[];
}

const ASK_MS = 20_000;

/** Asks an engine one thing; that it fails is an answer. */
export const askEngine = ({ program, env }: EngineCall, args: string[], timeoutMs = ASK_MS): Promise<EngineAnswer> =>
  new Promise((resolve) => {
    const limits = { timeout: timeoutMs, killSignal: 'SIGKILL' as const, maxBuffer: 64 << 20 };
    execFile(program, args, { env: env as NodeJS.ProcessEnv, cwd: '/', ...limits }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ exitCode, stdout, stderr: stderr === '' && error !== null ? error.message : stderr });
    });
  });

const STOPPED = /(cannot|failed to) connect|daemon (is )?running|connection refused/i;
const FORBIDDEN = /permission denied|access denied/i;
const NO_IMAGE = /no such image|image not known|not found locally/i;

/** The last line that says something, without the engine's own marks and what it had asked for. */
const lastWords = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trim())
    .findLast((line) => line !== '' && !/^(run )?['"]?(docker|podman) .*--help/i.test(line))
    ?.replace(/^(error|docker):\s*/i, '')
    .replace(/: (Get|Head|Post) "http.*$/, '') ?? '';

/** What an engine's complaint comes to. */
export const troubleOf = ({ stderr }: Pick<EngineAnswer, 'stderr'>): EngineTrouble => {
  const words = lastWords(stderr) || 'it does not answer';
  if (FORBIDDEN.test(stderr)) return { trouble: 'forbidden', words };
  if (NO_IMAGE.test(stderr)) return { trouble: 'image', words };
  return { trouble: STOPPED.test(stderr) ? 'stopped' : 'broken', words };
};

type Json = Record<string, unknown>;

const objectOf = (value: unknown): Json | undefined =>
  typeof value === 'object' && value !== null ? (value as Json) : undefined;

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const ids = (): string => `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;

/**
 * Who a container runs as. As root of a rootless Docker it is the user outside; podman can keep the user's number, and
 * with all others the numbers are those of the machine.
 */
const userOf = (kind: EngineKind, how: { isRootless: boolean; isRemapped: boolean }): string[] => {
  if (kind === 'docker' && how.isRootless) return ['--user', '0:0'];
  if (kind === 'podman' && how.isRootless && process.getuid?.() !== 0) return ['--userns=keep-id', '--user', ids()];
  return [...(how.isRemapped ? ['--userns=host'] : []), '--user', ids()];
};

const podmanFound = (version: Json, security: Json | undefined): EngineFound => {
  const isRootless = security?.['rootless'] === true;
  const user = userOf('podman', { isRootless, isRemapped: false });
  return { kind: 'podman', version: String(version['Version']), isRootless, user };
};

const dockerFound = (version: string, options: unknown): EngineFound => {
  const has = (name: string): boolean =>
    Array.isArray(options) && options.some((option) => String(option).split(',').includes(`name=${name}`));
  const isRootless = has('rootless');
  return { kind: 'docker', version, isRootless, user: userOf('docker', { isRootless, isRemapped: has('userns') }) };
};

/** What an engine is and whether it can be used. */
export const lookAtEngine = async (call: EngineCall): Promise<EngineFound | EngineTrouble> => {
  const answer = await askEngine(call, ['info', '--format', '{{json .}}']);
  const info = objectOf(parse(answer.stdout));
  const podman = objectOf(info?.['version']);
  if (podman) return podmanFound(podman, objectOf(objectOf(info?.['host'])?.['security']));
  const version = info?.['ServerVersion'];
  if (typeof version === 'string' && version !== '') return dockerFound(version, info?.['SecurityOptions']);
  const errors = info?.['ServerErrors'];
  return troubleOf(Array.isArray(errors) && errors.length > 0 ? { stderr: errors.join('\n') } : answer);
};

/** An image that the engine has; nothing is ever fetched. */
export const lookAtImage = async (call: EngineCall, name: string): Promise<ImageFound | EngineTrouble> => {
  const answer = await askEngine(call, ['image', 'inspect', name]);
  const [image] = (parse(answer.stdout) as unknown[] | undefined) ?? [];
  const id = objectOf(image)?.['Id'];
  if (typeof id !== 'string') return troubleOf(answer);
  const env = objectOf(objectOf(image)?.['Config'])?.['Env'];
  return { id, variables: Array.isArray(env) ? env.map((line) => String(line).split('=')[0]!) : [] };
};
