import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as blame from '../../src/git/blame.ts';
import { blobSizes } from '../../src/git/blob-sizes.ts';
import * as commits from '../../src/git/commits.ts';
import * as diff from '../../src/git/diff.ts';
import { effectiveHooks } from '../../src/git/effective-hooks.ts';
import * as fileAt from '../../src/git/file-at.ts';
import * as doorway from '../../src/git/git.ts';
import * as guard from '../../src/git/guard.ts';
import { hasCommit } from '../../src/git/has-commit.ts';
import * as init from '../../src/git/init.ts';
import * as bare from '../../src/git/init-bare.ts';
import * as locate from '../../src/git/locate.ts';
import * as packs from '../../src/git/packs.ts';
import { findPager } from '../../src/git/pager.ts';
import * as refs from '../../src/git/refs.ts';
import type { Repository, Worktree } from '../../src/git/repository.ts';
import * as worktrees from '../../src/git/worktrees.ts';
import { git, makeRepo, sh, tempDir } from '../support/repo.ts';
import { BENCH, BENCH_DESTRUCTIVE, BENCH_PURE, BENCH_ROOMS } from './canary-bench.ts';
import { LANDING, LANDING_DESTRUCTIVE, LANDING_PURE, LANDING_ROOMS } from './canary-landing.ts';
import { SNAPSHOT_PURE, SNAPSHOT_ROOMS, SNAPSHOTS } from './canary-snapshots.ts';
import { SYNC, SYNC_ROOMS } from './canary-sync.ts';
import { addSession, BRANCH, program, write } from './support.ts';

const HOOKS =
  'pre-commit prepare-commit-msg commit-msg post-commit post-checkout post-merge pre-push pre-rebase post-rewrite reference-transaction post-index-change fsmonitor-watchman pre-merge-commit pre-auto-gc push-to-checkout applypatch-msg update pre-receive post-receive post-update'.split(
    ' ',
  );

/** Settings that start a program, as an agent could write them into the repository's configuration. */
const KEYS =
  'core.fsmonitor core.pager core.editor core.askPass core.sshCommand core.gitProxy core.alternateRefsCommand diff.external diff.evil.command diff.evil.textconv filter.evil.clean filter.evil.smudge filter.evil.process filter.a=b.clean filter.a=b.smudge merge.evil.driver gpg.program gpg.ssh.program gpg.openpgp.program gpg.ssh.defaultKeyCommand sequence.editor credential.helper credential.https://example.com.helper interactive.diffFilter pager.log pager.diff pager.status remote.origin.uploadpack remote.origin.receivepack gc.recentObjectsHook trailer.evil.command trailer.evil.cmd tar.evil.command uploadpack.packObjectsHook hook.evil.command alias.status alias.add lfs.extension.evil.clean lfs.customtransfer.evil.path'.split(
    ' ',
  );

interface Scene {
  dir: string;
  repo: Repository;
  wt: Worktree;
  parent: string;
  tip: string;
  up: string;
  hits(): string[];
}

const setting = (key: string, value: string): string => {
  const first = key.indexOf('.');
  const last = key.lastIndexOf('.');
  const sub = first === last ? '' : ` "${key.slice(first + 1, last)}"`;
  return `[${key.slice(0, first)}${sub}]\n\t${key.slice(last + 1)} = ${value}\n`;
};

let stirred = 1_700_000_000;

/** Same size and another time, so that git has to read the files, and filter them, to know whether they changed. */
const stir = (wt: Worktree): void => {
  stirred++;
  for (const file of ['b.txt', 'src/c.txt', 'fresh.txt', 'nested/n.txt'])
    utimesSync(join(wt.path, file), stirred, stirred);
};

