import { describe, expect, it } from 'vitest';
import { verify } from '../../../src/workflows/verify.ts';
import { exec } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { closeIn, packIn } from '../history/pack-world.ts';
import { cloneOf, logsIn, refsIn, syncIn, twoClones, workIn } from '../sync/world.ts';
import { forgetIn, placesOf, SECRET, secretSession } from './world.ts';

const archivesIn = async (dir: string): Promise<string[]> =>
  Object.keys(await refsIn(dir, 'refs/amp')).filter((ref) => ref.includes('archive'));

/** What a bare repository has, whatever leads to it. */
const isInRemote = async (up: string): Promise<boolean> => {
  const read = 'git rev-list --objects --all | cut -d" " -f1 | git cat-file --batch | strings';
  return (await exec(up, 'sh', ['-c', read])).stdout.includes(SECRET);
};

const isSound = async (dir: string): Promise<boolean> => (await verify(await contextIn(dir))).ok;

describe('a session that was packed away, and is forgotten', () => {
  it('leaves the archives here, at the remote and in the other clones; what was packed beside it stays', async () => {
    const { up, a, b } = await twoClones();
    const gone = await secretSession(a);
    const kept = await workIn(a, 'kept');
    for (const id of [gone.id, kept]) await closeIn(a, id);
    await packIn(a);
    await syncIn(a);
    await syncIn(b);
    const away = await cloneOf(up);
    await syncIn(away);
    expect(await archivesIn(b)).toHaveLength(2);
    expect(await isInRemote(up)).toBe(true);

    await forgetIn(a, [gone.id]);
    expect(await placesOf(a, [SECRET])).toEqual([]);
    expect([Object.keys(await logsIn(a)), await isSound(a)]).toEqual([[`sessions/${kept}`], true]);

    expect(await syncIn(a)).toMatchObject({ refused: [], held: [] });
    expect(await isInRemote(up)).toBe(false);
    expect(await syncIn(a)).toMatchObject({ refused: [], pushed: [], fetched: [] });

    for (const dir of [b, away]) {
      expect(await syncIn(dir)).toMatchObject({ forgotten: [gone.id], refused: [], held: [] });
      expect(await placesOf(dir, [SECRET])).toEqual([]);
      expect(await logsIn(dir)).toEqual(await logsIn(a));
      expect(await syncIn(dir)).toMatchObject({ refused: [], pushed: [], fetched: [] });
    }
    expect(await isSound(b)).toBe(true);
    expect(await archivesIn(up)).toEqual(await archivesIn(a));
  });
});
