import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { locateRepository } from '../../src/git/locate.ts';
import {
  chosenRemotes,
  findRemote,
  pushBranch,
  remoteBranches,
  remoteNames,
  withoutPassword,
} from '../../src/git/remotes.ts';
import { git, makeRepo, sh, tempDir } from '../support/repo.ts';
import { program, write } from './support.ts';

const BRANCH = 'amp/task/1';

/** A repository with a bare one as its origin, and a commit on a branch that is not there yet. */
const setUp = async () => {
  const dir = await makeRepo();
  const bare = join(tempDir('amp-up-'), 'up.git');
  await git(dir, 'clone', '-q', '--bare', dir, bare);
  await git(dir, 'remote', 'add', 'origin', bare);
  await git(dir, 'switch', '-q', '-c', BRANCH);
  const tips = async () => git(bare, 'for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads', 'refs/tags');
  return { dir, bare, repo: await locateRepository(dir), tips };
};

const commitIn = async (dir: string, text: string): Promise<string> => {
  writeFileSync(join(dir, 'work.txt'), text);
  await git(dir, 'add', '-A');
  await git(dir, 'commit', '-q', '-m', text);
  return git(dir, 'rev-parse', 'HEAD');
};

describe('remotes', () => {
  it('are those with an address, as the configuration has them', async () => {
    const { dir, bare, repo } = await setUp();
    await git(dir, 'config', 'remote.later.pushurl', bare);
    await git(dir, 'config', 'remote.half.fetch', '+refs/heads/*:refs/remotes/half/*');
    expect(await remoteNames(repo)).toEqual(['origin', 'later']);
    expect(await findRemote(repo, 'origin')).toEqual({ name: 'origin', url: bare, named: bare });
    await expect(findRemote(repo, 'nope')).rejects.toMatchObject({
      code: 'remote.missing',
      hint: 'There is origin, later.',
    });
    await expect(findRemote(await locateRepository(await makeRepo()), 'origin')).rejects.toMatchObject({
      code: 'remote.missing',
      hint: expect.stringContaining('git remote add'),
    });
  });

  it('are found where the user’s own push finds them: push addresses, rewritten by insteadOf', async () => {
    const { dir, bare, repo } = await setUp();
    await git(dir, 'remote', 'set-url', 'origin', 'https://github.com/acme/widget.git');
    writeFileSync(
      join(process.env['HOME']!, '.gitconfig'),
      `[url "${bare}"]\n\tinsteadOf = https://github.com/acme/widget.git\n`,
    );
    try {
      const named = 'https://github.com/acme/widget.git';
      expect(await findRemote(repo, 'origin')).toEqual({ name: 'origin', url: bare, named });
      await git(dir, 'remote', 'set-url', '--push', 'origin', 'git@github.com:acme/widget.git');
      const pushed = 'git@github.com:acme/widget.git';
      expect(await findRemote(repo, 'origin')).toEqual({ name: 'origin', url: pushed, named: pushed });
    } finally {
      writeFileSync(join(process.env['HOME']!, '.gitconfig'), '');
    }
  });

  it('are chosen as git chooses them', async () => {
    const { dir, repo } = await setUp();
    expect(await chosenRemotes(repo, 'main')).toEqual({ push: undefined, pull: undefined });
    await git(dir, 'config', 'branch.main.remote', 'upstream');
    await git(dir, 'config', 'remote.pushDefault', 'fork');
    expect(await chosenRemotes(repo, 'main')).toEqual({ push: 'fork', pull: 'upstream' });
    await git(dir, 'config', 'branch.main.pushRemote', 'mine');
    await git(dir, 'config', 'branch.main.remote', '.');
    expect(await chosenRemotes(repo, 'main')).toEqual({ push: 'mine', pull: undefined });
  });

  it.each(['inside.git', './inside.git', 'file://DIR/inside.git', 'DIR/.git'])(
    'inside the repository are nothing to push to: %s',
    async (where) => {
      const { dir, repo } = await setUp();
      await git(dir, 'remote', 'set-url', 'origin', where.replace('DIR', dir));
      await expect(findRemote(repo, 'origin')).rejects.toMatchObject({
        code: 'remote.unreachable',
        message: expect.stringContaining('inside the repository'),
      });
    },
  );

  it('show no password', () => {
    expect(withoutPassword('see https://me:s3cret@host/x and ssh://git@host/y')).toBe(
      'see https://host/x and ssh://host/y',
    );
    expect(withoutPassword('git@github.com:a/b.git')).toBe('git@github.com:a/b.git');
  });
});