/** A repository whose agent planted everything it could: in configuration, hooks, attributes, nested repositories. */
const poison = async (): Promise<Scene> => {
  const dir = await makeRepo();
  const bin = tempDir('amp-canary-');
  const hits = join(bin, 'hits');
  mkdirSync(hits);
  const canary = (name: string): string => {
    const safe = name.replace(/[^a-z0-9-]/gi, '_');
    return program(join(bin, safe), `touch '${hits}/${safe}'\ncat 2>/dev/null </dev/null\nexit 0`);
  };
  const up = join(tempDir('amp-up-'), 'up.git');
  await git(dir, 'clone', '-q', '--bare', dir, up);
  await git(dir, 'remote', 'add', 'origin', up);
  await git(dir, 'fetch', '-q', 'origin');
  const { repo, wt, parent } = await addSession(dir);
  write(wt.path, { 'a.txt': 'changed by the agent\n', 'fresh.txt': 'fresh\n' });
  await sh(
    wt.path,
    'git init -q -b main nested && cd nested && echo n > n.txt && git add . && git -c user.name=n -c user.email=n@n commit -q -m n',
  );
  await git(wt.path, '-c', 'advice.addEmbeddedRepo=false', 'add', '-A');
  await git(wt.path, 'commit', '-q', '-m', 'by the agent');
  const tip = await git(wt.path, 'rev-parse', 'HEAD');

  mkdirSync(join(bin, 'hooks'));
  for (const hook of HOOKS) {
    canary(`hook-${hook}`);
    program(
      join(repo.commonDir, 'hooks', hook),
      `touch '${hits}/hook-${hook}'; cat >/dev/null 2>&1 </dev/null; exit 0`,
    );
    program(join(bin, 'hooks', hook), `touch '${hits}/hooksPath-${hook}'; exit 0`);
  }
  const local = KEYS.map((key) => setting(key, canary(`local_${key}`))).join('');
  const more = [
    `[core]\n\thooksPath = ${join(bin, 'hooks')}`,
    '[commit]\n\tgpgSign = true',
    '[log]\n\tshowSignature = true',
    '[hook "evil"]\n\tevent = pre-commit\n\tevent = reference-transaction\n\tenabled = true',
    '[lfs]\n\tstandalonetransferagent = evil',
    `[remote "ext"]\n\turl = ext::sh -c touch% ${hits}/ext_protocol`,
    '[protocol]\n\tallow = always\n[protocol "ext"]\n\tallow = always',
    `[submodule "nested"]\n\tupdate = !${canary('submodule_update')}`,
    '[extensions]\n\tworktreeConfig = true',
    `[include]\n\tpath = ${join(bin, 'included')}`,
    `[filter.dotted]\n\tclean = ${canary('local_dotted')}\n\tsmudge = ${canary('local_dotted')}`,
  ];
  appendFileSync(join(repo.commonDir, 'config'), `${local}${more.join('\n')}\n`);
  const driver = (name: string): string =>
    ['clean', 'smudge'].map((verb) => setting(`filter.${name}.${verb}`, canary(`${name}_${verb}`))).join('') +
    setting('core.fsmonitor', canary(`${name}_fsmonitor`)) +
    setting('core.hooksPath', join(bin, 'hooks'));
  writeFileSync(join(bin, 'included'), driver('included'));
  writeFileSync(join(wt.gitDir, 'config.worktree'), driver('worktree'));
  writeFileSync(join(repo.commonDir, 'config.worktree'), driver('mainworktree'));
  appendFileSync(join(wt.path, 'nested/.git/config'), driver('nested'));
  for (const hook of HOOKS) program(join(wt.path, 'nested/.git/hooks', hook), `touch '${hits}/nested-${hook}'`);
  const attributes = [
    '* filter=evil diff=evil merge=evil',
    'fresh.txt filter=a=b',
    'b.txt filter=worktree',
    'src/* filter=included',
    '*.main filter=mainworktree',
    'dot.txt filter=dotted',
  ].join('\n');
  write(wt.path, {
    '.gitattributes': `${attributes}\n`,
    'nested/.gitattributes': '* filter=nested\n',
    'dot.txt': 'd\n',
    '.gitignore': '.env\n',
  });
  write(dir, { '.worktreeinclude': '.env\n', '.gitignore': '.env\n', '.env': 'SECRET=1\n', 'x.main': 'x\n' });
  write(repo.commonDir, { 'info/attributes': '* diff=evil merge=evil\nmore.txt filter=evil\n' });
  writeFileSync(join(wt.path, 'a.txt'), 'dirty\n');
  writeFileSync(join(wt.path, 'new.txt'), 'new\n');
  rmSync(hits, { recursive: true });
  mkdirSync(hits);
  return { dir, repo, wt, parent, tip, up, hits: () => readdirSync(hits).sort() };
};

type Work = (scene: Scene) => Promise<unknown>;

const packOf = async ({ repo, tip }: Scene): Promise<Buffer> =>
  (await doorway.git(repo, ['pack-objects', '--stdout', '-q', '--revs'], { stdin: `${tip}\n` })).stdout;

