import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Context } from '../../../src/workflows/context.ts';
import { InterruptSwitch } from '../../../src/workflows/interrupts.ts';
import { withJournal } from '../../../src/workflows/journal.ts';
import { openPullRequest, type PullRequestWish } from '../../../src/workflows/landing/pull-request.ts';
import { readSession } from '../../../src/workflows/summaries.ts';
import { timeline } from '../../../src/workflows/timeline.ts';
import { program } from '../../git/support.ts';
import { makeFakeForge } from '../../support/fake-forge/make-fake-forge.ts';
import { rarely } from '../../support/rarely.ts';
import { git, makeRepo, sh, tempDir } from '../../support/repo.ts';
import { contextIn, make, runOnce, script } from '../../support/sessions.ts';

const WORK = `
after: repeat
iterations:
  - - run: echo work >> work.txt
    - usage: { input: 5, output: 6 }
    - message: "Fixes #12, thanks @alice"
`;
const GITCONFIG = join(process.env['HOME']!, '.gitconfig');
afterEach(() => rmSync(GITCONFIG, { force: true }));

/** A bare repository that answers to an address, as if the user's own configuration led there. */
const serve = async (dir: string, address: string): Promise<string> => {
  const bare = join(tempDir('amp-up-'), 'up.git');
  await git(dir, 'clone', '-q', '--bare', '--single-branch', '-b', 'main', dir, bare);
  const before = existsSync(GITCONFIG) ? readFileSync(GITCONFIG, 'utf8') : '';
  writeFileSync(GITCONFIG, `${before}[url "${bare}"]\n\tinsteadOf = ${address}\n`);
  return bare;
};

interface Wish {
  address?: string;
  repository?: string;
  tools?: string[];
  env?: NodeJS.ProcessEnv;
}

const HUB = 'https://github.com/acme/widget.git';

const setUp = async ({ address = HUB, repository = 'acme/widget', tools, env = {} }: Wish = {}) => {
  const dir = await makeRepo();
  const bare = await serve(dir, address);
  await git(dir, 'remote', 'add', 'origin', address);
  const forge = makeFakeForge({ loggedIn: ['github.com', 'gitlab.com'], repositories: { [repository]: bare } }, tools);
  const ctx = await contextIn(dir, { ...process.env, ...forge.env, ...env });
  const agent = { name: 'scripted', mode: null, command: script(WORK) };
  const { session, worktree } = await make(ctx, { name: 'add login', prompt: 'Add a login\n/close', agent });
  await runOnce(ctx, session.id);
  const { id, branch } = session;
  const there = async (name = branch) =>
    (await sh(bare, `git rev-parse -q --verify 'refs/heads/${name}'`)).stdout.trim();
  return { dir, bare, forge, ctx, id, branch, worktree, there, tip: () => git(dir, 'rev-parse', branch) };
};

const propose = (ctx: Context, id: string, wish: Partial<PullRequestWish> = {}) =>
  withJournal(ctx, { id, name: id, command: 'merge' }, (journal) =>
    openPullRequest(ctx, journal, { base: 'main', ...wish }),
  );

const recorded = async (ctx: Context, id: string) =>
  (await timeline(ctx, id)).events.filter(({ type }) => /^(branch\.pushed|pull-request\.opened)$/.test(type));
const typesOf = async (ctx: Context, id: string) => (await recorded(ctx, id)).map(({ type }) => type);

