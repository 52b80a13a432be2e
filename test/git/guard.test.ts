import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { effectiveHooks } from '../../src/git/effective-hooks.ts';
import { compareFingerprints, fingerprint, runHook } from '../../src/git/guard.ts';
import { removeWorktree } from '../../src/git/worktrees.ts';
import { git, sh, tempDir } from '../support/repo.ts';
import { addSession, BRANCH, makeSession, program, type Session, startsOf, write } from './support.ts';

const ignoreRefs = [`refs/heads/${BRANCH}`];

const changeBy = async (session: Session, work: (session: Session) => unknown) => {
  const before = await fingerprint(session.repo, session.wt);
  await work(session);
  const after = await fingerprint(session.repo, session.wt);
  expect(JSON.parse(JSON.stringify(after))).toEqual(after);
  return compareFingerprints(before, after, { ignoreRefs });
};

const add = (file: string, text: string) => {
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, text);
};

/** One way to have the user's git run or believe something: what is found, its kind, and whether it stops a merge. */
type Trick = [name: string, work: (session: Session) => unknown, item: string, kind: string, blocks?: boolean];

const elsewhere = tempDir('amp-elsewhere-');

const TRICKS: Trick[] = [
  ['a setting', ({ dir }) => git(dir, 'config', 'core.fsmonitor', 'evil'), '.git/config', 'config'],
  ['its own settings', ({ wt }) => add(join(wt.gitDir, 'config.worktree'), '[a]\n'), 'config.worktree', 'config'],
  [
    'the main checkout’s settings',
    ({ repo }) => add(join(repo.commonDir, 'config.worktree'), ''),
    '.git/config.worktree',
    'config',
  ],
  ['the mode of the settings', ({ repo }) => chmodSync(join(repo.commonDir, 'config'), 0o666), '.git/config', 'config'],
  [
    'the order of two values',
    ({ repo }) => {
      const file = join(repo.commonDir, 'config');
      writeFileSync(file, `[user]\n\tname = z\n${readFileSync(file, 'utf8')}`);
    },
    '.git/config',
    'config',
  ],
  [
    'the settings into a link',
    ({ repo }) => {
      const file = join(repo.commonDir, 'config');
      const copy = join(tempDir(), 'config');
      writeFileSync(copy, readFileSync(file));
      unlinkSync(file);
      symlinkSync(copy, file);
    },
    '.git/config',
    'config',
  ],
  ['an included file', () => add(join(elsewhere, 'included'), '[core]\n\tpager = evil\n'), 'included', 'include'],
  ['a file that an included one includes', () => add(join(elsewhere, 'deep'), '[a]\n'), 'deep', 'include'],
  ['a file included under a condition', () => add(join(elsewhere, 'if'), '[a]\n'), 'if', 'include'],
  [
    'attributes of a file of its own',
    () => add(join(elsewhere, 'attributes'), '* filter=x\n'),
    'attributes',
    'attributes',
  ],
  ['a list of ignored files', () => add(join(elsewhere, 'excludes'), '*\n'), 'excludes', 'exclude', false],
  ['a hook', ({ repo }) => program(join(repo.commonDir, 'hooks/pre-push'), ''), '.git/hooks/pre-push', 'hook'],
  ['a hook of core.hooksPath', ({ dir }) => add(join(dir, 'my hooks/pre-commit'), 'x'), 'my hooks/pre-commit', 'hook'],
  ['a pipe for a hook', ({ repo }) => sh(repo.commonDir, 'mkfifo hooks/update'), '.git/hooks/update', 'hook'],
  [
    'the attributes',
    ({ repo }) => write(repo.commonDir, { 'info/attributes': '* filter=x\n' }),
    '.git/info/attributes',
    'attributes',
  ],
  [
    'what is hidden',
    ({ repo }) => add(join(repo.commonDir, 'info/exclude'), '*.js\n'),
    '.git/info/exclude',
    'exclude',
    false,
  ],
  [
    'where objects come from',
    ({ repo }) => write(repo.commonDir, { 'objects/info/alternates': '/tmp\n' }),
    '.git/objects/info/alternates',
    'objects',
  ],
  [
    'history by a graft',
    ({ repo, parent }) => write(repo.commonDir, { 'info/grafts': `${parent}\n` }),
    '.git/info/grafts',
    'objects',
  ],
  [
    'history by making it shallow',
    ({ repo, parent }) => write(repo.commonDir, { shallow: `${parent}\n` }),
    '.git/shallow',
    'objects',
  ],
  [
    'an object by another',
    ({ dir, parent }) => git(dir, 'update-ref', `refs/replace/${parent}`, parent),
    'refs/replace/',
    'replace',
  ],
  [
    'a submodule’s settings',
    ({ repo }) => add(join(repo.commonDir, 'modules/a/b/config'), '[core]\n\tpager = x\n'),
    '.git/modules/a/b/config',
    'config',
  ],
  [
    'a submodule’s hooks',
    ({ repo }) => add(join(repo.commonDir, 'modules/a/b/hooks/post-checkout'), ''),
    '.git/modules/a/b/hooks/post-checkout',
    'hook',
  ],
  ['its .git file', ({ wt }) => writeFileSync(join(wt.path, '.git'), 'gitdir: /tmp\n'), '/.git', 'link'],
  ['its .git file, by removing it', ({ wt }) => unlinkSync(join(wt.path, '.git')), '/.git', 'link'],
  ['what its repository is', ({ wt }) => writeFileSync(join(wt.gitDir, 'commondir'), '/tmp\n'), '/commondir', 'link'],
  ['whose files they are', ({ wt }) => writeFileSync(join(wt.gitDir, 'gitdir'), '/tmp/.git\n'), '/gitdir', 'link'],
  [
    'the repository into part of another',
    ({ repo }) => write(repo.commonDir, { commondir: '/tmp\n' }),
    '.git/commondir',
    'link',
  ],
];

