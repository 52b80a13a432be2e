import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { locateRepository } from '../../../src/git/locate.ts';
import type { Repository } from '../../../src/git/repository.ts';
import {
  clearPending,
  type ForgetPlan,
  isForgetPending,
  readPending,
  writePending,
} from '../../../src/store/forget/pending.ts';
import { purgeSession } from '../../../src/store/forget/purge-session.ts';
import { bytesOf, findTraces } from '../../../src/store/forget/traces.ts';
import { indexFile } from '../../../src/store/layout.ts';
import { dropFromIndex, readIndex, updateIndex } from '../../../src/store/session-index.ts';
import { sessionOf } from '../../../src/store/sync/sync-refs.ts';
import { readTips, recordTips } from '../../../src/store/tips.ts';
import { mintWriter } from '../../../src/store/wal/writer.ts';
import { git, makeRepo } from '../../support/repo.ts';

const GONE = 'k1';
const REFS = ['refs/amp/sessions/k1/w1', 'refs/amp/sessions/k1/w2', 'refs/amp/code/k1/w1', 'refs/amp/snapshots/k1'];
const OTHERS = ['refs/amp/sessions/k11/w1', 'refs/amp/sessions/k2/w1', 'refs/amp/batches/k1/w1', 'refs/heads/amp/k1/x'];
const FILES = [
  'amp/wal/sessions.k1.w1.ndjson',
  'amp/wal/sessions.k1.w2.transcript.ndjson',
  'amp/wal/sessions.k1.w1.ndjson.x1.tmp',
  'amp/wal/payloads/sessions.k1.w1/0abc',
  'amp/quarantine/sessions.k1.w1.ndjson.a1',
];
const OTHER_FILES = [
  'amp/wal/sessions.k11.w1.ndjson',
  'amp/wal/batches.k1.w1.ndjson',
  'amp/wal/payloads/sessions.k2.w1/0abc',
  'amp/quarantine/sessions.k2.w1.ndjson.a1',
];

describe('the traces of a session', () => {
  let dir = '';
  let repo: Repository;
  let writer = '';
  const path = (file: string): string => join(dir, '.git', file);
  const put = (file: string, text = 'xyzzy\n'): void => {
    mkdirSync(dirname(path(file)), { recursive: true });
    writeFileSync(path(file), text);
  };
  const entry = (session: string, name: string) => ({ session, tips: [], summary: { name } });

  beforeAll(async () => {
    dir = await makeRepo();
    repo = await locateRepository(dir);
    writer = mintWriter(repo, { clock: systemClock });
    for (const ref of [...REFS, ...OTHERS]) await git(dir, 'update-ref', ref, 'HEAD');
    for (const file of [...FILES, ...OTHER_FILES]) put(file);
    const tip = await git(dir, 'rev-parse', 'HEAD');
    const ours = [`refs/amp/sessions/k1/${writer}`, `refs/amp/code/k1/${writer}`, `refs/amp/sessions/k2/${writer}`];
    recordTips(repo, { writer, changes: ours.map((ref) => ({ ref, id: tip })) });
    updateIndex(repo, [entry(GONE, 'xyzzy'), entry('k2', 'two'), entry(GONE, 'xyzzy again')]);
    put('amp/cache/whatever', 'xyzzy');
    put(`amp/tmp/${GONE}.gone.1/file`);
    put('amp/tmp/k2.gone.1/file');
    put('objects/pack/pack-1.keep', 'amp sessions/k1 w1\n');
    put('objects/pack/pack-2.keep', 'amp sessions/k2 w1\n');
    put('objects/pack/pack-3.keep', 'mine\n');
  });

  it('are found by whole names', async () => {
    const found = await findTraces(repo, (session) => session === GONE);
    expect([...found.keys()]).toEqual([GONE]);
    const { refs, files, isIndexed } = found.get(GONE)!;
    expect(refs.map(({ ref }) => ref).sort()).toEqual([...REFS].sort());
    expect(files.map((file) => file.slice(path('x').length - 1)).sort()).toEqual(
      [...FILES.slice(0, 3), 'amp/wal/payloads/sessions.k1.w1', FILES[4]!].sort(),
    );
    expect(isIndexed).toBe(true);
    expect((await findTraces(repo, () => false)).size).toBe(0);
    expect(bytesOf(path('amp/wal/payloads'))).toBe(12);
  });

  it('go, and nothing of another session, however often', async () => {
    for (let times = 0; times < 2; times += 1) {
      const traces = (await findTraces(repo, (session) => session === GONE)).get(GONE);
      await purgeSession(repo, GONE, { traces, clock: systemClock });
    }
    const refs = await git(dir, 'for-each-ref', '--format=%(refname)', 'refs/amp', 'refs/heads/amp');
    expect(refs.split('\n').sort()).toEqual([...OTHERS].sort());
    expect(FILES.filter((file) => existsSync(path(file)))).toEqual([]);
    expect(OTHER_FILES.filter((file) => !existsSync(path(file)))).toEqual([]);
    expect([...readTips(repo, writer).keys()]).toEqual([`refs/amp/sessions/k2/${writer}`]);
    expect(readIndex(repo)).toEqual([entry('k2', 'two')]);
    expect(readFileSync(indexFile(repo), 'utf8')).not.toContain('xyzzy');
    expect([existsSync(path('amp/cache/whatever')), existsSync(path(`amp/tmp/${GONE}.gone.1`))]).toEqual([
      false,
      false,
    ]);
    expect(existsSync(path('amp/tmp/k2.gone.1'))).toBe(true);
    const keeps = [1, 2, 3].filter((n) => existsSync(path(`objects/pack/pack-${n}.keep`)));
    expect(keeps).toEqual([2, 3]);
    expect((await findTraces(repo, (session) => session === GONE)).size).toBe(0);
  });

  it('an index that does not know the session is left as it is', () => {
    const before = readFileSync(indexFile(repo), 'utf8');
    dropFromIndex(repo, GONE, { clock: systemClock });
    expect(readFileSync(indexFile(repo), 'utf8')).toBe(before);
  });
});

