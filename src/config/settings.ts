import { realpathSync } from 'node:fs';
import { AppError } from '../errors.ts';
import { CONFIG_KEYS, type ConfigKey, isConfigKey } from './keys.ts';
import type { Origin } from './layer.ts';
import { type LoadOptions, loadConfig } from './load.ts';
import { type ConfigFile, readRepositoryFile, readUserFile, repositoryFile, userFile } from './read-file.ts';
import { suggest } from './suggest.ts';
import { trustRepositoryConfig } from './trust.ts';
import { writeFileAtomically } from './write-file.ts';

export interface Setting extends Origin {
  key: ConfigKey;
  /** null when it has no value. */
  value: unknown;
  /** False when the value names a program, comes from the repository's file, and that is not trusted. */
  trusted: boolean;
}

export interface SetOptions extends Pick<LoadOptions, 'root' | 'home'> {
  scope: 'user' | 'repository';
}

const known = (key: string): ConfigKey => {
  if (isConfigKey(key)) return key;
  const meant = suggest(key, CONFIG_KEYS);
  throw new AppError('config.unknown', `There is no setting \`${key}\`.`, {
    hint: meant ? `Did you mean \`${meant}\`?` : 'Run `amp-sessions config list` to see every setting.',
  });
};

/** Every setting with the value in force and where it comes from. */
export const listConfig = async (options: LoadOptions): Promise<Setting[]> => {
  const loaded = await loadConfig(options);
  const guarded = loaded.repositoryFile?.trusted ? [] : loaded.needsTrust();
  return CONFIG_KEYS.map((key) => ({
    key,
    value: loaded.value(key) ?? null,
    trusted: !guarded.includes(key),
    ...loaded.origin(key),
  }));
};

/** @throws AppError `config.unknown` for a key there is not, with the one that was probably meant */
export const getConfigValue = async (key: string, options: LoadOptions): Promise<Setting> => {
  const wanted = known(key);
  return (await listConfig(options)).find((setting) => setting.key === wanted)!;
};

const repositoryRoot = (root: string | null): string => {
  if (root !== null) return root;
  throw new AppError('repository.missing', 'There is no repository with a checkout here.', {
    hint: 'Name one with `-C <dir>`.',
  });
};

const target = ({ scope, root, home }: SetOptions): { path: string; file: ConfigFile | null } => {
  if (scope === 'user') return { path: userFile(home), file: readUserFile(home) };
  const top = repositoryRoot(root);
  return { path: repositoryFile(top), file: readRepositoryFile(top) };
};

/** A link is kept, and what it stands for is replaced. */
const realTarget = (path: string): string => {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
};

/**
 * Writes one setting, keeping the file's comments and order; the file is made when there is none.
 * @param text the value as a person types it
 * @throws AppError `config.unknown`, `config.invalid` (the value, or the file as it stands), `repository.missing`
 */
export const setConfigValue = async (
  key: string,
  text: string,
  options: SetOptions,
): Promise<{ key: ConfigKey; value: unknown; file: string }> => {
  const name = known(key);
  const [{ parseText }, { edit }] = await Promise.all([import('./check.ts'), import('./edit-yaml.ts')]);
  const value = parseText(name, text, {});
  const { path, file } = target(options);
  const content = edit(file ?? { path, bytes: Buffer.alloc(0), sha256: '' }, options.scope, name, value);
  writeFileAtomically(realTarget(path), content, options.scope === 'user' ? 0o600 : 0o644);
  return { key: name, value, file: path };
};

export interface TrustAnswer {
  file: string;
  sha256: string;
  /** What the trust is about. */
  settings: { key: ConfigKey; value: unknown }[];
}

/**
 * Trusts the repository's file with the bytes it has now.
 * @throws AppError `repository.missing`, `file.missing`, `config.invalid`, `config.untrusted` (changed meanwhile)
 */
export const trustSettings = async ({ root, home }: Pick<LoadOptions, 'root' | 'home'>): Promise<TrustAnswer> => {
  const top = repositoryRoot(root);
  const loaded = await loadConfig({ root: top, env: {}, home });
  const trusted = await trustRepositoryConfig(top, home, loaded.repositoryFile?.sha256);
  return { ...trusted, settings: loaded.needsTrust().map((key) => ({ key, value: loaded.value(key) })) };
};
