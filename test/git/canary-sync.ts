import { join } from 'node:path';
import { expect } from 'vitest';
import * as added from '../../src/git/added-lines.ts';
import { changePackedRefs } from '../../src/git/packed-refs.ts';
import * as reflogs from '../../src/git/reflog.ts';
import { listRefs } from '../../src/git/refs.ts';
import type { Repository } from '../../src/git/repository.ts';
import * as signing from '../../src/git/sign-commit.ts';
import * as fetches from '../../src/git/sync-fetch.ts';
import * as pushes from '../../src/git/sync-push.ts';
import * as remotes from '../../src/git/sync-remote.ts';
import * as taking from '../../src/git/take-objects.ts';
import * as throwaway from '../../src/git/throwaway-repository.ts';

interface Scene {
  repo: Repository;
  parent: string;
  tip: string;
  up: string;
}

type Work = (scene: Scene) => Promise<unknown>;

const origin = ({ repo }: Scene) => remotes.findSyncRemote(repo, 'origin', repo.root);

/** Every exported function of a sync that can start git, by its name. */
export const SYNC: Record<string, Work> = {
  findSyncRemote: async (scene) => {
    expect(await origin(scene)).toMatchObject({ address: 'origin' });
    expect(await remotes.findSyncRemote(scene.repo, scene.up, scene.repo.root)).toMatchObject({ address: scene.up });
  },
  listRemoteRefs: async (scene) => {
    const refs = await fetches.listRemoteRefs(scene.repo, await origin(scene), ['refs/heads/*']);
    expect([...refs.keys()]).toContain('refs/heads/main');
  },
  fetchObjects: async (scene) => {
    expect(await fetches.fetchObjects(scene.repo, await origin(scene), [scene.parent])).toEqual(new Set());
  },
  presentCommits: async ({ repo, tip }) => {
    expect(await fetches.presentCommits(repo, [tip, 'e'.repeat(40)])).toEqual(new Set([tip]));
  },
  completeObjects: async (scene) => fetches.completeObjects(scene.repo, await origin(scene), [scene.tip]),
  isPartialClone: ({ repo }) => fetches.isPartialClone(repo),
  pushRefs: async (scene) => {
    const refs = [{ ref: 'refs/amp/sessions/a/w', id: scene.tip }];
    expect(await pushes.pushRefs(scene.repo, await origin(scene), refs)).toEqual({ pushed: refs, refused: [] });
    const many = Array.from({ length: 100 }, (_, n) => ({ ref: `refs/amp/sessions/a${n}/w`, id: scene.tip }));
    expect((await pushes.pushRefs(scene.repo, await origin(scene), many)).pushed).toHaveLength(100);
    const ext = { label: 'ext', address: 'ext', name: 'ext' };
    expect((await pushes.pushRefs(scene.repo, ext, refs)).refused).toHaveLength(1);
    await expect(fetches.listRemoteRefs(scene.repo, ext, ['refs/*'])).rejects.toMatchObject({
      code: 'remote.unreachable',
    });
  },
  clearOutgoing: async ({ repo, tip }) => {
    const create = [{ ref: 'refs/amp-outgoing/sessions/a/w', id: tip }];
    expect((await changePackedRefs(repo, 'refs/amp-outgoing/', { create }))?.size).toBe(1);
    await pushes.clearOutgoing(repo);
    expect(await listRefs(repo, 'refs/amp-outgoing/')).toEqual([]);
  },
  expireReflog: ({ repo }) => reflogs.expireReflog(repo, 'refs/heads/main'),
  addedTexts: async ({ repo, parent, tip }) => {
    const texts = await added.addedTexts(repo, { tips: [tip], without: [parent], maxBytes: 1 << 20 });
    expect(texts?.map(({ text }) => text)).toContain('fresh');
    expect(await added.addedTexts(repo, { tips: [tip], without: [], maxBytes: 10 })).toBeUndefined();
  },
  signCommit: async ({ repo, parent }) => {
    const env = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@b' };
    await signing.signCommit(repo, { tree: Buffer.alloc(0), parents: [parent], message: 'x', env }).catch(() => {});
  },
  readSignatures: async ({ repo, tip }) => expect(await signing.readSignatures(repo, [tip])).toHaveLength(1),
  throwawayRepository: async ({ repo }) => (await throwaway.throwawayRepository(repo)).remove(),
  objectsBehind: async ({ repo, tip }) => expect(await taking.objectsBehind(repo, [tip])).toContain(tip),
  takeObjects: async ({ repo, tip }) => {
    const folder = join(repo.commonDir, 'amp/quarantine/canary');
    (await taking.takeObjects(repo, { from: repo, ids: [tip], reason: 'canary', folder }))();
  },
  dropKeptPacks: async ({ repo }) => taking.dropKeptPacks(repo, 'canary'),
  setDamagedAside: async ({ repo, tip }) => {
    const folder = join(repo.commonDir, 'amp/quarantine/canary');
    expect((await taking.setDamagedAside(repo, [tip], folder)).length).toBeGreaterThan(0);
  },
};

export const SYNC_ROOMS = {
  ...added,
  ...fetches,
  ...pushes,
  ...reflogs,
  ...remotes,
  ...signing,
  ...taking,
  ...throwaway,
};
