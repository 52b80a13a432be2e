import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startChild } from '../../src/process/child.ts';
import { type Sandbox, sandboxPrefix, sandboxWorks } from '../../src/process/sandbox.ts';
import { doctor } from '../../src/workflows/doctor.ts';
import { InterruptSwitch } from '../../src/workflows/interrupts.ts';
import { git, makeRepo, tempDir } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const works = await sandboxWorks();
const env = (over: Record<string, string> = {}) => ({ ...process.env, AMP_SESSIONS_SANDBOX_USE: 'bwrap', ...over });

/** A session in a repository below a home folder that holds other things too. */
const setUp = async (yaml: string, over: Record<string, string> = {}) => {
  const dir = await makeRepo();
  const home = tempDir('amp-home-');
  mkdirSync(join(home, '.ssh'));
  writeFileSync(join(home, '.ssh/id'), 'PRECIOUS KEY\n');
  mkdirSync(join(home, '.login'));
  writeFileSync(join(home, '.login/token'), 'LOGIN\n');
  writeFileSync(join(home, '.gitconfig'), '[user]\n\tname = Sand Box\n\temail = s@b\n');
  const ctx = await contextIn(dir, env({ HOME: home, ...over }));
  const { session, worktree } = await make(ctx, { agent: { name: 'scripted', mode: null, command: script(yaml) } });
  return { dir, home, ctx, id: session.id, worktree };
};

const LOOK = (outside: string) => `
iterations:
  - - run: |
        {
          cat "$HOME/.ssh/id" '${outside}/solution.txt' ../../a.txt; ls /work /home /mnt; ls "$HOME" -A
          echo x > '${outside}/planted'; echo x > /usr/planted; echo x > /planted
          echo mine > "$HOME/own"; cat "$HOME/own"; echo t > /tmp/own; ls -A /tmp; echo "TMPDIR=\${TMPDIR-none}"
          git log --format='%s by %an' -1; ps -e | wc -l
        } > seen.txt 2>&1; true
    - run: git config user.name; printf 'by hand\\n' > hand.txt; git add hand.txt; git commit -qm 'by the agent itself'
    - edit: { path: a.txt, content: "changed\\n" }
    - message: Looked.
`;

describe.skipIf(!works)('an agent in a sandbox (else: bubblewrap does not work here)', () => {
  it('sees its worktree, programs, a home of its own, and nothing else', async () => {
    const outside = tempDir('amp-outside-');
    writeFileSync(join(outside, 'solution.txt'), 'THE SOLUTION\n');
    const { dir, home, ctx, id, worktree } = await setUp(LOOK(outside), { TMPDIR: outside });
    const ran = await runOnce(ctx, id);
    expect(ran.failure).toBeNull();
    const seen = readFileSync(join(worktree, 'seen.txt'), 'utf8');
    expect(seen).not.toMatch(/PRECIOUS|SOLUTION|\bthree\b/);
    expect(seen).toMatch(/^mine$/m);
    expect(seen).toMatch(/^TMPDIR=none$/m);
    expect(seen).toMatch(/^first by Test User$/m);
    expect(seen).toContain('Read-only file system');
    expect(existsSync(join(outside, 'planted'))).toBe(false);
    expect(existsSync(join(home, 'own'))).toBe(false);
    expect(readFileSync(join(dir, 'a.txt'), 'utf8')).toBe('one\ntwo\nthree\n');
    expect(ran.types).toContain('agent-commit.folded');
    expect(await git(dir, 'show', `${ran.session.branch}:hand.txt`)).toBe('by hand');
    const started = ran.events.find(({ type }) => type === 'iteration.started')!.data as { sandbox?: string };
    expect(started.sandbox).toBe('bwrap');
  });

  it('may use what of the home folder it is given, and finds programs where they are installed', async () => {
    const tools = tempDir('amp-tools-');
    for (const folder of ['bin', 'lib']) mkdirSync(join(tools, folder));
    writeFileSync(join(tools, 'lib/tool.sh'), '#!/bin/sh\necho found\n', { mode: 0o755 });
    symlinkSync('../lib/tool.sh', join(tools, 'bin/own-tool'));
    const look = 'cat "$HOME/.login/token" > seen.txt; own-tool >> seen.txt; echo new >> "$HOME/.login/token"';
    const yaml = `iterations:\n  - - run: ${look}\n    - message: Done.\n`;
    const { home, ctx, id, worktree } = await setUp(yaml, { PATH: `${process.env['PATH']}:${tools}/bin` });
    ctx.config.config.sandbox.home = ['.login', '.not-there'];
    await runOnce(ctx, id);
    expect(readFileSync(join(worktree, 'seen.txt'), 'utf8')).toBe('LOGIN\nfound\n');
    expect(readFileSync(join(home, '.login/token'), 'utf8')).toBe('LOGIN\nnew\n');
  });

  it('is stopped as any other', async () => {
    const yaml = 'iterations:\n  - - run: touch began; sleep 600 & sleep 600\n    - message: Never.\n';
    const { ctx, id, worktree } = await setUp(yaml);
    const interrupts = new InterruptSwitch();
    const running = runOnce(ctx, id, { interrupts });
    while (!existsSync(join(worktree, 'began'))) await sleep(20);
    interrupts.stop();
    const ran = await running;
    expect(ran.interrupted).toBe(true);
    expect(ran.iteration.outcome).toBe('interrupted');
  });
});

