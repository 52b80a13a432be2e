import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Clock } from '../clock.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { HomeDirs } from '../config/paths.ts';
import type { Repository } from '../git/repository.ts';
import type { TextKind } from '../redaction/redactor.ts';
import type { Scanner } from '../redaction/scanner.ts';
import type { SecretSources } from '../redaction/sources.ts';

/** Takes the secrets out of a text, as far as they are known at that moment. */
export type Redact = (text: string, kind?: TextKind) => Promise<string>;

export interface Secrets {
  redact: Redact;
  /** Says where the secrets of a text are, by the rules by which it would be redacted. */
  scan: Scanner;
  /** The `.env` files of this folder count from now on: a session's worktree. */
  watch(folder: string): void;
  /** The same for every worktree there is. */
  watchAll(): void;
}

export interface SecretsOptions {
  repo: Repository;
  config: LoadedConfig;
  env: Record<string, string | undefined>;
  home: HomeDirs;
  clock: Clock;
  warn(text: string): void;
}

/** Of the worktrees that are looked into at once. */
const MOST_WORKTREES = 500;

const worktreeFolders = (repo: Repository): string[] => {
  const administration = join(repo.commonDir, 'worktrees');
  try {
    return readdirSync(administration)
      .slice(0, MOST_WORKTREES)
      .map((name) => dirname(readFileSync(join(administration, name, 'gitdir'), 'utf8').trim()));
  } catch {
    return [];
  }
};

/** `~` is the user's home; a relative path is from the top of the repository. */
const storePath = (given: string, root: string): string => {
  if (given === '~' || /^~[\\/]/.test(given)) return join(homedir(), given.slice(1));
  return isAbsolute(given) ? given : resolve(root, given);
};

/**
 * Redactor and scanner, made at the first use with the key and the sources: a command that only reads does not pay for
 * them.
 */
export const lazySecrets = ({ repo, config, env, home, clock, warn }: SecretsOptions): Secrets => {
  const folders = new Set<string>();
  let made: Promise<{ sources: SecretSources; redact: Redact; scan: Scanner }> | undefined;
  const make = async () => {
    const [{ createRedactor, redactionKey }, { SecretSources }, { createScanner }] = await Promise.all([
      import('../redaction/redactor.ts'),
      import('../redaction/sources.ts'),
      import('../redaction/scanner.ts'),
    ]);
    const { paths, untrusted } = config.stores();
    if (untrusted !== null)
      warn(`${untrusted} names files with secrets (redaction.stores): they are not read until you trust it.`);
    const stores = paths.map((path) => storePath(path, repo.root));
    const root = repo.bare ? null : repo.root;
    const sources = new SecretSources({ env, root, stores, elapsed: () => clock.elapsed(), warn });
    const redact = createRedactor({ env, key: redactionKey(home.data), sources });
    return {
      sources,
      redact: async (text: string, kind?: TextKind) => redact(text, kind),
      scan: createScanner(sources),
    };
  };
  const ready = async () => {
    made ??= make();
    const all = await made;
    for (const folder of folders) all.sources.watch(folder);
    folders.clear();
    await all.sources.refresh();
    return all;
  };
  return {
    redact: async (text, kind) => (await ready()).redact(text, kind),
    scan: async (text, path) => (await ready()).scan(text, path),
    watch: (folder) => {
      folders.add(folder);
    },
    watchAll: () => {
      for (const folder of worktreeFolders(repo)) folders.add(folder);
    },
  };
};
