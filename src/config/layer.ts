import type { ConfigKey } from './keys.ts';

export type Source = 'flag' | 'environment' | 'repository' | 'user' | 'default';

/** Where a value came from; `file` and `line` for the two files, `variable` for the environment. */
export interface Origin {
  source: Source;
  file?: string;
  /** From 1. */
  line?: number;
  variable?: string;
}

export interface Entry {
  value: unknown;
  origin: Origin;
  /** The value names a program (or a folder outside) and stands in the repository's own file. */
  needsTrust?: boolean;
}

/** What one source says. */
export type Layer = ReadonlyMap<ConfigKey, Entry>;