describe('doctor', () => {
  it.each([
    ['none', undefined, undefined],
    ['auto', 'ok', 'warning'],
    ['bwrap', 'ok', 'failed'],
  ])('with sandbox.use %s says what is active', async (use, where, elsewhere) => {
    const dir = await makeRepo();
    const { checks } = await doctor({ dir, env: env({ AMP_SESSIONS_SANDBOX_USE: use }), fix: false });
    expect(checks.find(({ name }) => name === 'sandbox')?.status).toBe(works ? where : elsewhere);
  });
});

describe('a sandbox that cannot be had', () => {
  const nowhere: Sandbox = { home: '/nowhere', readable: [], hidden: [], writable: [], cwd: '/not/there' };

  it('is no reason to do without', async () => {
    const start = startChild({ command: '/bin/true', args: [], cwd: '/', env: {}, contain: true, sandbox: nowhere });
    await expect(start).rejects.toMatchObject({ code: 'ESANDBOX' });
  });

  it.skipIf(works)('ends a run before it begins, where one is wanted', async () => {
    const { ctx, id } = await setUp('iterations: []\n');
    await expect(runOnce(ctx, id)).rejects.toMatchObject({ code: 'sandbox.missing' });
  });

  it.skipIf(works)('is told, where one is wanted if it can be had', async () => {
    const { ctx, id } = await setUp('iterations:\n  - - message: Done.\n', { AMP_SESSIONS_SANDBOX_USE: 'auto' });
    await runOnce(ctx, id);
    expect(ctx.warnings.join()).toContain('without a sandbox');
  });
});

describe.skipIf(process.platform !== 'linux' || !works)('the mounts of a sandbox', () => {
  const prefix = (over: Partial<Sandbox>): string =>
    sandboxPrefix({ home: '/home/me', readable: [], hidden: [], writable: [], cwd: '/w', ...over })!.join(' ');

  it('come in an order in which none covers another', () => {
    const line = prefix({
      readable: ['/home/me/tools/deep', '/home/me/tools'],
      hidden: ['/home/me/tools/secret', '/elsewhere'],
      writable: ['/home/me/tools/secret/case'],
    });
    const at = (part: string): number => line.indexOf(part);
    const order = [
      '--tmpfs /home/me ',
      '--ro-bind-try /home/me/tools /home/me/tools ',
      '--ro-bind-try /home/me/tools/deep ',
      '--tmpfs /home/me/tools/secret ',
      '--bind-try /home/me/tools/secret/case ',
      '--chdir /w --',
    ].map(at);
    expect(order.every((place, index) => place > (order[index - 1] ?? -1))).toBe(true);
    expect(at('/elsewhere')).toBe(-1);
  });

  it('leave the system where a home folder is the root, or holds the system', () => {
    for (const home of ['/', '/usr']) expect(prefix({ home })).not.toContain(`--tmpfs ${home} `);
  });
});
