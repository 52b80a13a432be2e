import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sessionLog } from '../../../src/events/envelope.ts';
import { type SyncWish, sync } from '../../../src/workflows/sync/sync.ts';
import { git, makeRepo, type RepoOptions, tempDir } from '../../support/repo.ts';
import { contextIn, make, runOnce } from '../../support/sessions.ts';

/** A session's agent that leaves another file each time; its program is on record with the session. */
export const AGENT = { name: 'command', mode: null, command: 'cat >/dev/null; echo "$RANDOM-$$" >> work.txt' };

/** A new clone, with a name to commit under. */
export const cloneOf = async (source: string, ...flags: string[]): Promise<string> => {
  const dir = join(tempDir('amp-clone-'), 'clone');
  await git(tempDir(), 'clone', '-q', ...flags, source, dir);
  await git(dir, 'config', 'user.name', 'Other User');
  await git(dir, 'config', 'user.email', 'other@example.com');
  return dir;
};

/** A bare remote that two clones share; the remote takes whatever it is asked for. */
export const twoClones = async (options: RepoOptions = {}): Promise<{ up: string; a: string; b: string }> => {
  const up = await makeRepo({ ...options, bare: true });
  await git(up, 'config', 'uploadpack.allowFilter', 'true');
  await git(up, 'config', 'uploadpack.allowAnySHA1InWant', 'true');
  return { up, a: await cloneOf(up), b: await cloneOf(up) };
};

export type World = Awaited<ReturnType<typeof twoClones>>;

/** A sync as `amp-sessions sync` does it, in a context of its own. */
export const syncIn = async (dir: string, over: Partial<SyncWish> = {}, env?: NodeJS.ProcessEnv) => {
  const ctx = await contextIn(dir, env);
  return sync(ctx, { push: true, pull: true, historyOnly: false, dryRun: false, directory: dir, ...over });
};

/** A session with one iteration; its id. */
export const workIn = async (dir: string, name = 'task'): Promise<string> => {
  const ctx = await contextIn(dir);
  const { session } = await make(ctx, { name, agent: AGENT });
  await runOnce(ctx, session.id);
  return session.id;
};

/** All logs with all their lines, in the order in which every clone must see them. */
export const logsIn = async (dir: string): Promise<Record<string, string[]>> => {
  const ctx = await contextIn(dir);
  const all: Record<string, string[]> = {};
  for (const { log } of await ctx.store.logs())
    all[log] = (await ctx.store.read(log)).events.map((event) => JSON.stringify(event));
  return all;
};

/** Lines of one session's log. */
export const eventsIn = async (dir: string, id: string): Promise<string[]> =>
  (await (await contextIn(dir)).store.read(sessionLog(id))).events.map((event) => JSON.stringify(event));

/** Ref to id, below a prefix. */
export const refsIn = async (dir: string, prefix = 'refs/amp'): Promise<Record<string, string>> => {
  const text = await git(dir, 'for-each-ref', '--format=%(refname) %(objectname)', prefix);
  return Object.fromEntries(text.split('\n').flatMap((line) => (line ? [line.split(' ') as [string, string]] : [])));
};

/** Every note as git itself shows it, by commit. */
export const notesIn = async (dir: string): Promise<Record<string, string>> => {
  const list = await git(dir, 'notes', '--ref=amp', 'list');
  const notes: Record<string, string> = {};
  for (const line of list.split('\n').filter(Boolean)) {
    const [blob, commit] = line.split(' ');
    notes[commit!] = await git(dir, 'cat-file', 'blob', blob!);
  }
  return notes;
};

/** A hook of a bare remote. */
export const hookOf = (up: string, name: string, body: string): string => {
  const file = join(up, 'hooks', name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return file;
};