describe('at GitHub, with gh', () => {
  it('pushes, opens, records; nothing is configured, and gh never stands in the repository', async () => {
    const { dir, forge, ctx, id, branch, there, tip } = await setUp();
    const config = readFileSync(join(dir, '.git/config'), 'utf8');
    const done = await propose(ctx, id, { draft: true });
    const commit = await tip();
    const url = 'https://github.com/acme/widget/pull/1';
    const said = { url, host: 'github', remote: 'origin', branch, base: 'main', title: 'add login', commit };
    expect(done).toMatchObject({ ...said, opened: true, existing: false, pushed: true });
    expect(await there()).toBe(commit);
    expect(forge.read().pulls).toMatchObject([
      { branch, base: 'main', title: 'add login', draft: true, body: done.body },
    ]);
    expect(forge.calls().every(({ inRepository, git: dirOfGit }) => !inRepository && dirOfGit === undefined)).toBe(
      true,
    );
    expect(readFileSync(join(dir, '.git/config'), 'utf8')).toBe(config);
    expect((await recorded(ctx, id)).map(({ type, data }) => [type, data])).toEqual([
      ['branch.pushed', { remote: 'origin', branch, commit }],
      ['pull-request.opened', { ...said, opened: true }],
    ]);
    expect((await readSession(ctx, id)).pullRequest).toMatchObject({ url });
  });

  rarely('finds one that is open and opens no second; new commits are pushed and told of', async () => {
    const { forge, ctx, id, there, tip } = await setUp();
    const first = await propose(ctx, id);
    expect(await propose(ctx, id)).toMatchObject({ url: first.url, existing: true, pushed: false });
    expect(await typesOf(ctx, id)).toEqual(['branch.pushed', 'pull-request.opened']);
    await runOnce(ctx, id);
    expect(await propose(ctx, id)).toMatchObject({ url: first.url, existing: true, pushed: true });
    expect(await there()).toBe(await tip());
    expect(forge.read().pulls).toHaveLength(1);
    expect(await typesOf(ctx, id)).toEqual([
      'branch.pushed',
      'pull-request.opened',
      'branch.pushed',
      'pull-request.opened',
    ]);
  });

  it('opens another when the first is merged, and when the branch of that name is somebody else’s', async () => {
    const { forge, ctx, id, branch } = await setUp();
    const pull = { branch, base: 'main', title: 't', body: '', repository: 'acme/widget' };
    forge.set({
      pulls: [
        { ...pull, url: 'https://github.com/acme/widget/pull/1', owner: 'acme', state: 'MERGED' },
        { ...pull, url: 'https://github.com/acme/widget/pull/2', owner: 'mallory', state: 'OPEN' },
      ],
    });
    expect(await propose(ctx, id)).toMatchObject({ url: 'https://github.com/acme/widget/pull/3', existing: false });
  });

  rarely('goes from a fork to the repository that the base is of', async () => {
    const { dir, ctx, id, branch, forge, bare } = await setUp();
    const fork = await serve(dir, 'git@github.com:me/widget.git');
    await git(dir, 'remote', 'add', 'mine', 'git@github.com:me/widget.git');
    await git(dir, 'config', 'branch.main.remote', 'origin');
    await git(dir, 'config', 'remote.pushDefault', 'mine');
    forge.set({ repositories: { 'acme/widget': bare, 'me/widget': fork } });
    const done = await propose(ctx, id);
    expect(done).toMatchObject({ remote: 'mine', url: 'https://github.com/acme/widget/pull/1', pushed: true });
    expect(forge.read().pulls).toMatchObject([{ owner: 'me', repository: 'acme/widget' }]);
    expect((await sh(bare, `git rev-parse -q --verify '${branch}'`)).exitCode).not.toBe(0);
  });

  it('that fails after the push: the push is on record, and the way on is said', async () => {
    const { forge, ctx, id, there, tip } = await setUp();
    forge.set({ fails: { create: 'pull request create failed: GraphQL: was submitted too quickly' } });
    const failed = await propose(ctx, id).catch((error) => error);
    expect(failed).toMatchObject({
      code: 'pull-request.failed',
      exit: 1,
      message: expect.stringContaining('was submitted too quickly.'),
      hint: expect.stringContaining('https://github.com/acme/widget/compare/main...amp/add-login/'),
      answer: { session: id, pushed: true, branch: expect.any(String) },
    });
    expect(await there()).toBe(await tip());
    expect(await typesOf(ctx, id)).toEqual(['branch.pushed']);
    forge.set({ fails: {} });
    expect(await propose(ctx, id)).toMatchObject({ opened: true, pushed: false });
    expect(await typesOf(ctx, id)).toEqual(['branch.pushed', 'pull-request.opened']);
  });

  rarely('a dry run pushes nothing and records nothing, and says what it would be', async () => {
    const { forge, ctx, id, there } = await setUp();
    const dry = await propose(ctx, id, { dryRun: true });
    expect(dry).toMatchObject({ opened: false, pushed: false, host: 'github', title: 'add login' });
    expect(dry.url).toContain('/compare/main...');
    expect([await there(), await typesOf(ctx, id), forge.read().pulls]).toEqual(['', [], []]);
    const { url } = await propose(ctx, id);
    expect(await propose(ctx, id, { dryRun: true })).toMatchObject({ url, existing: true, pushed: false });
  });
});