describe('looking at a remote', () => {
  it('tells the branches asked for, by their whole names', async () => {
    const { dir, bare, repo } = await setUp();
    const main = await git(dir, 'rev-parse', 'main');
    await git(bare, 'branch', 'other/main', main);
    expect(await remoteBranches(repo, 'origin', ['main', BRANCH])).toEqual(new Map([['main', main]]));
  });
  it('says when it cannot be reached, and what to do', async () => {
    const { dir, repo } = await setUp();
    await git(dir, 'remote', 'set-url', 'origin', 'https://me:s3cret@127.0.0.1:9/x.git');
    const failed = await remoteBranches(repo, 'origin', ['main']).catch((error) => error);
    expect(failed).toMatchObject({ code: 'remote.unreachable', hint: expect.stringContaining('git ls-remote origin') });
    expect(failed.message).toMatch(/^The remote origin cannot be reached: .*\.$/);
    expect(failed.message).not.toContain('s3cret');
  });
  it('stops when it is told to', async () => {
    const { repo } = await setUp();
    const aborted = AbortSignal.abort();
    await expect(remoteBranches(repo, 'origin', ['main'], { signal: aborted })).rejects.toThrow();
  });
});

describe('a push', () => {
  it('moves that one branch, sets nothing up, and is repeated for nothing', async () => {
    const { dir, repo, tips } = await setUp();
    const main = await git(dir, 'rev-parse', 'main');
    await git(dir, 'tag', '-a', '-m', 'v1', 'v1');
    await git(dir, 'config', 'push.followTags', 'true');
    const commit = await commitIn(dir, 'one');
    const before = readFileSync(join(dir, '.git/config'), 'utf8');
    const options = { remote: 'origin', commit, branch: BRANCH };
    expect(await pushBranch(repo, options)).toMatchObject({ status: 'pushed' });
    expect(await tips()).toBe(`refs/heads/${BRANCH} ${commit}\nrefs/heads/main ${main}`);
    expect(readFileSync(join(dir, '.git/config'), 'utf8')).toBe(before);
    expect(await pushBranch(repo, options)).toMatchObject({ status: 'current' });
    const next = await commitIn(dir, 'two');
    expect(await pushBranch(repo, { ...options, commit: next })).toMatchObject({ status: 'pushed' });
  });

  it('replaces nothing that it was not told of', async () => {
    const { dir, repo, tips } = await setUp();
    const ours = await commitIn(dir, 'ours');
    await pushBranch(repo, { remote: 'origin', commit: ours, branch: BRANCH });
    await git(dir, 'reset', '-q', '--hard', 'main');
    const other = await commitIn(dir, 'other');
    const options = { remote: 'origin', commit: other, branch: BRANCH };
    expect(await pushBranch(repo, options)).toMatchObject({ status: 'rejected', reason: 'non-fast-forward' });
    const wrong = await git(dir, 'rev-parse', 'main');
    expect(await pushBranch(repo, { ...options, replaces: wrong })).toMatchObject({
      status: 'rejected',
      reason: 'stale info',
    });
    expect(await pushBranch(repo, { ...options, replaces: null })).toMatchObject({ status: 'rejected' });
    expect(await tips()).toContain(ours);
    expect(await pushBranch(repo, { ...options, replaces: ours })).toMatchObject({ status: 'pushed' });
    expect(await tips()).toContain(`refs/heads/${BRANCH} ${other}`);
  });

  it('tells what the other side said when it refuses', async () => {
    const { dir, bare, repo } = await setUp();
    program(join(bare, 'hooks/pre-receive'), 'echo "No pushes on Friday." >&2; exit 1');
    const commit = await commitIn(dir, 'one');
    expect(await pushBranch(repo, { remote: 'origin', commit, branch: BRANCH })).toEqual({
      status: 'rejected',
      reason: 'pre-receive hook declined',
      said: 'No pushes on Friday.',
    });
  });

  it('starts nothing that the repository names, and obeys none of its settings for a push', async () => {
    const { dir, bare, repo, tips } = await setUp();
    const bin = tempDir('amp-canary-');
    const canary = (name: string) => program(join(bin, name), `touch '${bin}/${name}.ran'\nexec git-receive-pack "$@"`);
    await git(dir, 'config', 'remote.origin.receivepack', canary('receivepack'));
    await git(dir, 'config', 'core.sshCommand', canary('ssh'));
    await git(dir, 'config', 'credential.helper', canary('helper'));
    await git(dir, 'config', 'remote.origin.mirror', 'true');
    await git(dir, 'config', 'push.pushOption', 'ci.skip');
    await git(bare, 'config', 'receive.advertisePushOptions', 'true');
    program(join(bare, 'hooks/post-receive'), `echo "$GIT_PUSH_OPTION_COUNT" > '${bin}/options'`);
    mkdirSync(join(dir, '.git/hooks'), { recursive: true });
    for (const hook of ['pre-push', 'reference-transaction'])
      program(join(dir, '.git/hooks', hook), `touch '${bin}/${hook}.ran'`);
    const commit = await commitIn(dir, 'one').catch(() => git(dir, 'rev-parse', 'HEAD'));
    await sh(bin, 'rm -f *.ran');
    expect(await pushBranch(repo, { remote: 'origin', commit, branch: BRANCH })).toMatchObject({ status: 'pushed' });
    expect((await sh(bin, 'ls *.ran')).stdout).toBe('');
    expect(readFileSync(join(bin, 'options'), 'utf8').trim()).toMatch(/^0?$/);
    expect((await tips()).split('\n')).toHaveLength(2);
  });

  it('finds a relative address from the main checkout, wherever one stands', async () => {
    const { dir, bare, repo, tips } = await setUp();
    await git(dir, 'remote', 'set-url', 'origin', relative(dir, bare));
    const commit = await commitIn(dir, 'one');
    expect((await remoteBranches(repo, 'origin', ['main'])).size).toBe(1);
    await pushBranch(await locateRepository(join(dir, 'src')), { remote: 'origin', commit, branch: BRANCH });
    expect(await tips()).toContain(commit);
  });

  it('lets trusted hooks take part, and tells when one refuses', async () => {
    const { dir, repo, tips } = await setUp();
    const commit = await commitIn(dir, 'one');
    const seen = join(tempDir(), 'seen');
    const hook = join(dir, '.git/hooks/pre-push');
    program(hook, `cat > '${seen}'; echo "lint first" >&2; exit 1`);
    const options = { remote: 'origin', commit, branch: BRANCH, hooks: true };
    expect(await pushBranch(repo, options)).toEqual({ status: 'refused', reason: 'pre-push', said: 'lint first' });
    expect(readFileSync(seen, 'utf8')).toContain(`refs/heads/${BRANCH} ${'0'.repeat(40)}`);
    expect(await tips()).not.toContain(commit);
    program(hook, 'exit 0');
    expect(await pushBranch(repo, options)).toMatchObject({ status: 'pushed' });
  });

  it('takes the user’s own options along', async () => {
    const { dir, bare, repo } = await setUp();
    const seen = join(tempDir(), 'options');
    await git(bare, 'config', 'receive.advertisePushOptions', 'true');
    program(join(bare, 'hooks/post-receive'), `echo "$GIT_PUSH_OPTION_0" > '${seen}'`);
    write(process.env['HOME']!, { '.gitconfig': '[push]\n\tpushOption = mine\n' });
    try {
      const commit = await commitIn(dir, 'one');
      await pushBranch(repo, { remote: 'origin', commit, branch: BRANCH });
      expect(readFileSync(seen, 'utf8')).toBe('mine\n');
    } finally {
      write(process.env['HOME']!, { '.gitconfig': '' });
    }
  });

  it('says when the other side is gone', async () => {
    const { dir, repo } = await setUp();
    const commit = await commitIn(dir, 'one');
    await git(dir, 'remote', 'set-url', 'origin', join(tempDir(), 'gone.git'));
    await expect(pushBranch(repo, { remote: 'origin', commit, branch: BRANCH })).rejects.toMatchObject({
      code: 'remote.unreachable',
    });
    expect(existsSync(join(dir, '.git/refs/remotes/origin', BRANCH))).toBe(false);
  });
});
