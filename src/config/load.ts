import { AppError } from '../errors.ts';
import { CONFIG_KEYS, type ConfigKey, DEFAULTS, environmentName } from './keys.ts';
import type { Entry, Layer, Origin } from './layer.ts';
import type { Environment, HomeDirs } from './paths.ts';
import { type ConfigFile, readRepositoryFile, readUserFile } from './read-file.ts';
import type { Config } from './schema.ts';
import { type At, nest } from './tree.ts';
import { isTrusted } from './trust.ts';

export type { ConfigKey } from './keys.ts';
export type { Origin, Source } from './layer.ts';
export type { Config } from './schema.ts';

/** Settings by dotted name. */
export type ConfigValues = { [K in ConfigKey]: At<Config, K> };

/** Settings given on the command line, checked by it; `undefined` is as good as absent. */
export type ConfigFlags = Partial<ConfigValues>;

export interface LoadOptions {
  /** Top of the main checkout; null outside a repository. */
  root: string | null;
  env: Environment;
  home: HomeDirs;
  flags?: ConfigFlags;
}

export interface LoadedConfig {
  config: Config;
  value<K extends ConfigKey>(key: K): ConfigValues[K];
  /** Where the value in force comes from. */
  origin(key: ConfigKey): Origin;
  /** The repository's file as it was read; null when it has none. */
  repositoryFile: { path: string; sha256: string; trusted: boolean } | null;
  /**
   * The files of `redaction.stores`, of every source at once: a repository adds to the user's list and takes nothing
   * from it. `untrusted` is the repository's file when it names some and is not trusted, so that they do not count.
   */
  stores(): { paths: string[]; untrusted: string | null };
  /** Settings in force that come from the repository's file and name a program (or a folder outside). */
  needsTrust(): ConfigKey[];
  /**
   * To be called with the keys about to be acted on.
   * @throws AppError `config.untrusted` when one of them names a program and comes from a file that is not trusted
   */
  requireTrust(keys: ConfigKey[]): void;
}

const flagLayer = (flags: ConfigFlags): Layer =>
  new Map(
    Object.entries(flags)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key as ConfigKey, { value, origin: { source: 'flag' } } satisfies Entry]),
  );

const environmentLayer = async (env: Environment): Promise<Layer> => {
  const given = CONFIG_KEYS.map((key) => [key, environmentName(key)] as const).filter(([, name]) => env[name]);
  if (given.length === 0) return new Map();
  const { parseText } = await import('./check.ts');
  return new Map(
    given.map(([key, variable]) => [
      key,
      { value: parseText(key, env[variable]!, { variable }), origin: { source: 'environment', variable } },
    ]),
  );
};

const fileLayer = async (file: ConfigFile | null, source: 'repository' | 'user'): Promise<Layer> =>
  file === null ? new Map() : (await import('./parse-yaml.ts')).parseYaml(file, source).layer;

const defaultLayer: Layer = new Map(
  CONFIG_KEYS.map((key) => [key, { value: DEFAULTS[key], origin: { source: 'default' } } satisfies Entry]),
);

const merge = (layers: Layer[]): Map<ConfigKey, Entry> => {
  const merged = new Map<ConfigKey, Entry>();
  for (const key of CONFIG_KEYS) merged.set(key, layers.find((layer) => layer.has(key))!.get(key)!);
  return merged;
};

const storesOf = (layers: Layer[], trusted: boolean): ReturnType<LoadedConfig['stores']> => {
  const named = layers.flatMap((layer) => {
    const entry = layer.get('redaction.stores');
    return Array.isArray(entry?.value) && entry.value.length > 0 ? [entry] : [];
  });
  const isRead = ({ needsTrust }: Entry): boolean => trusted || !needsTrust;
  const paths = named.filter(isRead).flatMap(({ value }) => value as string[]);
  return { paths: [...new Set(paths)], untrusted: named.find((entry) => !isRead(entry))?.origin.file ?? null };
};

const untrusted = (file: ConfigFile, keys: ConfigKey[]): AppError =>
  new AppError(
    'config.untrusted',
    `${file.path} sets ${keys.map((key) => `\`${key}\``).join(', ')}, and you have not trusted this file as it is now.`,
    { hint: 'Read it, then run `amp-sessions config trust`.', details: { file: file.path, keys } },
  );

/**
 * Flags, then environment, then `.amp-sessions.yaml` at the repository's root, then the user's `config.yaml`, then
 * defaults. Without files and variables of ours neither YAML nor schema library is loaded.
 * @throws AppError `config.invalid` naming file, line, column and key, or the variable
 */
export const loadConfig = async ({ root, env, home, flags = {} }: LoadOptions): Promise<LoadedConfig> => {
  const repository = root === null ? null : readRepositoryFile(root);
  const layers = [
    flagLayer(flags),
    await environmentLayer(env),
    await fileLayer(repository, 'repository'),
    await fileLayer(readUserFile(home), 'user'),
    defaultLayer,
  ];
  const entries = merge(layers);
  const guarded = CONFIG_KEYS.filter((key) => entries.get(key)!.needsTrust);
  const trusted = repository !== null && isTrusted(root!, repository.sha256, home);
  return {
    config: nest([...entries].map(([key, entry]) => [key, entry.value])) as Config,
    value: <K extends ConfigKey>(key: K) => entries.get(key)!.value as ConfigValues[K],
    origin: (key) => entries.get(key)!.origin,
    repositoryFile: repository && { path: repository.path, sha256: repository.sha256, trusted },
    stores: () => storesOf(layers, trusted),
    needsTrust: () => guarded,
    requireTrust: (keys) => {
      const asked = trusted ? [] : guarded.filter((key) => keys.includes(key));
      if (asked.length > 0) throw untrusted(repository!, asked);
    },
  };
};