describe('without gh', () => {
  it.each([
    ['it is not installed', { tools: [] }, []],
    ['it is not logged in', { tools: ['gh'] }, ['gh is not logged in to github.com: `gh auth login']],
  ])('when %s: the branch is pushed, and the address of the form is given', async (_, wish, warnings) => {
    const { forge, ctx, id, branch, there, tip } = await setUp(wish);
    forge.set({ loggedIn: [] });
    const done = await propose(ctx, id);
    expect(done).toMatchObject({ opened: false, existing: false, pushed: true, host: 'github' });
    const url = new URL(done.url);
    expect(`${url.origin}${url.pathname}`).toBe(`https://github.com/acme/widget/compare/main...${branch}`);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      quick_pull: '1',
      title: 'add login',
      body: done.body,
    });
    expect(await there()).toBe(await tip());
    expect(ctx.warnings).toEqual(warnings.map((text) => expect.stringContaining(text)));
    expect((await recorded(ctx, id)).at(-1)).toMatchObject({ type: 'pull-request.opened', data: { opened: false } });
  });

  it('never takes a gh out of the repository', async () => {
    const { dir, ctx: _, id, forge } = await setUp({ tools: [] });
    const mark = join(tempDir(), 'ran');
    mkdirSync(join(dir, 'bin'));
    program(join(dir, 'bin/gh'), `touch '${mark}'`);
    const ctx = await contextIn(dir, {
      ...process.env,
      ...forge.env,
      PATH: `${join(dir, 'bin')}:bin:${forge.env.PATH}`,
    });
    expect(await propose(ctx, id)).toMatchObject({ opened: false });
    expect(existsSync(mark)).toBe(false);
  });
});

describe('at GitLab', () => {
  const LAB = { address: 'git@gitlab.com:group/sub/widget.git', repository: 'group/sub/widget' };

  it('opens a merge request with glab, and finds it again', async () => {
    const { forge, ctx, id, branch } = await setUp(LAB);
    const done = await propose(ctx, id, { draft: true });
    const url = 'https://gitlab.com/group/sub/widget/-/merge_requests/1';
    expect(done).toMatchObject({ host: 'gitlab', url, opened: true, pushed: true });
    expect(forge.read().pulls).toMatchObject([{ branch, base: 'main', title: 'Draft: add login', body: done.body }]);
    expect(await propose(ctx, id)).toMatchObject({ url, existing: true, pushed: false });
  });

  rarely('gives the address of the form without it', async () => {
    const { ctx, id, branch } = await setUp({ ...LAB, tools: ['gh'] });
    const { url, opened, body } = await propose(ctx, id);
    expect(opened).toBe(false);
    const form = new URL(url);
    expect(form.pathname).toBe('/group/sub/widget/-/merge_requests/new');
    expect(Object.fromEntries(form.searchParams)).toEqual({
      'merge_request[source_branch]': branch,
      'merge_request[target_branch]': 'main',
      'merge_request[title]': 'add login',
      'merge_request[description]': body,
    });
  });

  it('goes to a fork’s parent, and says what glab said', async () => {
    const { dir, ctx, id, forge, bare } = await setUp(LAB);
    const fork = await serve(dir, 'git@gitlab.com:me/widget.git');
    await git(dir, 'remote', 'add', 'mine', 'git@gitlab.com:me/widget.git');
    await sh(dir, 'git config branch.main.remote origin && git config remote.pushDefault mine');
    forge.set({ repositories: { 'group/sub/widget': bare } });
    await expect(propose(ctx, id)).rejects.toMatchObject({
      code: 'pull-request.failed',
      message: expect.stringContaining('404 Project Not Found'),
    });
    forge.set({ repositories: { 'group/sub/widget': bare, 'me/widget': fork } });
    expect((await propose(ctx, id)).url).toBe('https://gitlab.com/group/sub/widget/-/merge_requests/1');
  });
});

describe('other hosts', () => {
  it('a host that a tool is logged in to is that tool’s', async () => {
    const { forge, ctx, id } = await setUp({ address: 'git@code.corp:team/widget.git', repository: 'team/widget' });
    forge.set({ loggedIn: ['code.corp'] });
    const done = await propose(ctx, id);
    expect(done).toMatchObject({ host: 'github', url: 'https://code.corp/team/widget/pull/1' });
  });

  rarely('one that nobody knows: pushed, and said how to go on', async () => {
    const { ctx, id, branch, there, tip } = await setUp({ address: 'https://me:s3cret@git.example/team/widget' });
    const done = await propose(ctx, id);
    expect(done).toMatchObject({ host: 'other', opened: false, pushed: true, url: 'https://git.example/team/widget' });
    expect(ctx.warnings.join()).toContain(`open one from ${branch} into main by hand`);
    expect(await there()).toBe(await tip());
    expect(JSON.stringify(await recorded(ctx, id))).not.toContain('s3cret');
  });

  it('a path is no host', async () => {
    const { dir, bare, ctx, id } = await setUp();
    await git(dir, 'remote', 'set-url', 'origin', bare);
    expect(await propose(ctx, id)).toMatchObject({ host: 'other', url: bare, pushed: true });
  });
});

