import { z } from 'zod';
import { count, open } from './shapes.ts';

const strings = z.array(z.string());

/** What the commands about the program's own traces print with `--json`. */
export const historyAnswers = {
  history: open({
    repository: z.string(),
    items: z.array(
      open({
        kind: z.string().describe('sessions, code, notes, … for refs; branch, worktree, file, line, outside'),
        name: z.string(),
        bytes: count.nullable().describe('on disk; null for refs: see history-size'),
        what: z.string(),
      }),
    ),
  }),
  'history:size': open({
    kinds: z.array(open({ kind: z.string(), refs: count, bytes: count })),
    refs: open({ all: count, loose: count.nullable() }),
    bytes: count.describe('on disk, of what only the refs of the program lead to'),
    files: open({ wal: count, cache: count, all: count }),
    fetch: open({ bytes: count, withoutCode: count }).describe('what a first sync brings'),
    advertisedBytes: count.describe('what every fetch of others has to list'),
    sessions: z.array(open({ session: z.string(), name: z.string(), bytes: count })).describe('the biggest logs'),
  }),
  uninstall: open({
    repository: z.string(),
    dryRun: z.boolean(),
    removed: z.boolean().describe('false: nothing was, as asked or for want of a yes'),
    keepHistory: z.boolean(),
    worktrees: strings,
    branches: strings,
    refs: strings,
    files: strings,
    lines: strings.describe('of info/exclude'),
    losses: z.array(open({ session: z.string(), name: z.string(), what: z.string() })),
  }),
};