const commit = (scene: Scene, over: Partial<commits.CommitOptions> = {}) =>
  commits.commitWorktree(scene.repo, scene.wt, {
    branch: BRANCH,
    parent: scene.parent,
    message: 'amp: x',
    leaveOut: [],
    ...over,
  });

/** Every exported function that can start git, by its name. */
const FUNCTIONS: Record<string, Work> = {
  ...LANDING,
  ...SYNC,
  git: ({ repo, wt }) =>
    doorway.git(repo, ['status', '--porcelain=v2', '-z', '--ignore-submodules=dirty'], { worktree: wt }),
  gitText: ({ repo, wt }) => doorway.gitText(repo, ['ls-files', '-m', '-o'], { worktree: wt }),
  openCatFile: async ({ repo, tip }) => {
    const reader = doorway.openCatFile(repo);
    expect((await reader.object(tip))?.type).toBe('commit');
    reader.close();
  },
  catFileStream: ({ repo, tip }) => doorway.catFileStream(repo, [tip], () => {}),
  gitVersion: () => doorway.gitVersion(),
  locateRepository: ({ wt }) => locate.locateRepository(wt.path),
  sessionWorktree: ({ repo, wt }) => locate.sessionWorktree(repo, wt.path),
  readRef: ({ repo }) => refs.readRef(repo, `refs/heads/${BRANCH}`),
  listRefs: ({ repo }) => refs.listRefs(repo, 'refs/'),
  resolveCommit: ({ repo, wt }) => refs.resolveCommit(repo, 'HEAD~1', wt),
  headOf: ({ repo, wt }) => refs.headOf(repo, wt),
  moveRef: async ({ repo, tip, parent }) => {
    expect(await refs.moveRef(repo, 'refs/amp/x', { to: tip, from: null })).toBe(true);
    expect(await refs.moveRef(repo, 'refs/amp/x', { to: parent, from: tip })).toBe(true);
    expect(await refs.moveRef(repo, 'refs/amp/x', { to: null, from: parent })).toBe(true);
    expect(await refs.moveRef(repo, 'refs/heads/amp/y', { to: tip, from: null })).toBe(true);
  },
  addPack: async (scene) => (await packs.addPack(scene.repo, await packOf(scene), 'test')).release(),
  packQuarantine: async ({ repo }) => {
    const objectDir = tempDir();
    await doorway.git(repo, ['hash-object', '-w', '--stdin'], { objectDir, stdin: 'x' });
    await packs.packQuarantine(repo, objectDir);
  },
  maintenance: async ({ repo, tip }) => {
    for (let at = 0; at < 51; at++) {
      const id = await doorway.gitText(repo, ['hash-object', '-w', '--stdin'], { stdin: String(at) });
      const { stdout } = await doorway.git(repo, ['pack-objects', '--stdout', '-q'], { stdin: `${id}\n` });
      (await packs.addPack(repo, stdout, 'test')).release();
    }
    mkdirSync(join(repo.commonDir, 'refs/amp/many'), { recursive: true });
    for (let at = 0; at < 201; at++) writeFileSync(join(repo.commonDir, `refs/amp/many/${at}`), `${tip}\n`);
    expect(await packs.maintenance(repo)).toEqual({ packs: true, refs: true });
  },
  addWorktree: ({ repo, dir, tip }) =>
    worktrees.addWorktree(repo, { path: join(dir, '.worktrees/s2'), branch: 'amp/task/2', commit: tip }),
  removeWorktree: ({ repo, wt }) => worktrees.removeWorktree(repo, wt.path),
  repairWorktree: ({ repo, wt }) => worktrees.repairWorktree(repo, wt.path),
  hideWorktrees: ({ repo }) => worktrees.hideWorktrees(repo, '/.worktrees/'),
  createRootCommit: ({ repo }) => worktrees.createRootCommit(repo, null),
  copyIncluded: async ({ repo, wt }) => {
    expect(await worktrees.copyIncluded(repo, repo.here!, wt)).toEqual(['.env']);
  },
  listCommits: ({ repo, parent, tip }) => commits.listCommits(repo, { from: parent, to: tip }),
  hasCommit: ({ repo, tip }) => hasCommit(repo, tip),
  isAncestor: ({ repo, parent, tip }) => commits.isAncestor(repo, parent, tip),
  mergeBase: ({ repo, parent, tip }) => commits.mergeBase(repo, parent, tip),
  unmergedCommits: ({ repo, parent }) => commits.unmergedCommits(repo, BRANCH, parent),
  userIdentity: ({ repo }) => commits.userIdentity(repo),
  dirtyPaths: async ({ repo, wt }) => {
    expect((await commits.dirtyPaths(repo, wt)).map(({ path }) => path)).toContain('new.txt');
  },
  commitWorktree: async (scene) => {
    const leaveOut = (await commits.dirtyPaths(scene.repo, scene.wt)).filter(({ path }) => path === 'new.txt');
    expect((await commit(scene, { leaveOut }))?.commit).toMatch(/^[0-9a-f]{40}$/);
  },
  diffFiles: async ({ repo, wt, parent, tip }) => {
    await diff.diffFiles(repo, parent, tip, { worktree: wt });
    await diff.diffFiles(repo, parent, undefined, { worktree: wt });
  },
  stagedSize: ({ repo, wt, tip }) => diff.stagedSize(repo, wt, tip),
  diffDetails: ({ repo, parent, tip }) => diff.diffDetails(repo, parent, tip, { pathspecs: ['*.txt'] }),
  blobSizes: async ({ repo, tip }) =>
    blobSizes(repo, [tip, (await git(repo.root, 'rev-parse', `${tip}:a.txt`)).trim()]),
  diffSize: ({ repo, wt, parent, tip }) => diff.diffSize(repo, parent, tip, { worktree: wt }),
  diffPatch: async ({ repo, wt, parent, tip }) => {
    await diff.diffPatch(repo, parent, tip, { color: true, worktree: wt });
    await diff.diffPatch(repo, parent, undefined, { color: false, worktree: wt, paths: ['a.txt'] });
  },
  blameFile: async ({ repo, wt, parent, tip }) => {
    await blame.blameFile(repo, { path: 'a.txt', worktree: wt });
    await blame.blameFile(repo, { path: 'b.txt', commit: tip, worktree: wt, grafts: new Map([[tip, [parent]]]) });
  },
  isAncestorThrough: ({ repo, parent, tip }) =>
    blame.isAncestorThrough(repo, { ancestor: parent, of: tip, grafts: new Map([[tip, []]]) }),
  entryAt: ({ repo, tip }) => fileAt.entryAt(repo, tip, 'src/c.txt'),
  lastChangeOf: ({ repo, tip }) => fileAt.lastChangeOf(repo, tip, 'fresh.txt'),
  isTracked: ({ repo, wt }) => fileAt.isTracked(repo, wt, 'a.txt'),
  showPaged: ({ repo }) => findPager(repo),
  fingerprint: ({ repo }) => guard.fingerprint(repo),
  ...SNAPSHOTS,
  ...BENCH,
  effectiveHooks: ({ repo, wt }) => effectiveHooks(repo, wt),
  initRepository: ({ dir }) =>
    init.initRepository(join(dir, 'inside'), { files: { x: 'x' }, message: 'm', branch: 'main' }),
  initBare: async ({ dir }) => {
    for (let n = 0; n < 2; n++)
      expect(await bare.initBare(join(dir, 'bare.git'))).toMatchObject({ bare: true, root: join(dir, 'bare.git') });
  },
};

