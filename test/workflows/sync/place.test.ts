import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { trustRepositoryConfig } from '../../../src/config/trust.ts';
import { type PlaceFlags, syncPlace } from '../../../src/workflows/sync/place.ts';
import { makeRepo, tempDir } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';

describe('where a sync goes, and whether code goes along', () => {
  let dir = '';
  let home = '';
  const env = () => ({ ...process.env, XDG_CONFIG_HOME: join(home, 'config'), XDG_DATA_HOME: join(home, 'data') });
  const say = (repository: string, user: string): void => {
    writeFileSync(join(dir, '.amp-sessions.yaml'), repository);
    mkdirSync(join(home, 'config', 'amp-sessions'), { recursive: true });
    writeFileSync(join(home, 'config', 'amp-sessions', 'config.yaml'), user);
  };
  const place = async (over: Partial<PlaceFlags> = {}) => {
    const ctx = await contextIn(dir, env());
    const answer = syncPlace(ctx, { 'history-only': false, directory: '/somewhere', ...over });
    return { ...answer, warnings: ctx.warnings };
  };
  const only = (value: boolean): string => `sync:\n  historyOnly: ${value}\n`;

  beforeAll(async () => {
    dir = await makeRepo();
    home = tempDir();
  });

  it('the user’s own word counts', async () => {
    say('', only(true));
    expect(await place()).toMatchObject({ historyOnly: true, isUsual: true, directory: '/somewhere' });
    say('', only(false));
    expect(await place()).toMatchObject({ historyOnly: false, snapshots: false });
  });

  it('a repository may keep code here, and may not send it along, until it is trusted', async () => {
    say(only(true), only(false));
    expect(await place()).toMatchObject({ historyOnly: true });
    say(only(false), only(true));
    await expect(place()).rejects.toMatchObject({
      code: 'config.untrusted',
      message: expect.stringContaining('`sync.historyOnly`'),
      hint: expect.stringContaining('config trust'),
    });
    await expect(place({ remote: 'origin' })).rejects.toMatchObject({ code: 'config.untrusted' });
    expect(await place({ 'history-only': true })).toMatchObject({ historyOnly: true });
    await trustRepositoryConfig((await contextIn(dir, env())).repo.root, (await contextIn(dir, env())).home);
    expect(await place()).toMatchObject({ historyOnly: false });
  });

  it('a variable of the user’s own goes before what the repository says', async () => {
    say(`${only(false)}# not trusted\n`, '');
    const ctx = await contextIn(dir, { ...env(), AMP_SESSIONS_SYNC_HISTORY_ONLY: 'true' });
    expect(syncPlace(ctx, { 'history-only': false, directory: dir }).historyOnly).toBe(true);
  });

  it('snapshots hold code, so they stay where it stays, and that is said', async () => {
    say('', '');
    expect(await place({ snapshots: true })).toMatchObject({ snapshots: true, warnings: [] });
    expect(await place({ snapshots: true, 'history-only': true })).toMatchObject({
      snapshots: false,
      warnings: [expect.stringContaining('Snapshots hold code')],
    });
    say('', only(true));
    expect(await place({ snapshots: true })).toMatchObject({ snapshots: false });
    expect((await place()).warnings).toEqual([]);
  });

  it('a remote of the settings is seen from the repository, one of the command line from where one stands', async () => {
    say('', 'sync:\n  remote: ../up.git\n');
    const { repo } = await contextIn(dir, env());
    expect(await place()).toMatchObject({ remote: '../up.git', directory: repo.root, isUsual: true });
    expect(await place({ remote: '../x.git' })).toMatchObject({
      remote: '../x.git',
      directory: '/somewhere',
      isUsual: false,
    });
    say('sync:\n  remote: ../theirs.git\n', '');
    await expect(place()).rejects.toMatchObject({ code: 'config.untrusted' });
    expect(await place({ remote: 'origin' })).toMatchObject({ remote: 'origin' });
    rmSync(join(dir, '.amp-sessions.yaml'));
    expect(await place()).toMatchObject({ isUsual: true, remote: undefined });
  });
});
