import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { systemProgram } from '../../src/process/programs.ts';
import { sandboxWorks } from '../../src/process/sandbox.ts';
import { doctor } from '../../src/workflows/doctor.ts';
import { repositoryWord } from '../../src/workflows/engines.ts';
import { InterruptSwitch } from '../../src/workflows/interrupts.ts';
import { withJournal } from '../../src/workflows/journal.ts';
import { activeSandbox, isolationWord, sandboxFor } from '../../src/workflows/sandbox.ts';
import { readSession } from '../../src/workflows/summaries.ts';
import { type FakeEngine, IMAGE, IMAGE_ID, makeFakeEngine } from '../support/fake-engine/make-fake-engine.ts';
import { git, makeRepo, sh, tempDir } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';
import { create, homeEnv, run, shell } from './batch/engine.ts';

const works = await sandboxWorks();

/** The machine's programs without its own engines. */
const machine = (): string => {
  const dir = join(tempDir('amp-machine-'), 'bin');
  mkdirSync(dir);
  for (const name of ['git', 'sh', 'env']) symlinkSync(systemProgram(name)!, join(dir, name));
  return dir;
};
const bin = machine();

const envWith = (engines: FakeEngine[], use: string, over: Record<string, string> = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: [...engines.map((engine) => engine.bin), bin].join(delimiter),
  AMP_SESSIONS_SANDBOX_USE: use,
  AMP_SESSIONS_SANDBOX_IMAGE: IMAGE,
  ...over,
});

/** A session in a repository, with a home folder that holds other things too. */
const setUp = async (yaml: string, engine: FakeEngine, over: Record<string, string> = {}) => {
  const dir = await makeRepo();
  const home = tempDir('amp-home-');
  for (const name of ['.ssh', '.login']) mkdirSync(join(home, name));
  writeFileSync(join(home, '.ssh/id'), 'PRECIOUS KEY\n');
  writeFileSync(join(home, '.login/token'), 'LOGIN\n');
  writeFileSync(join(home, '.gitconfig'), '[user]\n\tname = Con Tained\n\temail = c@t\n');
  const ctx = await contextIn(dir, envWith([engine], 'docker', { HOME: home, API_TOKEN: 'VERYSECRETVALUE', ...over }));
  ctx.config.config.sandbox.home = ['.login', '.not-there'];
  const { session, worktree } = await make(ctx, { agent: { name: 'scripted', mode: null, command: script(yaml) } });
  return { dir, home, ctx, id: session.id, worktree };
};

const LOOK = `
iterations:
  - - run: |
        {
          cat "$HOME/.ssh/id" ../../a.txt; cat "$HOME/.login/token"; echo mine > "$HOME/own"; cat "$HOME/own"
          echo "token $API_TOKEN, home of the tool $TOOL_HOME, TMPDIR=\${TMPDIR-none}"
          git log --format='%s by %an' -1
        } > seen.txt 2>&1; true
    - run: git config user.name; printf 'by hand\\n' > hand.txt; git add hand.txt; git commit -qm 'by the agent itself'
    - edit: { path: a.txt, content: "changed\\n" }
    - message: Looked.
`;