describe('the push', () => {
  it('replaces what we pushed ourselves after a rebase, and nothing else', async () => {
    const { dir, bare, ctx, id, branch, worktree, there, tip } = await setUp({ tools: [] });
    await propose(ctx, id);
    await sh(worktree, "git commit -q --amend -m 'reworded'");
    expect(await propose(ctx, id)).toMatchObject({ pushed: true });
    expect(await there()).toBe(await tip());
    const clone = join(tempDir(), 'clone');
    await sh(dir, `git clone -q -b '${branch}' '${bare}' '${clone}'`);
    await sh(clone, 'git -c user.name=o -c user.email=o@o commit -q --allow-empty -m theirs && git push -q');
    const theirs = await there();
    await sh(worktree, "git commit -q --amend -m 'again'");
    await expect(propose(ctx, id)).rejects.toMatchObject({
      code: 'push.rejected',
      message: expect.stringContaining('commits that this session did not push'),
      hint: expect.stringContaining(`git fetch origin ${branch} `),
    });
    expect(await there()).toBe(theirs);
  });

  rarely('that the process did not live to record is ours all the same', async () => {
    const { dir, ctx, id, branch, tip } = await setUp({ tools: [] });
    await git(dir, 'push', '-q', 'origin', branch);
    expect(await propose(ctx, id)).toMatchObject({ pushed: false });
    expect((await recorded(ctx, id))[0]).toMatchObject({ type: 'branch.pushed', data: { commit: await tip() } });
  });

  it('that is refused there: with the other side’s words, and nothing on record', async () => {
    const { bare, ctx, id, there } = await setUp();
    program(join(bare, 'hooks/pre-receive'), 'echo "No pushes on Friday." >&2; exit 1');
    await expect(propose(ctx, id)).rejects.toMatchObject({
      code: 'push.rejected',
      exit: 1,
      message: expect.stringMatching(
        /^origin refused the push of amp\/add-login\/\S+: pre-receive hook declined: No pushes on Friday\.$/,
      ),
    });
    expect([await there(), await typesOf(ctx, id)]).toEqual(['', []]);
  });

  rarely('runs the user’s pre-push hook only when hooks are on and trusted; else says that it does not', async () => {
    const { dir, ctx, id, there } = await setUp({ tools: [] });
    const mark = join(tempDir(), 'ran');
    program(join(dir, '.git/hooks/pre-push'), `cat > '${mark}'; echo "lint first" >&2; exit 1`);
    await propose(ctx, id);
    expect(existsSync(mark)).toBe(false);
    expect(ctx.warnings.join()).toContain('Your pre-push hook does not run');
    await runOnce(ctx, id);
    const before = await there();
    const on = await contextIn(dir, { ...ctx.env, AMP_SESSIONS_COMMIT_HOOKS: 'true' });
    await expect(propose(on, id)).rejects.toMatchObject({ code: 'config.untrusted' });
    const { trustRepositoryHooks } = await import('../../../src/workflows/user-hooks.ts');
    await trustRepositoryHooks(on);
    await expect(propose(on, id)).rejects.toMatchObject({
      code: 'hook.failed',
      message: expect.stringContaining('lint first'),
    });
    expect(readFileSync(mark, 'utf8')).toContain(`refs/heads/amp/add-login/`);
    expect(await there()).toBe(before);
  });
});