describe('what is to be carried out', () => {
  const plan = (session: string, over: Partial<ForgetPlan> = {}): ForgetPlan => ({
    session,
    worktree: `.worktrees/${session}`,
    evenDirty: false,
    branch: { name: `amp/${session}/x`, commit: 'a'.repeat(40) },
    ...over,
  });

  it('is on disk until it is done', async () => {
    const repo = await locateRepository(await makeRepo());
    expect([isForgetPending(repo), readPending(repo).size]).toEqual([false, 0]);
    writePending(repo, [], { clock: systemClock });
    expect([isForgetPending(repo), readPending(repo).size]).toEqual([true, 0]);
    const plans = [plan('k1'), plan('k2', { worktree: null, branch: null }), plan('k3', { evenDirty: true })];
    writePending(repo, plans, { clock: systemClock });
    expect([...readPending(repo).values()]).toEqual(plans);
    clearPending(repo);
    expect([isForgetPending(repo), readPending(repo).size]).toEqual([false, 0]);
    clearPending(repo);
  });

  it('lines that are none are passed over', async () => {
    const repo = await locateRepository(await makeRepo());
    writePending(repo, [plan('k1')], { clock: systemClock });
    const file = join(repo.commonDir, 'amp', 'forgetting.ndjson');
    writeFileSync(file, `nonsense\n{"x":1}\n${readFileSync(file, 'utf8')}{"session":"k2"`);
    expect([...readPending(repo).keys()]).toEqual(['k1']);
  });
});

describe('the session of a ref', () => {
  it.each([
    ['refs/amp/sessions/k1/w1', 'k1'],
    ['refs/amp/code/k1/w1', 'k1'],
    ['refs/amp/snapshots/k1', 'k1'],
    ['refs/amp/batches/k1/w1', undefined],
    ['refs/amp/tombstones/w1', undefined],
    ['refs/amp/archive/w1/2026-11', undefined],
    ['refs/heads/amp/sessions/k1', undefined],
    ['refs/amp/sessions/-x/w1', undefined],
    ['refs/notes/amp', undefined],
  ])('%s: %s', (ref, session) => expect(sessionOf(ref)).toBe(session));
});
