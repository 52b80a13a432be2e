import { beforeAll, describe, expect, it } from 'vitest';
import { changeWarnings, wayBack } from '../../../src/workflows/change-warnings.ts';
import type { Context } from '../../../src/workflows/context.ts';
import { ID } from '../../support/events.ts';
import { makeRepo, sh } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';

type Change = Parameters<typeof changeWarnings>[2];

const none: Change = { iteration: 1, config: false, hooks: [], attributes: false, refs: [], items: [] };
const session = { id: 'abc' } as Parameters<typeof changeWarnings>[1];
const config = { item: '.git/config', kind: 'config', from: 'a', to: 'b', blocks: true } as const;
const branch = { item: 'refs/heads/main', kind: 'branch', from: ID('a'), to: ID('b'), blocks: true } as const;

describe('what a person hears at once', () => {
  let ctx: Context;
  beforeAll(async () => {
    ctx = await contextIn(await makeRepo());
  });
  const warned = (over: Partial<Change>, head?: string) => changeWarnings(ctx, session, { ...none, ...over }, head);

  it('is nothing where nothing stops a merge, and nothing was put back', () => {
    expect(warned({})).toEqual([]);
    expect(warned({ items: undefined })).toEqual([]);
    expect(warned({ items: [{ ...config, blocks: false }] })).toEqual([]);
    expect(warned({ refs: [{ ref: 'refs/tags/x', from: null, to: ID('a') }], checkout: { index: true } })).toEqual([]);
  });

  it('names what to look at, and how', () => {
    const [text, ...more] = warned({ items: [config, { ...config, item: '.git/hooks/update', kind: 'hook' }] });
    expect(text).toContain('.git/config, .git/hooks/update changed');
    expect(text).toContain('amp-sessions config trust --session abc --dry-run');
    expect(more).toEqual([]);
  });

  it('names what was put back, apart', () => {
    const restored = { ...config, kind: 'log', item: 'refs/notes/amp', blocks: false, restored: true } as const;
    expect(warned({ items: [config, restored] })).toEqual([
      expect.stringContaining('.git/config changed'),
      'Changed while the agent ran, and put back: refs/notes/amp.',
    ]);
  });

  it('gives the way back for a branch that lost commits, by where it is checked out', () => {
    expect(warned({ items: [branch] })[0]).toContain(`git branch -f main ${'a'.repeat(12)}`);
    expect(warned({ items: [branch] }, 'ref: refs/heads/main')[0]).toContain(`reset --keep ${'a'.repeat(12)}`);
    expect(warned({ items: [{ ...branch, to: null }] })[0]).toContain(`main was deleted`);
    const led = { head: { from: 'ref: refs/heads/main', to: 'ref: refs/heads/x' }, index: false };
    expect(warned({ items: [branch], checkout: led }, 'ref: refs/heads/x')[0]).toContain('git branch -f');
  });

  it('gives a command that does what it says', async () => {
    const { root } = ctx.repo;
    const run = async (command: string) => expect((await sh(root, command)).exitCode).toBe(0);
    const id = (await sh(root, 'git rev-parse HEAD')).stdout.trim();
    await run('git commit -q --allow-empty -m two && git branch x && git branch y && git branch -q -D y');
    const two = (await sh(root, 'git rev-parse HEAD')).stdout.trim();
    await run(wayBack(ctx, { ref: 'refs/heads/y', from: two, to: null }));
    await run(wayBack(ctx, { ref: 'refs/heads/x', from: id, to: two }));
    await run(`git reset -q --hard ${id}`);
    await run(wayBack(ctx, { ref: 'refs/heads/main', from: two, to: id, head: 'ref: refs/heads/main' }));
    expect((await sh(root, 'git rev-parse main x y')).stdout.trim().split('\n')).toEqual([two, id, two]);
  });
});
