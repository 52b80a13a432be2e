import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { listContainers } from '../../src/process/containers.ts';
import { doctor } from '../../src/workflows/doctor.ts';
import { findEngine, repositoryWord } from '../../src/workflows/engines.ts';
import { InterruptSwitch } from '../../src/workflows/interrupts.ts';
import { git, makeRepo, tempDir } from '../support/repo.ts';
import { contextIn, make, runOnce } from '../support/sessions.ts';

/**
 * The same against the real engines, with an image that is there and has git: TEST_DOCKER_IMAGE, TEST_PODMAN_IMAGE.
 * `docker import` makes one without a network: `tar -c /bin /lib /lib64 /usr/bin /usr/lib … | docker import - tools`.
 */
const ENGINES = [
  ['docker', process.env['TEST_DOCKER_IMAGE']],
  ['podman', process.env['TEST_PODMAN_IMAGE']],
] as const;

const setUp = async (use: 'docker' | 'podman', image: string, line: string) => {
  const dir = await makeRepo();
  const home = tempDir('amp-home-');
  writeFileSync(join(home, 'precious'), 'PRECIOUS\n');
  writeFileSync(join(home, '.gitconfig'), '[user]\n\tname = Con Tained\n\temail = c@t\n');
  const over = { HOME: home, API_TOKEN: 'VERYSECRETVALUE', AMP_SESSIONS_SANDBOX_USE: use };
  const ctx = await contextIn(dir, { ...process.env, ...over, AMP_SESSIONS_SANDBOX_IMAGE: image });
  const { session, worktree } = await make(ctx, { agent: { name: 'command', mode: null, command: line } });
  const left = async () => listContainers(findEngine(ctx, use)!, repositoryWord(ctx));
  return { dir, home, ctx, id: session.id, worktree, left };
};

const WORK = `cat > prompt.txt; { cat ~/precious; cat ../../a.txt; echo "$API_TOKEN"; echo own > ~/own && cat ~/own
  whoami; git log --format=%s -1; pwd; } > seen.txt 2>&1
  git add prompt.txt && git commit -qm 'by the agent' && echo done; echo problem >&2; exit 0`;

describe.each(ENGINES)('%s itself', (use, image) => {
  describe.skipIf(!image)(`with the image ${image ?? '(none named: TEST_DOCKER_IMAGE, TEST_PODMAN_IMAGE)'}`, () => {
    it('runs an agent that sees its worktree, the image, a home of its own, and nothing else', async () => {
      const { dir, home, ctx, id, worktree, left } = await setUp(use, image!, WORK);
      const ran = await runOnce(ctx, id);
      expect(ran.failure).toBeNull();
      const seen = readFileSync(join(worktree, 'seen.txt'), 'utf8');
      expect(seen).not.toMatch(/PRECIOUS|\bthree\b/);
      expect(seen).toMatch(/^VERYSECRETVALUE\nown\n.+\nfirst\n/m);
      expect(seen.trim().split('\n').at(-1)).toBe(worktree);
      expect(statSync(join(worktree, 'seen.txt')).uid).toBe(process.getuid!());
      expect(existsSync(join(home, 'own'))).toBe(false);
      expect(readFileSync(join(dir, 'a.txt'), 'utf8')).toBe('one\ntwo\nthree\n');
      expect(await git(dir, 'show', `${ran.session.branch}:prompt.txt`)).toContain('Do the task');
      expect(await git(dir, 'fsck')).toBe('');
      expect(ran.events.find(({ type }) => type === 'iteration.started')!.data).toMatchObject({ sandbox: use });
      expect(await left()).toEqual([]);
    });

    it('is stopped, gently and by the time limit, with all that is in it', async () => {
      const line = 'trap "echo bye; exit 0" INT; touch began; sleep 300 & while :; do sleep 0.1; done';
      const { ctx, id, worktree, left } = await setUp(use, image!, line);
      const interrupts = new InterruptSwitch();
      const running = runOnce(ctx, id, { interrupts });
      while (!existsSync(join(worktree, 'began'))) await sleep(20);
      interrupts.stop();
      const ran = await running;
      expect(ran.iteration).toMatchObject({ outcome: 'interrupted', message: 'bye' });
      expect(await left()).toEqual([]);
      expect(await runOnce(ctx, id, { timeoutSec: 2 })).toMatchObject({ failure: { code: 'agent.timeout' } });
      expect(await left()).toEqual([]);
    });

    it('has nothing to complain of for doctor', async () => {
      const { dir, ctx } = await setUp(use, image!, 'true');
      const { checks } = await doctor({ dir, env: ctx.env, fix: false });
      expect(checks.filter(({ name }) => name === 'sandbox' || name === 'containers')).toMatchObject([
        { status: 'ok', detail: expect.stringContaining(image!) },
        { status: 'ok' },
      ]);
    });
  });
});
