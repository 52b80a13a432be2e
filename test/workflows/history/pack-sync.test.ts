import { describe, expect, it } from 'vitest';
import { renameSession } from '../../../src/workflows/rename-session.ts';
import { summaries } from '../../../src/workflows/summaries.ts';
import { git } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { cloneOf, eventsIn, logsIn, refsIn, syncIn, twoClones, workIn } from '../sync/world.ts';
import { answersIn, closeIn, packIn } from './pack-world.ts';

const names = async (dir: string, below = 'refs/amp'): Promise<string[]> =>
  Object.keys(await refsIn(dir, below)).sort();
const kindsOf = (refs: string[]): string[] => refs.map((ref) => ref.split('/')[2]!);

describe('sessions that were packed away', () => {
  it('leave the remote and the other clones, whose answers stay the same, and no old clone brings them back', async () => {
    const { up, a, b } = await twoClones();
    const [one, two] = [await workIn(a, 'one'), await workIn(a, 'two')];
    await closeIn(a, one);
    await syncIn(a);
    await syncIn(b);
    const old = await cloneOf(up);
    await syncIn(old);
    await closeIn(a, two);
    const logs = await logsIn(a);

    const packed = await packIn(a);
    expect(packed.packed.map(({ name }) => name)).toEqual(['one', 'two']);
    expect(packed.refs).toEqual({ before: 4, after: 2 });
    expect(packed.plan.refs).toEqual(packed.refs);
    expect(kindsOf(await names(a))).toEqual(['archive', 'code-archive']);
    expect(await logsIn(a)).toEqual(logs);

    expect(await syncIn(a)).toMatchObject({ refused: [], held: [] });
    // The end of `two` was never pushed: what is there is proved by its last line, once it can be looked at.
    expect(kindsOf(await names(up, 'refs/amp'))).toEqual(['archive', 'code-archive']);
    expect(await syncIn(a)).toMatchObject({ pushed: [], fetched: [] });

    const known = await answersIn(b);
    expect(await syncIn(b)).toMatchObject({ refused: [], held: [] });
    expect(kindsOf(await names(b))).toEqual(['archive', 'code-archive']);
    expect(await logsIn(b)).toEqual(logs);
    expect(JSON.parse(await answersIn(b))[0]).toHaveLength(JSON.parse(known)[0].length);

    // A clone whose program knows nothing of archives pushes what it has.
    const stale = Object.keys(await refsIn(old)).filter((ref) => !ref.startsWith('refs/notes'));
    await git(old, 'push', '-q', up, ...stale.map((ref) => `${ref}:${ref}`));
    expect(await names(up, 'refs/amp')).toHaveLength(6);
    expect(await syncIn(b)).toMatchObject({ fetched: [], pushed: [], refused: [] });
    expect(kindsOf(await names(up, 'refs/amp'))).toEqual(['archive', 'code-archive']);
    // The same clone with this program: it must not push before it has looked.
    await syncIn(old, { pull: false });
    expect(kindsOf(await names(up, 'refs/amp'))).toEqual(['archive', 'code-archive']);
    await syncIn(old);
    expect(kindsOf(await names(old))).toEqual(['archive', 'code-archive']);
    expect(await logsIn(old)).toEqual(logs);

    // Somebody goes on with one.
    const ctx = await contextIn(a);
    const which = (await summaries(ctx)).find(({ id }) => id === two)!;
    await renameSession(ctx, which, { name: 'again', prompt: null });
    expect(await syncIn(a)).toMatchObject({ refused: [], held: [] });
    expect(await syncIn(b)).toMatchObject({ refused: [], held: [] });
    expect(await eventsIn(b, two)).toEqual(await eventsIn(a, two));
    expect((await eventsIn(b, two)).length).toBeGreaterThan(logs[`sessions/${two}`]!.length);
    expect(kindsOf(await names(up, 'refs/amp'))).toContain('sessions');
  });

  it('a clone that comes late has them at once; one for history alone gets no code', async () => {
    const { up, a } = await twoClones();
    const id = await workIn(a, 'one');
    await closeIn(a, id);
    await packIn(a);
    await syncIn(a, { historyOnly: true });
    expect(kindsOf(await names(up, 'refs/amp'))).toEqual(['archive']);
    const late = await cloneOf(`file://${up}`, '--filter=blob:none');
    await syncIn(late, { historyOnly: true });
    expect(await eventsIn(late, id)).toEqual(await eventsIn(a, id));
    expect(JSON.parse(await answersIn(late))[0]).toMatchObject([{ id, state: 'archived' }]);
  });
});