describe('fingerprint', () => {
  it('stays the same while an agent only works, and starts nothing', async () => {
    const session = await makeSession();
    const work = async ({ wt, dir }: Session) => {
      write(wt.path, { 'a.txt': 'x', '.gitattributes': '* text\n' });
      await git(wt.path, 'add', '-A');
      await git(wt.path, 'commit', '-q', '-m', 'x');
      await git(dir, 'update-ref', 'refs/amp/sessions/x/y', 'HEAD');
      await git(dir, 'update-ref', 'refs/notes/amp', 'HEAD');
      await git(dir, 'pack-refs', '--all');
      await git(dir, 'status');
      write(join(dir, '.git/hooks'), { 'pre-commit.sample': 'x' });
    };
    expect(await changeBy(session, work)).toBeNull();
    expect(await startsOf(() => fingerprint(session.repo, session.wt))).toEqual([]);
  });

  it('tells everything by which an agent has the user’s git run or believe something', async () => {
    const session = await makeSession();
    const { dir, repo, wt } = session;
    writeFileSync(join(elsewhere, 'included'), '[include]\n\tpath = deep\n');
    const more = [
      `[include] path = "${elsewhere}/included" ; one line`,
      `[includeIf "gitdir:/nowhere/"]\n\tPath = ${elsewhere}\\\n/if`,
      `[core]\n\thooksPath = my hooks\n\tattributesFile = ${elsewhere}/attributes\n\texcludesFile = ${elsewhere}/excludes`,
    ];
    add(join(repo.commonDir, 'config'), `${more.join('\n')}\n`);
    write(repo.commonDir, { 'modules/a/b/HEAD': 'ref: refs/heads/main\n', 'modules/a/b/config': '[core]\n' });
    for (const [name, work, item, kind, blocks = true] of TRICKS) {
      const kept = ['.git', 'commondir', 'gitdir'].map((file) => join(file === '.git' ? wt.path : wt.gitDir, file));
      const texts = kept.map((file) => readFileSync(file));
      const change = await changeBy(session, work);
      const found = change?.items.map((one) => ({ item: one.item, kind: one.kind, blocks: one.blocks }));
      expect(found, name).toEqual([{ item: expect.stringContaining(item), kind, blocks }]);
      for (const [at, file] of kept.entries()) writeFileSync(file, texts[at]!);
      rmSync(join(dir, '.git/commondir'), { force: true });
    }
  });

  it('keeps what short texts said, and never opens what is no file, nor reads a huge one whole', async () => {
    const session = await makeSession();
    const hooks = join(session.repo.commonDir, 'hooks');
    write(hooks, { 'pre-push': 'one' });
    const change = await changeBy(session, () => {
      write(hooks, { 'pre-push': 'two', binary: '\0', long: 'x'.repeat(70_000) });
      truncateSync(join(hooks, 'long'), 2 ** 36);
    });
    expect(change!.items.map(({ item, before, after }) => [basename(item), before, after])).toEqual([
      ['binary', undefined, undefined],
      ['long', undefined, undefined],
      ['pre-push', 'one', 'two'],
    ]);
    expect((await changeBy(session, () => truncateSync(join(hooks, 'long'), 2 ** 35)))!.hooks).toEqual(['long']);
  });

  it('does not stop anybody for what git and editors note of branches', async () => {
    const session = await makeSession();
    const { dir } = session;
    await git(dir, 'remote', 'add', 'origin', dir);
    const blocking = async (...settings: [string, string][]) => {
      const change = await changeBy(session, async () => {
        for (const [key, value] of settings) await git(dir, 'config', key, value);
      });
      return change!.items.map(({ blocks }) => blocks);
    };
    expect(await blocking(['branch.main.remote', 'origin'], ['branch.main.merge', 'refs/heads/main'])).toEqual([false]);
    expect(await blocking(['branch.main.vscode-merge-base', 'origin/main'])).toEqual([false]);
    for (const [key, value] of [
      ['branch.main.pushRemote', 'https://evil.example/x'],
      ['branch.main.mergeOptions', '-s evil'],
      ['remote.origin.url', '/tmp'],
      ['branch.main.remote', 'elsewhere'],
      ['user.name', 'x'],
    ] as [string, string][])
      expect(await blocking([key, value]), key).toEqual([true]);
  });

  const refsOf: [string, (session: Session) => unknown, object][] = [
    [
      'a new branch',
      ({ dir, parent }) => git(dir, 'branch', 'mine', parent),
      { ref: 'refs/heads/mine', from: null, to: 'PARENT' },
    ],
    ['a tag that went', ({ dir }) => git(dir, 'tag', '-d', 'v1'), { ref: 'refs/tags/v1', from: 'PARENT', to: null }],
  ];
  it.each(refsOf)('tells of %s', async (_name, work, expected) => {
    const session = await makeSession();
    await git(session.dir, 'tag', 'v1');
    const refs = JSON.parse(JSON.stringify([expected]).replaceAll('PARENT', session.parent));
    expect(await changeBy(session, work)).toEqual({ config: false, hooks: [], attributes: false, items: [], refs });
  });

  it('tells where the main checkout was led, and that its index holds something else', async () => {
    const session = await makeSession();
    await git(session.dir, 'branch', 'other');
    const checkout = async (work: () => unknown) => (await changeBy(session, work))?.checkout;
    const head = { from: 'ref: refs/heads/main', to: 'ref: refs/heads/other' };
    expect(await checkout(() => git(session.dir, 'switch', '-q', 'other'))).toEqual({ head, index: false });
    write(session.dir, { 'new.txt': 'x' });
    expect(await checkout(() => git(session.dir, 'add', 'new.txt'))).toEqual({ index: true });
    expect(await checkout(() => git(session.dir, 'reset', '-q', '--hard'))).toEqual({ index: true });
  });

  it('is not concerned with worktrees that come and go', async () => {
    const session = await makeSession();
    const other = await addSession(session.dir, 's2', 'amp/task/2');
    writeFileSync(join(other.wt.gitDir, 'config.worktree'), '[core]\n');
    const change = await changeBy(session, async () => {
      const { wt } = await addSession(session.dir, 's3', 'amp/task/3');
      writeFileSync(join(wt.gitDir, 'config.worktree'), '[core]\n');
      await removeWorktree(session.repo, other.wt.path);
    });
    expect(change).toMatchObject({ items: [], refs: [{ ref: 'refs/heads/amp/task/3', from: null }] });
  });

  it('overlooks the refs it is told to, by name or by folder', async () => {
    const session = await makeSession();
    const before = await fingerprint(session.repo);
    await git(session.dir, 'branch', 'one');
    await git(session.dir, 'branch', 'folder/two');
    const after = await fingerprint(session.repo);
    const refs = (ignored: string[]) =>
      compareFingerprints(before, after, { ignoreRefs: ignored })?.refs.map(({ ref }) => ref);
    expect(refs([])).toEqual(['refs/heads/folder/two', 'refs/heads/one']);
    expect(refs(['refs/heads/one'])).toEqual(['refs/heads/folder/two']);
    expect(refs(['refs/heads/'])).toBeUndefined();
    expect(refs(['refs/heads/o'])).toHaveLength(2);
  });
});

