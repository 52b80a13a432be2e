import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../support/cli.ts';
import { git, makeRepo } from '../support/repo.ts';
import { secretSession } from '../workflows/forget/world.ts';

const schema = JSON.parse(readFileSync('schemas/forget.schema.json', 'utf8'));

describe('amp-sessions forget', () => {
  let dir = '';
  let id = '';

  beforeAll(async () => {
    dir = await makeRepo();
    ({ id } = await secretSession(dir));
  });

  it('says what would be lost, and how to go on all the same', async () => {
    const ran = await cli(dir, ['forget', id, '--json']);
    expect([ran.exitCode, JSON.parse(ran.stdout).error]).toEqual([
      1,
      {
        code: 'session.unmerged',
        message: expect.stringContaining('has 1 commit on amp/'),
        hint: expect.stringMatching(/--unmerged .*--keep-branch/),
      },
    ]);
  });

  it('does nothing without a yes, where nobody can be asked', async () => {
    const ran = await cli(dir, ['forget', id, '--unmerged']);
    expect([ran.exitCode, ran.stderr]).toEqual([0, expect.stringContaining('Nothing was forgotten; -y does it.')]);
    expect(ran.stdout).toContain(`refs/amp/sessions/${id}/`);
    expect(await git(dir, 'for-each-ref', 'refs/amp/tombstones')).toBe('');
  });

  it('with -y it is done, and the answer is as its schema says', async () => {
    const ran = await cli(dir, ['forget', id, '--unmerged', '-y', '--json']);
    const answer = JSON.parse(ran.stdout);
    expect(answer).toMatchObject({ schema: 'amp-sessions/forget/v1', dryRun: false, forgotten: [id] });
    const item = schema.properties.items.items;
    expect(Object.keys(answer.items[0]).sort()).toEqual([...item.required].sort());
    expect(await git(dir, 'for-each-ref', '--format=%(refname)', `refs/amp/sessions/${id}`)).toBe('');
  });

  it.each(['status', 'rm', 'timeline', 'forget'])('%s knows that it was', async (command) => {
    const ran = await cli(dir, [command, id, '--json']);
    expect([ran.exitCode, JSON.parse(ran.stdout).error]).toMatchObject([
      1,
      { code: 'session.missing', message: expect.stringMatching(/was forgotten on \d{4}-\d\d-\d\d\.$/) },
    ]);
  });
});