describe.skipIf(!works)('an agent in a container (else: no bubblewrap for the stand-in)', () => {
  it('sees its worktree, the image, a home of its own, and nothing else; the record says which image', async () => {
    const engine = makeFakeEngine();
    const { dir, home, ctx, id, worktree } = await setUp(LOOK, engine, { TOOL_HOME: '/host/tool' });
    const ran = await runOnce(ctx, id);
    expect(ran.failure).toBeNull();
    const seen = readFileSync(join(worktree, 'seen.txt'), 'utf8');
    expect(seen).not.toMatch(/PRECIOUS|\bthree\b/);
    expect(seen).toMatch(/^LOGIN$/m);
    expect(seen).toMatch(/^mine$/m);
    expect(seen).toMatch(/^token VERYSECRETVALUE, home of the tool \/usr\/share\/tool, TMPDIR=none$/m);
    expect(seen).toMatch(/^first by Test User$/m);
    expect(existsSync(join(home, 'own'))).toBe(false);
    expect(readFileSync(join(dir, 'a.txt'), 'utf8')).toBe('one\ntwo\nthree\n');
    expect(await git(dir, 'show', `${ran.session.branch}:hand.txt`)).toBe('by hand');
    const started = ran.events.find(({ type }) => type === 'iteration.started')!.data;
    expect(started).toMatchObject({ sandbox: 'docker', image: { name: IMAGE, id: IMAGE_ID } });
    expect(ran.iteration.sandbox).toBe('docker');
    expect(JSON.stringify(engine.calls())).not.toContain('VERYSECRETVALUE');
    expect(engine.calls().map(([verb]) => verb)).toEqual(expect.arrayContaining(['info', 'image', 'run']));
    expect(engine.containers()).toEqual([]);
  });

  it('is stopped as any other, and by its time limit', async () => {
    const yaml = 'after: repeat\niterations:\n  - - run: touch began; sleep 600 & sleep 600\n    - message: Never.\n';
    const engine = makeFakeEngine();
    const { ctx, id, worktree } = await setUp(yaml, engine);
    const interrupts = new InterruptSwitch();
    const running = runOnce(ctx, id, { interrupts });
    while (!existsSync(join(worktree, 'began'))) await sleep(20);
    interrupts.stop();
    expect(await running).toMatchObject({ interrupted: true, iteration: { outcome: 'interrupted' } });
    expect(await runOnce(ctx, id, { timeoutSec: 1 })).toMatchObject({
      iteration: { outcome: 'timed-out' },
      failure: { code: 'agent.timeout' },
    });
    expect(engine.containers()).toEqual([]);
  });

  it('whose engine fails at the start, or ends it, has not failed itself', async () => {
    const engine = makeFakeEngine();
    const { ctx, id, worktree } = await setUp('after: repeat\niterations:\n  - - run: touch began; sleep 60\n', engine);
    engine.set({ fails: 'no space left on device' });
    const failed = await runOnce(ctx, id);
    expect(failed.failure).toMatchObject({ code: 'sandbox.failed', message: expect.stringContaining('no space left') });
    engine.set({});
    const running = runOnce(ctx, id);
    while (!existsSync(join(worktree, 'began'))) await sleep(20);
    await sh('/', `${engine.program} kill ${engine.containers()[0]}`);
    expect((await running).failure).toMatchObject({
      code: 'sandbox.failed',
      message: expect.stringContaining('ended before the agent did'),
    });
  });

  it('of a batch is told with the batch', async () => {
    const engine = makeFakeEngine();
    const root = await makeRepo();
    const ctx = await contextIn(root, { ...homeEnv(), ...envWith([engine], 'docker') });
    const id = await create(ctx, [shell(1, root, 'echo "$TOOL_HOME" >> a.txt')]);
    const { states, items, view } = await run(ctx, id);
    expect(states).toEqual(['passed']);
    expect(await git(root, 'show', `${items[0]!.attempts[0]!.end!.commit}:a.txt`)).toContain('/usr/share/tool');
    const begun = view.events.find(({ type }) => type === 'batch.started')!.data;
    expect(begun).toMatchObject({ isolation: 'docker, image tools:1 (c0ffeec0ffee)' });
  });
});