/** Exported, and no git behind them. */
const PURE = new Set([
  'compareFingerprints',
  'emptyTree',
  'findAdmin',
  'findCheckoutOf',
  'lookAtRefs',
  'removeKeep',
  ...LANDING_PURE,
  ...SNAPSHOT_PURE,
  ...BENCH_PURE,
]);

/** Only for those who trust the repository's hooks; its own test says that it runs them. */
const TRUSTING = new Set(['runHook']);

/** Other things that the door may be asked to do; more will come. */
const COMMANDS: Record<string, Work> = {
  'add -A': ({ repo, wt }) =>
    doorway.git(repo, ['add', '-A', ':(exclude)nested'], { worktree: wt, env: { GIT_LITERAL_PATHSPECS: '0' } }),
  'log -p': ({ repo, wt }) => doorway.git(repo, ['log', '-p', '-1'], { worktree: wt }),
  show: ({ repo, wt }) => doorway.git(repo, ['show', 'HEAD'], { worktree: wt }),
  diff: ({ repo, wt }) => doorway.git(repo, ['diff', '--ignore-submodules=dirty', 'HEAD'], { worktree: wt }),
  'diff-tree -p': ({ repo, wt, parent, tip }) => doorway.git(repo, ['diff-tree', '-p', parent, tip], { worktree: wt }),
  'checkout by read-tree': ({ repo, wt, parent }) =>
    doorway.git(repo, ['read-tree', '--reset', '-u', parent], { worktree: wt }),
  'merge-tree': ({ repo, parent, tip }) =>
    doorway.git(repo, ['merge-tree', '--write-tree', parent, tip], { ok: [0, 1] }),
  'for-each-ref': ({ repo }) => doorway.git(repo, ['for-each-ref']),
  'rev-list': ({ repo }) => doorway.git(repo, ['rev-list', '--objects', '--all']),
  fsck: ({ repo }) => doorway.git(repo, ['fsck']),
  fetch: ({ repo }) => doorway.git(repo, ['fetch', '-q', 'origin']),
  'ls-remote': ({ repo }) => doorway.git(repo, ['ls-remote', 'origin']),
  push: ({ repo, tip }) => doorway.git(repo, ['push', '-q', 'origin', `${tip}:refs/amp/x`]),
  'push to ext': ({ repo, tip }) => doorway.git(repo, ['push', '-q', 'ext', `${tip}:refs/amp/x`], { ok: [128] }),
  'fetch over https': ({ repo }) => doorway.git(repo, ['fetch', '-q', 'https://127.0.0.1:9/x.git'], { ok: [128] }),
  'update-ref': ({ repo, tip }) => doorway.git(repo, ['update-ref', 'refs/amp/z', tip]),
  commit: ({ repo, wt }) => doorway.git(repo, ['commit', '-q', '--allow-empty', '-m', 'x'], { worktree: wt }),
  'commit in the main checkout': ({ repo }) =>
    doorway.git(repo, ['commit', '-q', '--allow-empty', '-m', 'x'], { worktree: repo.here! }),
  'status in the main checkout': ({ repo }) => doorway.git(repo, ['status', '--porcelain'], { worktree: repo.here! }),
  'add in the main checkout': ({ repo }) => doorway.git(repo, ['add', 'x.main'], { worktree: repo.here! }),
  'commit of a worktree in a merge': async (scene) => {
    await sh(scene.wt.path, `git -c core.hooksPath=/dev/null -c core.fsmonitor=false merge -q ${scene.parent}`);
    writeFileSync(join(scene.wt.gitDir, 'MERGE_HEAD'), `${scene.tip}\n`);
    await commit(scene);
  },
  'commit with a fallback identity': async (scene) => commit(scene, { author: { name: 'A', email: 'a@b' } }),
};

