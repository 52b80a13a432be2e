import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { locateRepository } from '../../src/git/locate.ts';
import { changeSyncState, readSyncState } from '../../src/store/sync/sync-state.ts';
import { makeRepo } from '../support/repo.ts';

const NOTHING = { since: null, wanted: null, attempts: 0, next: null, reason: null, told: null, remotes: {} };

it('is what was last said, and nothing where nothing was or can be read', async () => {
  const repo = await locateRepository(await makeRepo());
  const file = join(repo.commonDir, 'amp/sync-state.json');
  expect(readSyncState(repo)).toEqual(NOTHING);
  changeSyncState(repo, () => ({}));
  expect(() => readFileSync(file)).toThrow();
  const last = { at: '2026-11-22T00:00:00.000Z', refused: [{ ref: 'refs/amp/x', reason: 'no' }], held: [] };
  changeSyncState(repo, () => ({ attempts: 2, reason: 'offline', remotes: { origin: last } }));
  changeSyncState(repo, ({ attempts }) => ({ attempts: attempts + 1 }));
  expect(readSyncState(repo)).toEqual({ ...NOTHING, attempts: 3, reason: 'offline', remotes: { origin: last } });
  expect(readdirSync(dirname(file))).toEqual(['sync-state.json']);
});

it.each([
  ['', NOTHING],
  ['{"attempts": 3', NOTHING],
  ['null', NOTHING],
  ['[]', NOTHING],
  ['{"attempts": -4, "wanted": 7, "reason": {}, "remotes": []}', NOTHING],
  ['{"attempts": 1e400, "since": ["x"]}', NOTHING],
  ['{"remotes": {"origin": null}}', { ...NOTHING, remotes: { origin: { at: '', refused: [], held: [] } } }],
  [
    '{"later": true, "remotes": {"o": {"at": "t", "refused": [{"ref": 1}, null, {"ref": "r", "reason": "x"}]}}}',
    { ...NOTHING, remotes: { o: { at: 't', refused: [{ ref: 'r', reason: 'x' }], held: [] } } },
  ],
])('%s says as much as it can', async (text, state) => {
  const repo = await locateRepository(await makeRepo());
  mkdirSync(join(repo.commonDir, 'amp'));
  writeFileSync(join(repo.commonDir, 'amp/sync-state.json'), text);
  expect(readSyncState(repo)).toEqual(state);
});
