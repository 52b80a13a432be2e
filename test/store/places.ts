import { join } from 'node:path';
import { type Clock, newId } from '../../src/clock.ts';
import type { Draft } from '../../src/events/catalogue.ts';
import { locateRepository } from '../../src/git/locate.ts';
import type { Repository } from '../../src/git/repository.ts';
import type { Redact } from '../../src/store/drafts.ts';
import { openStore } from '../../src/store/git-store.ts';
import type { LogStore } from '../../src/store/log-store.ts';
import { MemoryStore, memoryDisk } from '../../src/store/memory-store.ts';
import { draft } from '../support/events.ts';
import { exec, git, makeRepo, type RepoOptions, tempDir } from '../support/repo.ts';

/** A second passes with each look, so that no two times are the same. */
export const testClock = (): Clock => {
  let seconds = 0;
  const now = (): string => new Date(Date.UTC(2026, 10, 22, 13) + 1000 * seconds++).toISOString();
  return { now, elapsed: () => performance.now(), newId };
};

export const message = (text: string, iteration = 1): Draft => draft('agent-message.received', { iteration, text });
export const messages = (count: number, from = 1): Draft[] =>
  Array.from({ length: count }, (_, i) => message(`message ${from + i}`));

/** Where logs are kept; each `open` stands for another process. */
export interface Place {
  open(redact?: Redact): Promise<LogStore>;
  /** A second clone with another writer; `sync` carries everything both ways. */
  clone(): Promise<{ open(redact?: Redact): Promise<LogStore>; sync(): Promise<void> }>;
}

export const memoryPlace = async (): Promise<Place> => {
  const disk = memoryDisk();
  const store = (writer: string) => async (redact?: Redact) =>
    new MemoryStore({ clock: testClock(), writer, disk, redact });
  return { open: store('w1'), clone: async () => ({ open: store('w2'), sync: async () => {} }) };
};

export interface GitPlace extends Place {
  dir: string;
  repo: Repository;
}

export const gitPlace = async ({ reftable, ...options }: RepoOptions & { reftable?: true } = {}): Promise<GitPlace> => {
  if (reftable) process.env['GIT_DEFAULT_REF_FORMAT'] = 'reftable';
  const dir = await makeRepo(options);
  delete process.env['GIT_DEFAULT_REF_FORMAT'];
  const repo = await locateRepository(dir);
  const open = (redact: Redact = (text) => text) => openStore(repo, { clock: testClock(), redact });
  const clone = async () => {
    const copy = join(tempDir('amp-clone-'), 'clone');
    await git(dir, 'clone', '-q', dir, copy);
    const other = await locateRepository(copy);
    return {
      open: (redact: Redact = (text) => text) => openStore(other, { clock: testClock(), redact }),
      sync: async () => {
        await git(copy, 'fetch', '-q', 'origin', 'refs/amp/*:refs/amp/*');
        await git(copy, 'push', '-q', 'origin', 'refs/amp/*:refs/amp/*');
      },
    };
  };
  return { dir, repo, open, clone };
};

/** Why a reftable repository cannot be made with the installed git; undefined when it can. */
export const whyNoReftable = async (): Promise<string | undefined> => {
  const { exitCode, stderr } = await exec(tempDir(), 'git', ['init', '-q', '--ref-format=reftable', 'try']);
  return exitCode === 0 ? undefined : stderr.split('\n')[0];
};