describe('effectiveHooks', () => {
  it('names the hooks that would run, wherever core.hooksPath leads, with what is in them', async () => {
    const { repo, wt, dir } = await makeSession();
    program(join(repo.commonDir, 'hooks/pre-commit'), 'a');
    const own = await effectiveHooks(repo, wt);
    expect(Object.keys(own)).toEqual(['pre-commit']);
    await git(dir, 'config', 'core.hooksPath', '.husky');
    expect(await effectiveHooks(repo, wt)).toEqual({});
    mkdirSync(join(wt.path, '.husky'));
    program(join(wt.path, '.husky/pre-commit'), 'b');
    const theirs = await effectiveHooks(repo, wt);
    expect(Object.keys(theirs)).toEqual(['pre-commit']);
    expect(theirs).not.toEqual(own);
    chmodSync(join(wt.path, '.husky/pre-commit'), 0o644);
    expect(await effectiveHooks(repo, wt)).not.toEqual(theirs);
  });
});

describe('runHook', () => {
  it('runs the user’s hook in the worktree, with its arguments, and gives its exit code and words', async () => {
    const { repo, wt } = await makeSession();
    program(join(repo.commonDir, 'hooks/commit-msg'), 'echo "in $PWD with $1"; cat "$1"; exit 3');
    const file = join(tempDir(), 'message');
    writeFileSync(file, 'the message\n');
    const ran = await runHook(repo, wt, 'commit-msg', [file]);
    expect(ran.exitCode).toBe(3);
    expect(ran.tail.toString()).toBe(`in ${wt.path} with ${file}\nthe message\n`);
  });

  it('follows core.hooksPath, and is content without a hook', async () => {
    const { repo, wt, dir } = await makeSession();
    expect(await runHook(repo, wt, 'pre-commit')).toMatchObject({ exitCode: 0, timedOut: false });
    const hooks = tempDir();
    program(join(hooks, 'pre-commit'), 'echo theirs');
    await git(dir, 'config', 'core.hooksPath', hooks);
    expect((await runHook(repo, wt, 'pre-commit')).tail.toString()).toBe('theirs\n');
  });

  it('ends one that hangs, with what it started', async () => {
    const { repo, wt } = await makeSession();
    program(join(repo.commonDir, 'hooks/pre-commit'), 'sleep 60 & sleep 60');
    expect(await runHook(repo, wt, 'pre-commit', [], { timeoutMs: 300 })).toMatchObject({ timedOut: true });
  });
});