/** These leave the scene as nobody after them wants it. */
const DESTRUCTIVE =
  'commitWorktree|removeWorktree|maintenance|addWorktree|add -A|checkout by read-tree|commit|commit in the main checkout|add in the main checkout|commit of a worktree in a merge|commit with a fallback identity'.split(
    '|',
  );

let common: Promise<Scene> | undefined;

const sceneFor = (name: string): Promise<Scene> => {
  if ([...DESTRUCTIVE, ...LANDING_DESTRUCTIVE, ...BENCH_DESTRUCTIVE].includes(name)) return poison();
  common ??= poison();
  return common;
};

describe('nothing that a repository plants ever runs', () => {
  it.each(Object.entries({ ...FUNCTIONS, ...COMMANDS }))('%s', async (name, work) => {
    const scene = await sceneFor(name);
    stir(scene.wt);
    await work(scene);
    expect(scene.hits()).toEqual([]);
  });

  it('covers every exported function', () => {
    const rooms = {
      ...LANDING_ROOMS,
      ...SYNC_ROOMS,
      ...SNAPSHOT_ROOMS,
      ...BENCH_ROOMS,
      ...blame,
      ...fileAt,
      ...commits,
      ...diff,
      ...doorway,
      ...guard,
      ...init,
      ...bare,
      ...locate,
      ...packs,
      ...refs,
      ...worktrees,
    };
    const exported = Object.entries(rooms).filter(([, value]) => typeof value === 'function');
    const named = exported.map(([name]) => name).filter((name) => !PURE.has(name) && !TRUSTING.has(name));
    expect(named.filter((name) => !/^[A-Z]|^lastWords$/.test(name) && !(name in FUNCTIONS))).toEqual([]);
  });

  it('has canaries that sing: plain git starts them', async () => {
    const scene = await poison();
    stir(scene.wt);
    await sh(
      scene.wt.path,
      'git status; for f in a.txt b.txt fresh.txt src/c.txt dot.txt; do git -c core.fsmonitor=false add $f; done; git -c core.fsmonitor= -c filter.evil.process= diff HEAD~1 HEAD; git log -p -1 --textconv; git update-ref refs/amp/x HEAD; git fetch origin; git -C nested status',
    );
    const hits = scene.hits();
    for (const expected of [
      'local_filter_evil_process',
      'local_filter_a_b_clean',
      'local_diff_evil_command',
      'local_remote_origin_uploadpack',
      'worktree_fsmonitor',
      'worktree_clean',
      'included_clean',
      'local_dotted',
      'nested_fsmonitor',
      'hooksPath-reference-transaction',
    ])
      expect(hits).toContain(expected);
  });

  it('signs with the user’s own program, never the repository’s', async () => {
    const scene = await poison();
    const signer = program(
      join(tempDir(), 'signer'),
      "cat >/dev/null; echo '[GNUPG:] SIG_CREATED ' >&2; echo '-----BEGIN PGP SIGNATURE-----'; echo x; echo '-----END PGP SIGNATURE-----'",
    );
    const config = join(process.env['HOME']!, '.gitconfig');
    writeFileSync(config, `[gpg]\n\tprogram = ${signer}\n[user]\n\tsigningKey = me\n`);
    try {
      const made = await commit(scene, { sign: true });
      expect(await git(scene.dir, '-c', 'core.fsmonitor=false', 'cat-file', 'commit', made!.commit)).toContain(
        'gpgsig',
      );
      expect(scene.hits()).toEqual([]);
    } finally {
      rmSync(config);
    }
  });

  it('runs the filters of the user, also where the repository names one of the same name', async () => {
    const scene = await poison();
    const clean = program(join(tempDir(), 'clean'), 'tr a-z A-Z');
    const config = join(process.env['HOME']!, '.gitconfig');
    writeFileSync(config, `[filter "a=b"]\n\tclean = ${clean}\n\tsmudge = cat\n`);
    appendFileSync(join(scene.wt.path, '.gitattributes'), 'a.txt filter=a=b\n');
    try {
      const made = await commit(scene);
      expect(await git(scene.dir, '-c', 'core.fsmonitor=false', 'cat-file', 'blob', `${made!.commit}:a.txt`)).toBe(
        'DIRTY',
      );
      expect(scene.hits()).toEqual([]);
    } finally {
      rmSync(config);
    }
  });

  it('refuses a repository that would switch the user’s own filter off', async () => {
    const scene = await poison();
    const config = join(process.env['HOME']!, '.gitconfig');
    writeFileSync(config, '[filter "evil"]\n\tclean = cat\n');
    try {
      await expect(commit(scene)).rejects.toMatchObject({ code: 'repository.unsafe' });
    } finally {
      rmSync(config);
    }
  });

  it('refuses a driver that cannot be switched off because its name is no text', async () => {
    const scene = await poison();
    appendFileSync(
      join(scene.repo.commonDir, 'config'),
      Buffer.from('[filter "ev\xffil"]\n\tclean = false\n', 'latin1'),
    );
    await expect(commits.dirtyPaths(scene.repo, scene.wt)).rejects.toMatchObject({ code: 'repository.unsafe' });
  });

  it('does not take a git, or a helper, from the repository itself', async () => {
    const scene = await poison();
    const dir = join(scene.dir, 'node_modules/.bin');
    mkdirSync(dir, { recursive: true });
    program(join(dir, 'git'), `touch '${scene.dir}/planted'`);
    const path = process.env['PATH'];
    for (const planted of [dir, 'node_modules/.bin', '.', '']) {
      process.env['PATH'] = `${planted}:${path}`;
      try {
        await doorway.git(scene.repo, ['status'], { worktree: scene.repo.here! });
        await locate.locateRepository(scene.dir);
        await doorway.gitVersion();
        await commits.userIdentity(scene.repo);
      } finally {
        process.env['PATH'] = path;
      }
    }
    expect(existsSync(join(scene.dir, 'planted'))).toBe(false);
  });
});