describe('an engine that cannot be used', () => {
  const errorWith = async (engines: FakeEngine[], use: string, over: Record<string, string> = {}) => {
    const ctx = await contextIn(await makeRepo(), envWith(engines, use, over));
    return activeSandbox(ctx).catch((error) => error);
  };

  it.each([
    ['stopped', /^Docker is not running: .*docker\.sock.*running\?$/, /systemctl start docker/],
    ['forbidden', /^Docker may not be used by you: permission denied/, /group docker/],
    ['broken', /^Docker does not work here: cannot do anything today\.$/, /docker info/],
  ] as const)('as it is %s: a sentence and the next step', async (trouble, message, hint) => {
    const error = await errorWith([makeFakeEngine('docker', { trouble })], 'docker');
    expect(error).toMatchObject({
      code: 'sandbox.missing',
      exit: 1,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });

  it('for want of the program, the image, or the image’s name', async () => {
    const engine = makeFakeEngine('podman');
    expect(await errorWith([], 'podman')).toMatchObject({
      message: 'Podman is not installed: there is no program `podman` on the PATH.',
    });
    expect(await errorWith([engine], 'podman', { AMP_SESSIONS_SANDBOX_IMAGE: 'other:2' })).toMatchObject({
      message: 'Podman has no image other:2, and none is fetched for an agent.',
      hint: expect.stringContaining('`podman pull other:2`'),
    });
    expect(await errorWith([engine], 'podman', { AMP_SESSIONS_SANDBOX_IMAGE: '' })).toMatchObject({
      message: expect.stringContaining('sandbox.image names no image'),
    });
    expect(engine.calls().flat()).not.toContain('pull');
  });

  it('leaves the session as it was, and no batch begins', async () => {
    const engine = makeFakeEngine('docker', { trouble: 'stopped' });
    const { ctx, id } = await setUp('iterations:\n  - - message: Never.\n', engine);
    await expect(runOnce(ctx, id)).rejects.toMatchObject({ code: 'sandbox.missing' });
    expect((await readSession(ctx, id)).iterations).toEqual([]);
    const root = await makeRepo();
    const home = await contextIn(root, { ...homeEnv(), ...envWith([engine], 'docker') });
    const batch = await create(home, [shell(1, root, 'true')]);
    await expect(run(home, batch)).rejects.toMatchObject({ code: 'sandbox.missing' });
  });

  it('is asked again when it was none, and not again when it was one', async () => {
    const engine = makeFakeEngine('docker', { trouble: 'stopped' });
    const ctx = await contextIn(await makeRepo(), envWith([engine], 'docker'));
    await expect(activeSandbox(ctx)).rejects.toMatchObject({ code: 'sandbox.missing' });
    engine.set({});
    await activeSandbox(ctx);
    const asked = engine.calls().length;
    await activeSandbox(ctx);
    expect(engine.calls()).toHaveLength(asked);
  });

  it('from inside the repository is none', async () => {
    const dir = await makeRepo();
    const planted = makeFakeEngine('docker');
    mkdirSync(join(dir, 'bin'));
    writeFileSync(join(dir, 'bin/docker'), readFileSync(planted.program), { mode: 0o755 });
    const ctx = await contextIn(dir, { ...envWith([], 'docker'), PATH: `${join(dir, 'bin')}:/not/there` });
    await expect(activeSandbox(ctx)).rejects.toThrow(/not installed/);
    expect(planted.calls()).toEqual([]);
  });
});

describe('sandbox.use auto', () => {
  const activeWith = async (engines: FakeEngine[], over: Record<string, string> = {}) => {
    const ctx = await contextIn(await makeRepo(), envWith(engines, 'auto', over));
    return { ...(await activeSandbox(ctx)), word: await isolationWord(ctx, 'group') };
  };

  it('takes podman, else docker, where an image is named and there', async () => {
    const [podman, docker] = [makeFakeEngine('podman'), makeFakeEngine('docker')];
    expect(await activeWith([docker, podman])).toMatchObject({ use: { container: { engine: 'podman' } }, lacking: [] });
    podman.set({ images: {} });
    expect(await activeWith([docker, podman])).toMatchObject({ word: 'docker, image tools:1 (c0ffeec0ffee)' });
  });

  it('else bubblewrap, and says what is lacking', async () => {
    const docker = makeFakeEngine('docker', { trouble: 'stopped' });
    const active = await activeWith([docker]);
    expect(active.use).toBe(works ? 'bwrap' : 'none');
    expect(active.lacking.slice(0, 2)).toEqual([
      expect.stringMatching(/^Podman is not installed/),
      expect.stringMatching(/^Docker is not running/),
    ]);
    expect(active.word).toBe(works ? 'bwrap' : 'group');
  });

  it('asks no engine where no image is named', async () => {
    const podman = makeFakeEngine('podman');
    expect(await activeWith([podman], { AMP_SESSIONS_SANDBOX_IMAGE: '' })).toMatchObject({
      use: works ? 'bwrap' : 'none',
    });
    expect(podman.calls()).toEqual([]);
  });
});

describe('settings of a repository that nobody trusts', () => {
  it.each([
    ['use: none', { AMP_SESSIONS_SANDBOX_USE: '' }],
    [`image: ${IMAGE}`, { AMP_SESSIONS_SANDBOX_IMAGE: '' }],
    ['home: [.ssh]', {}],
  ])('change nothing about it: %s', async (line, over) => {
    const engine = makeFakeEngine();
    const dir = await makeRepo();
    writeFileSync(join(dir, '.amp-sessions.yaml'), `sandbox:\n  ${line}\n`);
    const ctx = await contextIn(dir, { ...envWith([engine], 'docker'), ...over });
    await expect(activeSandbox(ctx)).rejects.toMatchObject({ code: 'config.untrusted' });
    await expect(isolationWord(ctx, 'group')).rejects.toMatchObject({ code: 'config.untrusted' });
    expect(engine.calls()).toEqual([]);
  });
});

describe('what an agent is given of Amp', () => {
  it('is its program, its settings one by one, and what it keeps', async () => {
    const home = tempDir('amp-home-');
    const amp = join(home, 'lib/node_modules/@ampcode/cli-linux-x64/amp');
    for (const dir of ['.config/amp/plugins', 'lib/node_modules/@ampcode/cli-linux-x64', 'own/bin'])
      mkdirSync(join(home, dir), { recursive: true });
    writeFileSync(join(home, '.config/amp/settings.json'), '{}');
    writeFileSync(amp, '#!/bin/sh\n', { mode: 0o755 });
    symlinkSync(amp, join(home, 'own/bin/amp'));
    const engine = makeFakeEngine();
    const over = { HOME: `${home}/x/..`, NODE_EXTRA_CA_CERTS: '/etc/own-authority.pem', SSL_CERT_FILE: 'relative' };
    const env = envWith([engine], 'docker', over);
    const ctx = await contextIn(await makeRepo(), { ...env, PATH: `${env['PATH']}:${home}/own/bin:/usr/bin` });
    const plan = (await sandboxFor(ctx, { path: '/w' } as never, 'amp'))!;
    expect(plan.home).toBe(home);
    expect(plan.readable.filter((path) => path.startsWith(home) || path.startsWith('/etc') || path === '/usr')).toEqual(
      [
        join(home, 'own'),
        join(home, 'lib/node_modules/@ampcode/cli-linux-x64'),
        ...['.gitconfig', '.config/git', '.config/amp/plugins', '.config/amp/settings.json'].map((of) =>
          join(home, of),
        ),
        '/etc/own-authority.pem',
      ],
    );
    expect(plan.writable).toEqual(expect.arrayContaining(['/w', join(home, '.local/share/amp')]));
    expect(plan.container!.path).toEqual(expect.arrayContaining([join(home, 'own/bin')]));
    expect(plan.container!.path).not.toContain('/usr/bin');
  });
});

describe('doctor', () => {
  const checksOf = async (env: NodeJS.ProcessEnv, fix = false) => {
    const dir = await makeRepo();
    const { checks } = await doctor({ dir, env, fix });
    return checks.filter(({ name }) => name === 'sandbox' || name === 'containers');
  };

  it.skipIf(!works)('has tried a container, and says which image is active', async () => {
    const engine = makeFakeEngine('docker', { security: ['name=rootless'] });
    expect(await checksOf(envWith([engine], 'docker'))).toMatchObject([
      { status: 'ok', detail: 'agents run in containers of Docker 28.5.2, rootless, image tools:1 (c0ffeec0ffee)' },
      { status: 'ok', detail: 'none left behind' },
    ]);
    expect(engine.calls().map(([verb]) => verb)).toContain('run');
  });

  it('says what is wrong, and that auto has fallen back', async () => {
    const sick = makeFakeEngine('docker', { fails: 'unknown runtime' });
    expect(await checksOf(envWith([sick], 'docker'))).toMatchObject([
      { status: 'failed', detail: expect.stringContaining('unknown runtime') },
      { status: 'ok' },
    ]);
    sick.set({ trouble: 'stopped' });
    expect(await checksOf(envWith([sick], 'docker'))).toMatchObject([
      {
        status: 'failed',
        detail: expect.stringContaining('Docker is not running'),
        hint: expect.stringContaining('systemctl'),
      },
      { status: 'skipped', detail: expect.stringContaining('cannot be told: Docker is not running') },
    ]);
    expect(await checksOf(envWith([sick], 'auto'))).toMatchObject([
      { status: 'warning', detail: expect.stringContaining('Docker is not running') },
      {},
    ]);
  });

  it('starts no image that an untrusted repository names', async () => {
    const engine = makeFakeEngine();
    const dir = await makeRepo();
    writeFileSync(join(dir, '.amp-sessions.yaml'), `sandbox:\n  image: ${IMAGE}\n`);
    const env = { ...envWith([engine], 'docker'), AMP_SESSIONS_SANDBOX_IMAGE: '' };
    const { checks } = await doctor({ dir, env, fix: false });
    expect(checks.find(({ name }) => name === 'sandbox')).toMatchObject({ status: 'failed' });
    expect(engine.calls().map(([verb]) => verb)).not.toContain('run');
  });
});

describe('containers that a dead run left', () => {
  const begun = async (engine: FakeEngine) => {
    const { ctx, dir, id } = await setUp('after: repeat\niterations:\n  - - message: Done.\n', engine);
    await withJournal(ctx, { id, name: id, command: 'iterate' }, async (journal) => {
      const agent = { name: 'scripted', mode: null, version: null, threadId: null };
      const data = { prompt: null, reason: 'prompt', head: journal.session.head, agent, timeoutMs: null } as const;
      await journal.decide({ do: 'startIteration', data: { ...data, stopStrength: 'namespace', sandbox: 'docker' } });
    });
    const label = `amp-sessions.repository=${repositoryWord(ctx)}`;
    engine.leave(`amp-sessions-${id}-1-m1`, label);
    return { ctx, dir, id, label };
  };

  it.skipIf(!works)('end with the next command on the session; others stay', async () => {
    const engine = makeFakeEngine();
    const { ctx, id, label } = await begun(engine);
    engine.leave('amp-sessions-another-1-m2', label);
    engine.leave(`amp-sessions-${id}-1-m3`, 'amp-sessions.repository=another');
    const ran = await runOnce(ctx, id);
    expect(ran.session.iterations.map(({ outcome }) => outcome)).toEqual(['interrupted', 'completed']);
    expect(engine.containers().sort()).toEqual([`amp-sessions-${id}-1-m3`, 'amp-sessions-another-1-m2'].sort());
  });

  it('are told and ended by doctor', async () => {
    const engine = makeFakeEngine();
    const { ctx, dir, id } = await begun(engine);
    const look = (fix: boolean) => doctor({ dir, env: ctx.env, fix });
    const found = (await look(false)).checks.find(({ name }) => name === 'containers');
    expect(found).toMatchObject({ status: 'warning', fixable: true, detail: expect.stringContaining(id) });
    const { fixed, checks } = await look(true);
    expect(fixed).toContain(`ended the container amp-sessions-${id}-1-m1`);
    expect(checks.find(({ name }) => name === 'containers')).toMatchObject({ status: 'ok' });
    expect(engine.containers()).toEqual([]);
  });

  it('and an engine that cannot be asked is told', async () => {
    const engine = makeFakeEngine();
    const { ctx, id } = await begun(engine);
    engine.set({ trouble: 'stopped' });
    ctx.config.config.sandbox.use = 'none';
    await runOnce(ctx, id);
    expect(ctx.warnings.join('\n')).toContain('cannot be told: Docker is not running');
  });
});
