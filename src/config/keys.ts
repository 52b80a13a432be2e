/**
 * Every setting by its dotted name, with its default; `undefined` where there is none. Plain data, so that a start
 * without any configuration file loads no schema library. `schema.ts` holds shapes, words and trust for the same keys.
 */
export const DEFAULTS = {
  agent: 'amp',
  model: undefined,
  test: undefined,
  testTimeoutSec: 600,
  setup: undefined,
  setupTimeoutSec: 600,
  timeoutSec: 3600,
  firstOutputSec: undefined,
  idleSec: undefined,
  maxIterations: 10,
  base: undefined,
  branchPrefix: 'amp',
  worktrees: '.worktrees',
  editor: undefined,
  isolation: 'auto',
  'sandbox.use': 'none',
  'sandbox.image': undefined,
  'sandbox.home': undefined,
  color: 'auto',
  'agents.amp.path': undefined,
  'agents.amp.threadTrailer': false,
  'agents.amp.coauthorTrailer': false,
  'agents.amp.cost': true,
  'agents.amp.labels': true,
  'agents.command.run': undefined,
  'agents.scripted.script': undefined,
  'redaction.stores': undefined,
  'commit.hooks': false,
  'commit.sign': false,
  'commit.maxFileMb': 1024,
  'history.sign': false,
  'squash.manual': 'keep',
  'sync.historyOnly': false,
  'sync.auto': false,
  'sync.remote': undefined,
} as const;

export type ConfigKey = keyof typeof DEFAULTS;

export const CONFIG_KEYS = Object.keys(DEFAULTS) as ConfigKey[];

export const isConfigKey = (name: string): name is ConfigKey => Object.hasOwn(DEFAULTS, name);

/** `agents.amp.threadTrailer` is set by `AMP_SESSIONS_AGENTS_AMP_THREAD_TRAILER`. */
export const environmentName = (key: ConfigKey): string =>
  `AMP_SESSIONS_${key
    .replaceAll('.', '_')
    .replace(/[A-Z]/g, (letter) => `_${letter}`)
    .toUpperCase()}`;
