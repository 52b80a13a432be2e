import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { locateRepository } from '../../../src/git/locate.ts';
import type { Repository } from '../../../src/git/repository.ts';
import { purgeSession } from '../../../src/store/forget/purge-session.ts';
import { findTraces } from '../../../src/store/forget/traces.ts';
import { git, makeRepo } from '../../support/repo.ts';

/** Of no session alone: what they hold may be of any. */
const SHARED = [
  'refs/amp-damaged/notes/x1',
  'refs/amp-damaged/notes/x2',
  'refs/amp-damaged/archive/w1/2026-11/x1',
  'refs/amp-damaged/code-archive/w1/2026-11/x1',
];
const OF_K1 = [
  'refs/amp-damaged/sessions/k1/w1/x1',
  'refs/amp-damaged/sessions/k1/w2/x2',
  'refs/amp-damaged/code/k1/w1/x3',
  'refs/amp-outgoing/code/k1/w1',
];
const OTHERS = [
  'refs/amp-damaged/sessions/k11/w1/x1',
  'refs/amp-damaged/code/k2/w1/x1',
  'refs/amp-damaged/batches/k1/w1/x1',
];

describe('what verify --repair and an agent’s run left behind', () => {
  let dir = '';
  let repo: Repository;
  const path = (file: string): string => join(dir, '.git', file);
  const put = (file: string): void => {
    mkdirSync(dirname(path(file)), { recursive: true });
    writeFileSync(path(file), 'xyzzy\n');
  };
  const tracesOf = async (id: string) => (await findTraces(repo, (session) => session === id)).get(id);

  beforeAll(async () => {
    dir = await makeRepo();
    repo = await locateRepository(dir);
    for (const ref of [...SHARED, ...OF_K1, ...OTHERS]) await git(dir, 'update-ref', ref, 'HEAD');
    for (const file of ['amp/quarantine/objects.x1/abc', 'amp/quarantine/sessions.k2.w1.ndjson.x1']) put(file);
    for (const file of ['amp/guard/k1.json', 'amp/guard/k11.json']) put(file);
  });

  it('belongs to the session whose name it has', async () => {
    const { refs, files } = (await tracesOf('k1'))!;
    expect(refs.map(({ ref }) => ref).sort()).toEqual([...OF_K1, ...SHARED].sort());
    const names = files.map((file) => relative(join(dir, '.git'), file).replaceAll('\\', '/'));
    expect(names.sort()).toEqual(['amp/guard/k1.json', 'amp/quarantine/objects.x1']);
  });

  it('is nothing of a session that left nothing else', async () => {
    expect(await tracesOf('k3')).toBeUndefined();
    expect((await findTraces(repo, () => false)).size).toBe(0);
  });

  it('goes with the session, and what is of no session alone with it, once', async () => {
    for (const session of ['k1', 'k2'])
      await purgeSession(repo, session, { traces: await tracesOf(session), clock: systemClock });
    expect(await git(dir, 'for-each-ref', '--format=%(refname)', 'refs/amp-damaged', 'refs/amp-outgoing')).toBe(
      [OTHERS[2], OTHERS[0]].join('\n'),
    );
    const left = ['amp/guard/k1.json', 'amp/guard/k11.json', 'amp/quarantine/objects.x1', 'amp/quarantine'];
    expect(left.map((file) => existsSync(path(file)))).toEqual([false, true, false, true]);
    expect(existsSync(path('amp/quarantine/sessions.k2.w1.ndjson.x1'))).toBe(false);
  });
});
