import { isAbsolute, posix, win32 } from 'node:path';
import { z } from 'zod';
import { type ConfigKey, DEFAULTS as D } from './keys.ts';

/**
 * Whether a value needs the user's trust when it comes from the repository's own file:
 * `always` for what names a program or lets one run, `outside` for a folder once it leaves the repository, `off` for a
 * protection once it is turned off.
 */
export type Trust = 'always' | 'outside' | 'off' | 'never';

export interface SettingMeta {
  description: string;
  /** Completes "<key> must be …". */
  expects: string;
  trust: Trust;
}

const setting = <T extends z.ZodType>(schema: T, meta: SettingMeta): T => schema.meta({ ...meta });

const text = z.string().regex(/^[^\0]+$/);
/** A word that reaches a command line: must not read as an option. */
const word = z.string().regex(/^[^\s\0-][^\s\0]*$/);
/** 2^31 milliseconds is the longest timer there is. */
const seconds = z.int().max(2_147_483);

const program = (description: string, expects = 'a command') =>
  setting(text.optional(), { description, expects, trust: 'always' });
const flag = (value: boolean, description: string, trust: Trust = 'never') =>
  setting(z.boolean().default(value), { description, expects: 'true or false', trust });
const limit = (value: number, min: number, description: string) =>
  setting(seconds.min(min).default(value), {
    description,
    expects: `a whole number of seconds, ${min === 0 ? 'or 0 for none' : `at least ${min}`}`,
    trust: 'never',
  });
const watchdog = (description: string) =>
  setting(seconds.min(0).optional(), {
    description,
    expects: 'a whole number of seconds, or 0 for none',
    trust: 'never',
  });

/** As `git check-ref-format` has it, less the characters that shells and file systems dislike. */
const isBranchPrefix = (value: string): boolean =>
  value.split('/').every((part) => /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u.test(part) && !/\.\.|\.$|\.lock$/.test(part));

const isWorktreeFolder = (value: string): boolean =>
  !value.includes('\0') && value !== '' && !value.split(/[\\/]/).some((part) => part.toLowerCase() === '.git');

const agents = z.strictObject({
  amp: z
    .strictObject({
      path: program('The Amp program; without it `amp` is looked up on the PATH.', 'a program'),
      threadTrailer: flag(
        D['agents.amp.threadTrailer'],
        "Let Amp add its thread's address to commits it makes itself.",
      ),
      coauthorTrailer: flag(D['agents.amp.coauthorTrailer'], 'Let Amp add itself as co-author of commits it makes.'),
      cost: flag(D['agents.amp.cost'], 'Ask Amp what a thread has cost once an iteration has ended.'),
      labels: flag(D['agents.amp.labels'], "Label Amp's threads with the session."),
    })
    .prefault({}),
  command: z
    .strictObject({ run: program('Command line of the agent `command`; it gets the prompt on its standard input.') })
    .prefault({}),
  scripted: z.strictObject({ script: program('YAML script that the agent `scripted` plays.', 'a file') }).prefault({}),
});

const redaction = z.strictObject({
  stores: setting(z.array(z.string().min(1).max(4096)).max(100).optional(), {
    description:
      'Further files that hold secrets (.env, JSON, YAML, netrc, npmrc, INI): their values go out of every log.',
    expects: 'a list of files',
    trust: 'always',
  }),
});

const sandbox = z.strictObject({
  use: setting(z.enum(['none', 'auto', 'bwrap', 'docker', 'podman']).default(D['sandbox.use']), {
    description:
      "Keep an agent to its worktree, the repository's git directory, programs, and a home folder of its own, by bubblewrap or in a container: `auto` where it can be had, in a container where `sandbox.image` names one.",
    expects: 'none, auto, bwrap, docker or podman',
    trust: 'always',
  }),
  image: setting(word.optional(), {
    description: 'Image of the container that agents run in; it must be there, as nothing is fetched.',
    expects: "an image's name",
    trust: 'always',
  }),
  home: setting(z.array(z.string().min(1).max(4096)).max(100).optional(), {
    description: 'Files and folders of the home folder that a sandboxed agent may use, such as those with its login.',
    expects: 'a list of paths',
    trust: 'always',
  }),
});

const commit = z.strictObject({
  hooks: flag(D['commit.hooks'], "Run the repository's git hooks on commits made for a session.", 'always'),
  sign: flag(D['commit.sign'], "Sign commits made for a session, as the user's git is set up to.", 'always'),
  maxFileMb: setting(z.int().min(0).max(1_048_576).default(D['commit.maxFileMb']), {
    description: 'Megabytes (2^20 bytes) that a file may have to be committed for a session; 0 for no limit.',
    expects: 'a whole number of megabytes, or 0 for no limit',
    trust: 'never',
  }),
});

const history = z.strictObject({
  sign: flag(D['history.sign'], "Sign the record that closes a session, as the user's git is set up to.", 'always'),
});

const squash = z.strictObject({
  manual: setting(z.enum(['keep', 'include']).default(D['squash.manual']), {
    description: "What a squash does with your own commits: keep them apart, or include them in the agent's.",
    expects: 'keep or include',
    trust: 'never',
  }),
});

