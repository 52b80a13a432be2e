import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { sessionLog } from '../../src/events/envelope.ts';
import { laneRef } from '../../src/store/layout.ts';
import { verify } from '../../src/workflows/verify.ts';
import { created, draft } from '../support/events.ts';
import { exec, git, makeRepo, sh, tempDir } from '../support/repo.ts';
import { contextIn } from '../support/sessions.ts';

const has = async (program: string): Promise<boolean> => (await sh('/', `command -v ${program}`)).exitCode === 0;
const hasSsh = await has('ssh-keygen');
const hasGpg = await has('gpg');
const SESSION = 's000000001';
const LOG = sessionLog(SESSION);
const KEPT = ['GIT_CONFIG_GLOBAL', 'GNUPGHOME'] as const;
const before = Object.fromEntries(KEPT.map((name) => [name, process.env[name]]));
afterEach(() => {
  for (const name of KEPT)
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
});

/** The user's own settings, for git and for us. */
const userSettings = (text: string): void => {
  const file = join(tempDir('amp-user-'), 'gitconfig');
  writeFileSync(file, `[user]\n\tname = Signer\n\temail = signer@example.com\n${text}`);
  process.env['GIT_CONFIG_GLOBAL'] = file;
};

/** A session that is put away, its log flushed with the wish to sign. */
const closed = async (dir: string, wish = 'true') => {
  const ctx = await contextIn(dir, { ...process.env, AMP_SESSIONS_HISTORY_SIGN: wish });
  await ctx.store.append(LOG, [draft('session.created', created())]);
  await ctx.store.flush(LOG);
  await ctx.store.append(LOG, [{ type: 'session.archived', by: 'user', data: {} }]);
  await ctx.store.flush(LOG);
  const ref = laneRef({ log: LOG, writer: ctx.store.writer });
  return { ctx, ref, ask: async () => verify(await contextIn(dir)) };
};

/** The same commit with another word in its message, under the old signature. */
const forge = async (dir: string, ref: string): Promise<void> => {
  const bytes = (await git(dir, 'cat-file', 'commit', ref)).replace('events 2-2', 'events 2-3');
  writeFileSync(join(dir, '.git', 'forged'), `${bytes}\n`);
  await git(dir, 'update-ref', ref, await git(dir, 'hash-object', '-t', 'commit', '-w', '.git/forged'));
};

describe.skipIf(!hasSsh)('signed with SSH (skipped where there is no ssh-keygen)', () => {
  const sshUser = async (allowed: boolean): Promise<{ key: string; allow: () => void }> => {
    const dir = tempDir('amp-key-');
    const key = join(dir, 'key');
    await exec(dir, 'ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const list = join(dir, 'allowed');
    const allow = (): void => writeFileSync(list, `signer@example.com ${readFileSync(`${key}.pub`, 'utf8')}`);
    writeFileSync(list, '');
    if (allowed) allow();
    const ssh = `[gpg "ssh"]\n\tallowedSignersFile = ${list}\n`;
    userSettings(`\tsigningkey = ${key}.pub\n[gpg]\n\tformat = ssh\n${ssh}`);
    return { key, allow };
  };

  test.each(['sha1', 'sha256'] as const)(
    'a known signer, an unknown one, and a forged record (%s)',
    async (objectFormat) => {
      const { allow } = await sshUser(false);
      const dir = await makeRepo({ objectFormat });
      const { ctx, ref, ask } = await closed(dir);
      expect(ctx.warnings).toEqual([]);
      const about = { session: SESSION, seq: 2, event: 'session.archived' };
      expect(await ask()).toMatchObject({ ok: true, signatures: [{ ...about, status: 'unknown' }] });
      allow();
      const good = { ...about, status: 'good', signer: 'signer@example.com', key: expect.stringContaining('SHA256:') };
      expect(await ask()).toMatchObject({ ok: true, signatures: [good] });
      expect((await git(dir, 'cat-file', 'commit', `${ref}~1`)).includes('gpgsig')).toBe(false);
      expect(await sh(dir, 'git fsck --no-dangling')).toMatchObject({ exitCode: 0 });
      await forge(dir, ref);
      const found = await ask();
      expect([found.ok, found.signatures[0]!.status]).toEqual([false, 'bad']);
      expect(found.logs[0]!.problems).toContainEqual(expect.objectContaining({ kind: 'signature', isDamage: true }));
    },
  );

  test('a program that only the repository names is not started; the event is recorded unsigned', async () => {
    await sshUser(true);
    const dir = await makeRepo();
    const trap = join(dir, 'trap.sh');
    writeFileSync(trap, `#!/bin/sh\ntouch ${dir}/sprung\nexit 1\n`, { mode: 0o755 });
    await git(dir, 'config', 'gpg.ssh.program', trap);
    const { ctx, ask } = await closed(dir);
    expect((await ask()).signatures).toMatchObject([{ status: 'good' }]);
    expect((await sh(dir, 'ls sprung')).exitCode).not.toBe(0);
    expect(ctx.warnings).toEqual([]);
  });

  test('a key that is gone: nothing is lost, and a person hears of it', async () => {
    const { key } = await sshUser(true);
    for (const end of ['', '.pub']) rmSync(`${key}${end}`);
    const { ctx, ask } = await closed(await makeRepo());
    expect(ctx.warnings).toEqual([expect.stringMatching(/recorded, but not signed/)]);
    expect(await ask()).toMatchObject({ ok: true, events: 2, signatures: [{ status: 'unsigned', signer: null }] });
  });

  test('without the wish nothing is signed, nor with one that only the repository has', async () => {
    await sshUser(true);
    const dir = await makeRepo();
    writeFileSync(join(dir, '.amp-sessions.yaml'), 'history:\n  sign: true\n');
    const ctx = await contextIn(dir);
    await ctx.store.append(LOG, [
      draft('session.created', created()),
      { type: 'session.removed', by: 'user', data: {} },
    ]);
    await ctx.store.flush(LOG);
    expect(ctx.warnings).toEqual([expect.stringContaining('not trusted')]);
    expect((await verify(await contextIn(dir))).signatures).toMatchObject([{ status: 'unsigned' }]);
    expect((await (await closed(await makeRepo(), 'false')).ask()).signatures).toMatchObject([{ status: 'unsigned' }]);
  });
});

describe.skipIf(!hasGpg)('signed with OpenPGP (skipped where there is no gpg)', () => {
  test('a known signer, and a key that is not there', async () => {
    // Sockets of its agent have short paths.
    const home = mkdtempSync('/tmp/gpg-');
    process.env['GNUPGHOME'] = home;
    try {
      const made = await exec('/', 'gpg', [
        '--batch',
        '-q',
        '--passphrase',
        '',
        '--quick-gen-key',
        'Test User <test@example.com>',
        'ed25519',
        'sign',
      ]);
      expect(made.exitCode).toBe(0);
      userSettings('');
      const { ctx, ask } = await closed(await makeRepo());
      expect(ctx.warnings).toEqual([]);
      expect((await ask()).signatures).toMatchObject([{ status: 'good', signer: 'Test User <test@example.com>' }]);
      process.env['GNUPGHOME'] = tempDir('gpg-');
      expect(await ask()).toMatchObject({ ok: true, signatures: [{ status: 'unknown' }] });
    } finally {
      await exec('/', 'gpgconf', ['--homedir', home, '--kill', 'all']);
      rmSync(home, { recursive: true, force: true });
    }
  });
});
