import { Entries } from './entries.ts';
import type { Seen } from './look.ts';
import { isSound } from './segments.ts';
import { neededNames, readEntries, readState, type Segment, type State } from './state.ts';

/** How closely files are looked at: size and time, or every byte. */
export type Closeness = 'glance' | 'bytes';

/** What counts of the cache: segments whose files are whole, and what is in them. */
export interface Known {
  /** Undefined: there was none, or nothing of it counts. */
  state: State | undefined;
  segments: Segment[];
  entries: Entries;
  retired: State['retired'];
  /** How refs stood then; undefined also where a segment is missing, so that logs have to be read that did not change. */
  seen: Seen | undefined;
  /** In the folder, of this and earlier states. */
  names: string[];
}

export const NOTHING: Known = {
  state: undefined,
  segments: [],
  entries: new Entries('[]', []),
  retired: [],
  seen: undefined,
  names: [],
};

export const known = (folder: string, how: Closeness): Known => {
  const state = readState(folder);
  if (!state) return NOTHING;
  const segments = state.segments.filter((segment) => isSound(folder, segment, how));
  const ids = new Set(segments.map(({ id }) => id));
  const entries = readEntries(folder, state, (segment) => ids.has(segment));
  // Another process wrote the next state meanwhile, and took away what only this one needed.
  if (!entries) return readState(folder)?.logsFile === state.logsFile ? NOTHING : known(folder, how);
  return {
    state,
    segments,
    entries,
    retired: state.retired,
    seen: segments.length === state.segments.length ? state.seen : undefined,
    names: [...neededNames(state)],
  };
};