const sync = z.strictObject({
  historyOnly: flag(
    D['sync.historyOnly'],
    'Let `sync` send and fetch the history alone, never the code of iterations.',
    'off',
  ),
  auto: flag(D['sync.auto'], 'Sync after each command that records something, by a process of its own.', 'always'),
  remote: setting(word.optional(), {
    description: 'Remote, by name or address, that `sync` exchanges history with; without it where your push goes.',
    expects: 'a remote or an address',
    trust: 'always',
  }),
});

/** The one schema of every settings file: the user's `config.yaml` and the repository's `.amp-sessions.yaml`. */
export const configSchema = z.strictObject({
  agent: setting(
    z
      .string()
      .regex(/^[a-z][a-z0-9-]*$/)
      .default(D.agent),
    { description: 'The coding agent: amp, command or scripted.', expects: "an agent's name", trust: 'never' },
  ),
  model: setting(word.optional(), {
    description: "Amp's mode, or the model of another agent.",
    expects: 'a mode or model',
    trust: 'never',
  }),
  test: program('Test command, run in the worktree by a shell after each iteration.'),
  testTimeoutSec: limit(D.testTimeoutSec, 1, 'Seconds the test command may take.'),
  setup: program('Command that makes a new worktree ready, run in it by a shell once.'),
  setupTimeoutSec: limit(D.setupTimeoutSec, 1, 'Seconds the set-up command may take.'),
  timeoutSec: limit(D.timeoutSec, 0, 'Seconds one run of the agent may take; 0 for no limit.'),
  firstOutputSec: watchdog("Seconds until the agent's first output; without it the agent's own default."),
  idleSec: watchdog("Seconds between two outputs of the agent; without it the agent's own default."),
  maxIterations: setting(z.int().min(1).max(1000).default(D.maxIterations), {
    description: 'The most iterations that `iterate --until-pass` makes.',
    expects: 'a whole number from 1 to 1000',
    trust: 'never',
  }),
  base: setting(word.optional(), {
    description: 'Branch, tag or commit that sessions start from; without it the current branch.',
    expects: 'a branch, tag or commit',
    trust: 'never',
  }),
  branchPrefix: setting(z.string().max(100).refine(isBranchPrefix).default(D.branchPrefix), {
    description: "First part of the sessions' branch names.",
    expects: 'a name that git takes for a branch',
    trust: 'never',
  }),
  worktrees: setting(z.string().max(4096).refine(isWorktreeFolder).default(D.worktrees), {
    description: "Folder of the sessions' worktrees, in the repository or absolute.",
    expects: 'a folder outside `.git`',
    trust: 'outside',
  }),
  editor: program('Command that `open` starts with the worktree.'),
  agents: agents.prefault({}),
  redaction: redaction.prefault({}),
  sandbox: sandbox.prefault({}),
  commit: commit.prefault({}),
  history: history.prefault({}),
  squash: squash.prefault({}),
  sync: sync.prefault({}),
  isolation: setting(z.enum(['auto', 'namespace', 'group']).default(D.isolation), {
    description: 'How the processes of an agent are held together, so that stopping means stopping.',
    expects: 'auto, namespace or group',
    trust: 'never',
  }),
  color: setting(z.enum(['auto', 'always', 'never']).default(D.color), {
    description: 'Colours in the output.',
    expects: 'auto, always or never',
    trust: 'never',
  }),
});

export type Config = z.output<typeof configSchema>;

export interface Leaf extends SettingMeta {
  key: ConfigKey;
  schema: z.ZodType;
  kind: 'text' | 'number' | 'boolean' | 'list';
}

const unwrap = (schema: z.ZodType): z.ZodType =>
  schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional
    ? unwrap(schema.unwrap() as z.ZodType)
    : schema;

const kindOf = (schema: z.ZodType): Leaf['kind'] => {
  if (schema instanceof z.ZodNumber) return 'number';
  if (schema instanceof z.ZodBoolean) return 'boolean';
  return schema instanceof z.ZodArray ? 'list' : 'text';
};

const collect = (schema: z.ZodType, path: string[]): Leaf[] => {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject)
    return Object.entries(inner.shape).flatMap(([name, child]) => collect(child as z.ZodType, [...path, name]));
  const kind = kindOf(inner);
  const meta = z.globalRegistry.get(schema) as SettingMeta | undefined;
  return [{ ...(meta as SettingMeta), key: path.join('.') as ConfigKey, schema, kind }];
};

/** Every setting the schema knows, in its order. */
export const leaves: ReadonlyMap<ConfigKey, Leaf> = new Map(collect(configSchema, []).map((leaf) => [leaf.key, leaf]));

const leavesRepository = (folder: string): boolean =>
  isAbsolute(folder) ||
  win32.isAbsolute(folder) ||
  /^[A-Za-z]:|^~/.test(folder) ||
  posix.normalize(folder.replaceAll('\\', '/')).split('/')[0] === '..';

/** True when this value, read from the repository's own file, must not be acted on without the user's trust. */
export const needsTrust = (key: ConfigKey, value: unknown): boolean => {
  const trust = leaves.get(key)!.trust;
  if (trust === 'off') return value === false;
  return trust === 'always' || (trust === 'outside' && leavesRepository(String(value)));
};
