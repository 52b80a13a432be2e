import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { forgetQuestion, forgetText, forgottenText } from '../../src/cli/forget-text.ts';
import { syncText } from '../../src/cli/sync-text.ts';

const color = new Chalk({ level: 0 });
const item: Parameters<typeof forgetText>[0][number] = {
  session: 'k3v9x2m1qa',
  name: 'login',
  refs: ['refs/amp/sessions/k3v9x2m1qa/w1', 'refs/amp/code/k3v9x2m1qa/w1'],
  files: ['amp/wal/sessions.k3v9x2m1qa.w1.ndjson'],
  notes: 3,
  bytes: 20480,
  worktree: '/r/.worktrees/k3v9x2m1qa',
  branch: 'amp/login/20261122',
  commit: 'abcdef0123456789abcdef0123456789abcdef01',
  unmergedCommits: 0,
  uncommitted: [],
  landed: { how: 'merged', into: 'main' },
};
const STAYS = [
  'What stays: code and commit messages on other branches, landed commits, what the agent’s own service',
  'keeps of its threads, and what a host has cached. Only ids go on record: a tombstone, which every clone',
  'and remote obeys that syncs.',
];
const lines = (...items: (typeof item)[]): string[] => forgetText(items, color).split('\n');

describe('what forget takes away', () => {
  it('names each thing, and what stays', () => {
    expect(lines(item)).toEqual([
      'k3v9x2m1qa  login  20.0 KiB',
      '  refs      refs/amp/sessions/k3v9x2m1qa/w1',
      '            refs/amp/code/k3v9x2m1qa/w1',
      '  files     amp/wal/sessions.k3v9x2m1qa.w1.ndjson',
      '  notes     its lines on 3 commits',
      '  worktree  /r/.worktrees/k3v9x2m1qa',
      expect.stringMatching(/^ {2}branch {4}amp\/login\/20261122 \(was abcdef01\); its work stays: .*main/),
      ...STAYS,
    ]);
  });

  it('says nothing of what there is not', () => {
    const bare = { ...item, refs: [], files: [], notes: 0, worktree: null, branch: null, commit: null, landed: null };
    expect(lines(bare)).toEqual(['k3v9x2m1qa  login  20.0 KiB', ...STAYS]);
  });

  it('says what goes for good', () => {
    const dirty = { ...item, landed: null, unmergedCommits: 2, uncommitted: ['a.txt', 'b.txt'] };
    expect(lines(dirty)).toEqual([
      'k3v9x2m1qa  login  20.0 KiB',
      '  refs      refs/amp/sessions/k3v9x2m1qa/w1',
      '            refs/amp/code/k3v9x2m1qa/w1',
      '  files     amp/wal/sessions.k3v9x2m1qa.w1.ndjson',
      '  notes     its lines on 3 commits',
      '  worktree  /r/.worktrees/k3v9x2m1qa',
      '            a.txt: uncommitted, for good',
      '            b.txt: uncommitted, for good',
      '  branch    amp/login/20261122 (was abcdef01)',
      '            with 2 commits that no other branch has, for good',
      ...STAYS,
    ]);
  });

  it('is cut after ten of a kind', () => {
    const many = { ...item, files: Array.from({ length: 13 }, (_, n) => `amp/wal/${n}`), refs: [], notes: 0 };
    expect(lines(many).slice(1, 12)).toEqual([
      '  files     amp/wal/0',
      ...Array.from({ length: 9 }, (_, n) => `            amp/wal/${n + 1}`),
      '            … 3 more; --json lists them',
    ]);
  });

  it('never lets a name reach the terminal raw', () => {
    const hostile = { ...item, name: 'a\u001b[2Jb', branch: 'x\u001b]0;y\u0007', worktree: '/r/\u001b[31m' };
    expect(forgetText([hostile], color)).not.toContain('\u001b');
    expect(forgetQuestion([hostile])).not.toContain('\u001b');
  });

  it('asks for one by name, for several by their number', () => {
    expect(forgetQuestion([item])).toBe('Forget login, here and everywhere that syncs?');
    expect(forgetQuestion([item, item])).toBe('Forget 2 sessions, here and everywhere that syncs?');
  });

  it('tells how the bytes go at once', () => {
    expect(forgottenText(1)[0]).toBe('forgot 1 session. `amp-sessions sync` takes it from the remote too.');
    expect(forgottenText(2)[0]).toBe('forgot 2 sessions. `amp-sessions sync` takes them from the remote too.');
    expect(forgottenText(1)[1]).toContain('git gc --prune=now');
  });
});

describe('what sync says of forgotten sessions', () => {
  const nothing = {
    remote: 'origin',
    dryRun: false,
    pushed: [],
    fetched: [],
    forgotten: [] as string[],
    deleted: [] as string[],
    logs: { pushed: 0, fetched: 0 },
    notes: { pushed: false, fetched: false },
    refused: [],
    held: [],
  };

  it('nothing, where there are none', () => {
    expect(syncText(nothing, color).split('\n')).toHaveLength(1);
  });

  it('which went here, and how many refs there', () => {
    const answer = { ...nothing, forgotten: ['k1', 'k2'], deleted: ['refs/amp/sessions/k1/w'] };
    expect(syncText(answer, color).split('\n').slice(1)).toEqual([
      '  ! forgot 2 sessions that a clone has forgotten:',
      '    k1',
      '    k2',
      '  deleted 1 ref of forgotten sessions at origin',
    ]);
  });

  it('what would go, in a dry run', () => {
    const answer = { ...nothing, dryRun: true, forgotten: ['k1'], deleted: ['a', 'b'] };
    expect(syncText(answer, color).split('\n').slice(1)).toEqual([
      '  ! would forget 1 session that a clone has forgotten:',
      '    k1',
      '  would delete 2 refs of forgotten sessions at origin',
    ]);
  });
});