describe('where there is nothing to do or nowhere to go', () => {
  it('no remote', async () => {
    const { dir, ctx, id } = await setUp();
    await git(dir, 'remote', 'remove', 'origin');
    await expect(propose(ctx, id)).rejects.toMatchObject({
      code: 'remote.missing',
      message: expect.stringContaining('nowhere to push'),
      hint: expect.stringContaining('git remote add'),
    });
  });

  rarely('several remotes, and none of them the one', async () => {
    const { dir, ctx, id } = await setUp({ tools: [] });
    await sh(dir, `git remote rename origin here && git remote add there '${tempDir()}'`);
    await expect(propose(ctx, id)).rejects.toMatchObject({
      code: 'remote.ambiguous',
      message: 'There are several remotes (here, there), and none is the one to push to.',
      hint: expect.stringContaining('--remote here'),
    });
    await expect(propose(ctx, id, { remote: 'nope' })).rejects.toMatchObject({ code: 'remote.missing' });
    expect(await propose(ctx, id, { remote: 'here' })).toMatchObject({ remote: 'here', pushed: true });
  });

  it('offline', async () => {
    const { dir, ctx, id } = await setUp();
    await git(dir, 'remote', 'set-url', 'origin', 'https://127.0.0.1:9/acme/widget.git');
    await expect(propose(ctx, id)).rejects.toMatchObject({ code: 'remote.unreachable', exit: 1 });
    expect(await typesOf(ctx, id)).toEqual([]);
  });

  rarely('a base that the remote has not', async () => {
    const { ctx, id, there } = await setUp();
    await expect(propose(ctx, id, { base: 'nope' })).rejects.toMatchObject({
      code: 'ref.missing',
      message: 'There is no branch nope at origin.',
    });
    expect(await there()).toBe('');
  });

  it('a session without work, or whose branch is gone', async () => {
    const { dir, ctx, id, branch, worktree } = await setUp();
    const agent = { name: 'scripted', mode: null, command: script(WORK) };
    const { session } = await make(ctx, { name: 'fresh', agent });
    await expect(propose(ctx, session.id)).rejects.toMatchObject({
      code: 'session.refused',
      message: 'Session fresh has nothing that main at origin has not.',
    });
    await sh(dir, `git worktree remove --force '${worktree}' && git branch -q -D '${branch}'`);
    await expect(propose(ctx, id)).rejects.toMatchObject({
      code: 'ref.missing',
      hint: expect.stringContaining('doctor --fix'),
    });
  });

  rarely('interrupted before anything began', async () => {
    const { ctx, id, there } = await setUp();
    const interrupts = new InterruptSwitch();
    interrupts.stop();
    await expect(propose(ctx, id, { interrupts })).rejects.toMatchObject({ code: 'interrupted', exit: 130 });
    expect([await there(), await typesOf(ctx, id)]).toEqual(['', []]);
  });

  it('interrupted while gh works: the push stays, and the next call goes on', async () => {
    const { forge, ctx, id, there, tip } = await setUp();
    const real = readFileSync(join(forge.bin, 'gh'), 'utf8');
    program(join(forge.bin, 'gh'), 'case "$1" in auth) exit 0;; esac; exec sleep 60');
    const interrupts = new InterruptSwitch();
    const going = propose(ctx, id, { interrupts });
    await expect.poll(there, { timeout: 20_000 }).not.toBe('');
    await expect.poll(() => typesOf(ctx, id), { timeout: 20_000 }).toEqual(['branch.pushed']);
    interrupts.stop();
    await expect(going).rejects.toMatchObject({ code: 'interrupted', message: expect.stringContaining('was pushed') });
    expect(await there()).toBe(await tip());
    writeFileSync(join(forge.bin, 'gh'), real);
    expect(await propose(ctx, id)).toMatchObject({ opened: true, pushed: false });
  });
});

describe('title and body', () => {
  it('mention nobody, close nothing, and give no secret away', async () => {
    const secret = 'hunter2-very-secret-value';
    const { forge, ctx, id } = await setUp({ env: { MY_API_TOKEN: secret } });
    await propose(ctx, id, { title: `Log in with ${secret}` });
    const [pull] = forge.read().pulls;
    expect(pull!.title).toMatch(/^Log in with \[REDACTED:/);
    expect(pull!.body).toContain('```text\nAdd a login\n/close\n```');
    expect(pull!.body).toContain('`amp: Fixes #12, thanks @alice`');
    const alive = pull!.body.replace(/^```text\n[\s\S]*?\n```$/gm, '').replace(/`[^`]*`/g, '');
    expect(alive).not.toMatch(/[@#]\w|^\//m);
  });

  rarely('are the user’s own where given', async () => {
    const { forge, ctx, id } = await setUp();
    await propose(ctx, id, { title: 'Mine', body: 'Closes #7' });
    expect(forge.read().pulls).toMatchObject([{ title: 'Mine', body: 'Closes #7' }]);
  });
});
