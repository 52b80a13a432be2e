import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { usersFile, withUser } from '../../src/workflows/image-users.ts';
import { IMAGE_ID, makeFakeEngine } from '../support/fake-engine/make-fake-engine.ts';
import { tempDir } from '../support/repo.ts';

const ROOT = 'root:x:0:0:root:/root:/bin/bash\n';
const user = { uid: 4711, gid: 42, name: 'ann', home: '/home/ann' };

describe('a list of users', () => {
  it.each([
    ['gets the user', ROOT, user, `${ROOT}ann:x:4711:42::/home/ann:/bin/sh\n`],
    ['without an end of line too', ROOT.trim(), user, `${ROOT}ann:x:4711:42::/home/ann:/bin/sh\n`],
    ['that is empty', '', user, 'ann:x:4711:42::/home/ann:/bin/sh\n'],
    ['that has the number stays', `${ROOT}bob:x:4711:1::/b:/b\n`, user, `${ROOT}bob:x:4711:1::/b:/b\n`],
    [
      'that has the name gives another',
      'ann:x:1:1::/:/b\n',
      user,
      'ann:x:1:1::/:/b\nuser4711:x:4711:42::/home/ann:/bin/sh\n',
    ],
    ['takes no line from a name', '', { ...user, name: 'a:0:0\nb' }, 'a_0_0_b:x:4711:42::/home/ann:/bin/sh\n'],
  ])('%s', (_what, passwd, who, expected) => expect(withUser(passwd, who)).toBe(expected));
});

describe('the users of an image', () => {
  const cacheIn = (cache: string) => ({ home: { config: '/c', data: '/d', state: '/s', cache } });

  it('are asked for once, in a container that has nothing', async () => {
    const engine = makeFakeEngine();
    const call = { program: engine.program, env: process.env };
    const ctx = cacheIn(tempDir());
    const file = await usersFile(ctx, call, IMAGE_ID, user);
    expect(readFileSync(file!, 'utf8')).toMatch(/^root:.*\nplayer:.*\nann:x:4711:42::\/home\/ann:\/bin\/sh\n$/);
    expect(await usersFile(ctx, call, IMAGE_ID, user)).toBe(file);
    expect(engine.calls()).toHaveLength(1);
    expect(engine.calls()[0]!.join(' ')).toMatch(
      /--network none --cap-drop ALL --entrypoint cat sha256:\w+ \/etc\/passwd$/,
    );
    expect(await usersFile(ctx, call, IMAGE_ID, { ...user, uid: 12 })).not.toBe(file);
  });

  it('that cannot be had are left as they are', async () => {
    const engine = makeFakeEngine('docker', { images: {} });
    expect(
      await usersFile(cacheIn(tempDir()), { program: engine.program, env: process.env }, IMAGE_ID, user),
    ).toBeUndefined();
  });
});
