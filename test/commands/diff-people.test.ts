import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Chalk } from 'chalk';
import { beforeAll, describe, expect, it } from 'vitest';
import { patchPainter } from '../../src/cli/diff-view.ts';
import { cli, cliJson, PROGRAM } from '../support/cli.ts';
import { exec, git, makeRepo, sh, tempDir } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const onWindows = process.platform === 'win32';
const strip = (text: string): string => text.replace(/\u001b\[[0-9;]*[mK]/g, '');
const FIRST = [
  'sed -i.bak s/two/2/ a.txt && rm a.txt.bak',
  'mv b.txt moved.txt',
  'chmod +x run.sh',
  'head -c 2048 /dev/zero > logo.bin',
  'rm link && ln -s moved.txt link',
  `printf 'export const polite = (name: string) => "hi " + name;\\n' > src/greet.ts`,
  `printf 'a\\033]0;evil\\007b\\n' > evil.txt`,
];
const AGENT = `iterations:\n  - - run: ${JSON.stringify(FIRST.join(' && '))}\n    - message: Done.\n  - - run: ${JSON.stringify('echo more >> moved.txt')}\n    - message: More.\n`;

let dir: string;
let branch: string;
beforeAll(async () => {
  dir = await makeRepo();
  mkdirSync(join(dir, 'src'), { recursive: true });
  writeFileSync(join(dir, 'b.txt'), Array.from({ length: 20 }, (_, at) => `line ${at}\n`).join(''));
  writeFileSync(join(dir, 'src/greet.ts'), 'export const greet = (name: string) => "hi " + name;\n');
  writeFileSync(join(dir, 'run.sh'), '#!/bin/sh\n');
  writeFileSync(join(dir, 'logo.bin'), Buffer.alloc(1024));
  symlinkSync('b.txt', join(dir, 'link'));
  await git(dir, 'add', '-A');
  await git(dir, 'commit', '-qm', 'second');
  const ctx = await contextIn(dir);
  const agent = { name: 'scripted', mode: null, command: script(AGENT) };
  const { session } = await make(ctx, { agent, test: 'true' });
  branch = session.branch;
  await runOnce(ctx, session.id);
  await runOnce(ctx, session.id);
});

const COLORS = { FORCE_COLOR: '3' };
const colored = async (...args: string[]): Promise<string[]> => {
  const { stdout, stderr, exitCode } = await cli(dir, args, { ...COLORS, COLUMNS: '100' });
  expect([stderr, exitCode]).toEqual(['', 0]);
  return strip(stdout).split('\n');
};

describe('what a program gets', () => {
  const plumbing = ['diff-tree', '-r', '-p', '-M', '--src-prefix=a/', '--dst-prefix=b/'];
  const asGit = async (...args: string[]): Promise<string> =>
    `${await git(dir, ...plumbing, ...args.filter((arg) => arg.startsWith('-')), 'main', branch, ...args.filter((arg) => !arg.startsWith('-')))}\n`;

  it.each([
    [[], []],
    [['--context', '0'], ['-U0']],
    [['-U', '1'], ['-U1']],
    [['--word-diff'], ['--word-diff=plain']],
    [['--side-by-side'], []],
  ])('%j: the patch byte for byte', async (ours, theirs) => {
    expect((await cli(dir, ['diff', 'task', ...ours])).stdout).toBe(await asGit(...theirs));
  });

  it('with NO_COLOR and --no-color too, and with what paths choose', async () => {
    const patch = await asGit();
    expect((await cli(dir, ['diff', 'task'], { NO_COLOR: '1' })).stdout).toBe(patch);
    expect((await cli(dir, ['diff', 'task', '--no-color'])).stdout).toBe(patch);
    expect((await cli(dir, ['diff', 'task', '--', 'src'])).stdout).toBe(await asGit('src'));
  });
});

describe('files', () => {
  const names = async (where: string, ...args: string[]): Promise<string[]> =>
    (await cli(where, ['diff', 'task', '--name-only', ...args])).stdout.trimEnd().split('\n');

  it('are chosen behind --, as git understands it, from where one stands', async () => {
    expect(await names(dir, '--', 'src', 'run.sh')).toEqual(['run.sh', 'src/greet.ts']);
    expect(await names(dir, '--', '*.bin')).toEqual(['logo.bin']);
    expect(await names(join(dir, 'src'), '--', '.', '../link')).toEqual(['link', 'src/greet.ts']);
    expect(await names(dir, '--', '.', ':!src', ':!*.txt')).toEqual(['link', 'logo.bin', 'run.sh']);
    expect(await names(dir, '--', 'nothing')).toEqual(['']);
    const { json } = await cliJson(dir, ['diff', 'task', '--iteration', '2'].concat());
    expect(json.files).toEqual([{ path: 'moved.txt', status: 'modified', insertions: 1, deletions: 0 }]);
  });

  it('outside of the repository are refused', async () => {
    const { stderr, exitCode } = await cli(dir, ['diff', 'task', '--', '../elsewhere']);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('../elsewhere is outside of')]);
  });

  it('--stat tells modes, and sizes of binary files', async () => {
    const lines = (await cli(dir, ['diff', 'task', '--stat'])).stdout
      .split('\n')
      .map((line) => line.replace(/ +/g, ' '));
    expect(lines).toContain(' M run.sh 0 mode 100644 → 100755');
    expect(lines).toContain(' M logo.bin binary 1.0 KiB → 2.0 KiB');
    expect(lines).toContain(' R b.txt → moved.txt 1 +');
    expect(lines.at(-2)).toBe('7 files, +5 -3');
  });
});

describe('what a person sees', () => {
  it('is a patch with titles, inert', async () => {
    const { stdout } = await cli(dir, ['diff', 'task'], COLORS);
    expect(stdout).toContain('\u001b[35mexport\u001b[39m'.replace('35', '38;2;255;155;206'));
    const lines = strip(stdout).split('\n');
    for (const line of [
      'a.txt  +1 −1',
      'run.sh  mode 100644 → 100755, now executable',
      'Binary file logo.bin (1.0 KiB → 2.0 KiB)',
      'link  +1 −1  symbolic link',
      '-b.txt',
      '+moved.txt',
      '+a␛]0;evil␇b',
    ])
      expect(lines).toContain(line);
    expect(lines.find((line) => line.startsWith('b.txt → moved.txt'))).toMatch(/renamed, \d\d% alike$/);
    expect(stdout).not.toMatch(/\u001b(?!\[[0-9;]*m)/);
  });

  it('stands beside each other when asked, as wide as there is room', async () => {
    const lines = await colored('diff', 'task', '--side-by-side', '--', 'a.txt');
    expect(lines[1]).toBe('─'.repeat(100));
    expect(lines[4]).toMatch(/^ {3}2 -two +│ {4}2 \+2 *$/);
  });

  it('is words when asked', async () => {
    const text = (await cli(dir, ['diff', 'task', '--word-diff', '--', 'src'], COLORS)).stdout;
    expect(strip(text)).toContain('export const greetpolite = (name');
    expect(strip(text)).not.toContain('[-');
  });

  it('has as much around it as asked for', async () => {
    const lines = await colored('diff', 'task', '-U', '0', '--', 'a.txt');
    expect(lines.slice(2, 5)).toEqual(['@@ -2 +2 @@ one', '-two', '+2']);
  });

  it('is only one thing at a time', async () => {
    for (const two of [
      ['--stat', '--word-diff'],
      ['--side-by-side', '--word-diff'],
      ['--tool', '--stat'],
    ]) {
      const { exitCode, stderr } = await cli(dir, ['diff', 'task', ...two]);
      expect([exitCode, stderr]).toEqual([2, expect.stringContaining('exclude')]);
    }
  });
});

describe('submodules', () => {
  it('are told by their commits', async () => {
    const lib = await makeRepo();
    const top = await makeRepo();
    const one = await git(lib, 'rev-parse', 'HEAD');
    await git(lib, 'commit', '-qm', 'x', '--allow-empty');
    const two = await git(lib, 'rev-parse', 'HEAD');
    await git(top, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', lib, 'lib');
    await git(join(top, 'lib'), 'checkout', '-q', one);
    await git(top, 'add', '-A');
    await git(top, 'commit', '-qm', 'with lib');
    const ctx = await contextIn(top);
    const worktree = join(top, (await make(ctx)).session.worktree);
    await git(worktree, 'update-index', '--cacheinfo', `160000,${two},lib`);
    await git(worktree, 'commit', '-qm', 'lib moves');
    const { stdout } = await cli(top, ['diff', 'task'], COLORS);
    expect(strip(stdout)).toBe(
      `lib  +1 −1  submodule\n${'─'.repeat(80)}\nSubmodule lib ${one.slice(0, 10)} → ${two.slice(0, 10)}\n`,
    );
    expect((await cli(top, ['diff', 'task', '--stat'])).stdout).toContain(' M lib');
  });
});

describe.skipIf(onWindows)('--tool', () => {
  /** A home whose git knows a tool that writes down what it is given. */
  const homeWith = (config: (log: string) => string): { env: NodeJS.ProcessEnv; log: string } => {
    const home = tempDir('amp-home-');
    const log = join(home, 'log');
    writeFileSync(join(home, '.gitconfig'), config(log));
    return { env: { HOME: home, USERPROFILE: home }, log };
  };
  const noting = (name: string, log: string): string =>
    `[difftool "${name}"]\n\tcmd = "printf '${name} %s ' \\"$MERGED\\" >> '${log}'; cat \\"$LOCAL\\" \\"$REMOTE\\" | wc -l >> '${log}'"\n`;
  const logged = (log: string): string[] =>
    existsSync(log)
      ? readFileSync(log, 'utf8')
          .trimEnd()
          .split('\n')
          .map((line) => line.replace(/ +/g, ' '))
      : [];

  it('opens the user’s own, file by file', async () => {
    const { env, log } = homeWith((at) => `[diff]\n\ttool = mine\n${noting('mine', at)}${noting('other', at)}`);
    const ran = await cli(dir, ['diff', 'task', '--tool', '--', 'a.txt', 'moved.txt'], env);
    expect([ran.stderr, ran.exitCode]).toEqual(['', 0]);
    expect(logged(log)).toEqual(['mine a.txt 6', 'mine moved.txt 21']);
    await cli(dir, ['diff', 'task', '--iteration', '2', '--tool=other'], env);
    expect(logged(log).at(-1)).toBe('other moved.txt 41');
  });

  it('starts nothing that the repository names', async () => {
    const planted = await makeRepo();
    const hit = join(tempDir(), 'hit');
    const plant = `touch '${hit}'`;
    const ctx = await contextIn(planted);
    const worktree = join(planted, (await make(ctx)).session.worktree);
    writeFileSync(join(worktree, '.gitattributes'), '* diff=evil filter=evil\n');
    writeFileSync(join(worktree, 'a.txt'), 'changed\n');
    await git(worktree, 'add', '-A');
    await git(worktree, 'commit', '-qm', 'planted');
    for (const key of [
      'difftool.mine.cmd',
      'difftool.evil.cmd',
      'mergetool.mine.cmd',
      'diff.external',
      'diff.evil.command',
      'diff.evil.textconv',
      'filter.evil.smudge',
      'core.fsmonitor',
      'core.pager',
      'pager.diff',
      'difftool.mine.path',
    ])
      await git(planted, 'config', key, plant);
    for (const [key, value] of [
      ['diff.tool', 'evil'],
      ['merge.tool', 'evil'],
      ['diff.guitool', 'evil'],
      ['difftool.guiDefault', 'true'],
    ])
      await git(planted, 'config', key!, value!);
    await git(planted, 'config', 'core.hooksPath', join(planted, 'hooks'));
    const { env, log } = homeWith((at) => `[diff]\n\ttool = mine\n${noting('mine', at)}`);
    const ran = await cli(planted, ['diff', 'task', '--tool'], env);
    expect([ran.stderr, ran.exitCode]).toEqual(['', 0]);
    expect(logged(log)).toEqual(['mine .gitattributes 1', 'mine a.txt 4']);
    expect(existsSync(hit)).toBe(false);
    await cli(planted, ['diff', 'task', '--tool=evil'], env);
    expect(existsSync(hit)).toBe(false);
  });

  it('says what to do where there is none, and leaves nothing behind', async () => {
    const { env } = homeWith(() => '');
    const temporary = tempDir();
    const ran = await cli(dir, ['diff', 'task', '--tool=nosuch'], { ...env, TMPDIR: temporary });
    expect(ran.exitCode).toBe(1);
    expect(ran.stderr).toContain('git config --global diff.tool');
    expect((await sh(temporary, 'ls')).stdout).toBe('');
  });

  it('works in a repository with longer ids', async () => {
    const long = await makeRepo({ objectFormat: 'sha256' });
    const ctx = await contextIn(long);
    const worktree = join(long, (await make(ctx)).session.worktree);
    writeFileSync(join(worktree, 'a.txt'), 'changed\n');
    await git(worktree, 'commit', '-qam', 'x');
    const { env, log } = homeWith((at) => `[diff]\n\ttool = mine\n${noting('mine', at)}`);
    const ran = await cli(long, ['diff', 'task', '--tool'], env);
    expect([ran.stderr, logged(log)]).toEqual(['', ['mine a.txt 4']]);
  });
});

const hasScript = process.platform === 'linux' && existsSync('/usr/bin/script');
describe.skipIf(!hasScript)('at a terminal', () => {
  /** Runs a command line on a terminal of its own; what it shows. */
  const onTerminal = async (line: string, env: NodeJS.ProcessEnv = {}): Promise<string> => {
    const command = `stty cols 90 rows 30; '${process.execPath}' '${PROGRAM}' ${line}`;
    const ran = await exec(dir, 'script', ['-qec', command, '/dev/null'], {
      ...process.env,
      TERM: 'xterm-256color',
      COLORTERM: 'truecolor',
      ...env,
    });
    return ran.stdout.replaceAll('\r\n', '\n');
  };
  /** A pager that notes what came and what it was told. */
  const pager = (): { env: NodeJS.ProcessEnv; came(): string; told(): string } => {
    const at = tempDir();
    return {
      env: { GIT_PAGER: `cat > '${at}/came'; env > '${at}/told'` },
      came: () => readFileSync(join(at, 'came'), 'utf8'),
      told: () => readFileSync(join(at, 'told'), 'utf8'),
    };
  };

  it('diff goes through the pager, which is told about colours and the user’s language', async () => {
    const { env, came, told } = pager();
    await onTerminal('diff task', { ...env, LANG: 'de_DE.UTF-8', LC_ALL: undefined });
    expect(strip(came())).toContain(`a.txt  +1 −1\n${'─'.repeat(90)}\n`);
    expect(came()).toContain('\u001b[48;2;');
    expect(told()).toMatch(/^LESS=FRX$/m);
    expect(told()).toMatch(/^LV=-c$/m);
    expect(told()).toMatch(/^LANG=de_DE.UTF-8$/m);
    expect(told()).not.toMatch(/^(LC_ALL|GIT_DIR|GIT_LITERAL_PATHSPECS|GIT_CONFIG_COUNT)=/m);
    const own = pager();
    await onTerminal('diff task', { ...own.env, LESS: '-S', LESSCHARSET: 'latin1' });
    expect(own.told()).toMatch(/^LESS=-S$/m);
    expect(own.told()).toMatch(/^LESSCHARSET=latin1$/m);
  });

  it('timeline goes through the pager too', async () => {
    const { env, came } = pager();
    await onTerminal('timeline task', env);
    expect(strip(came())).toMatch(/╭ iteration 1 {2}✓ completed · 7 files \+\d+ -\d+ · ✓ tests passed · /);
  });

  it('a pager that knows patches gets git’s own, made inert', async () => {
    const at = tempDir();
    await onTerminal('diff task', { GIT_PAGER: `cat > '${at}/came'; : delta` });
    const came = readFileSync(join(at, 'came'), 'utf8');
    expect(strip(came)).toContain('diff --git a/a.txt b/a.txt\nindex ');
    expect(came).not.toMatch(/\u001b(?!\[[0-9;]*m)/);
  });

  it('without colours it is git’s patch, made inert', async () => {
    const text = await onTerminal('diff task', { NO_COLOR: '1', GIT_PAGER: '' });
    expect(text).toContain('diff --git a/a.txt b/a.txt\n');
    expect(text).not.toContain('\u001b');
    const wide = await onTerminal('diff task --side-by-side -- a.txt', { NO_COLOR: '1', GIT_PAGER: '' });
    expect(wide).toMatch(/^ {3}2 -two +│ {4}2 \+2/m);
    expect(wide).not.toContain('\u001b');
  });

  it('less shows letters beyond ASCII also in a C locale', async () => {
    const text = await onTerminal('diff task -- a.txt', { LC_ALL: 'C', PAGER: 'less', GIT_PAGER: undefined });
    expect(text).toContain('−1');
    expect(text).not.toContain('<E2>');
  });
});

describe('a patch that nobody reads to its end', () => {
  it('is shown as git prints it, inert', async () => {
    const paint = patchPainter({
      color: new Chalk({ level: 3 }),
      layout: 'side-by-side',
      env: {},
      sizes: async () => new Map(),
    })!;
    const patch = `diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+${'x\u001b[2J'.repeat(2_000_001)}\n`;
    const text = await paint(patch, false);
    expect(text.slice(0, 40)).toContain('\u001b[1mdiff --git a/x b/x');
    expect(text).not.toContain('\u001b[2J');
    expect(await paint('diff --git a/x b/x\nold mode 100644\nnew mode 100755\n', false)).toContain('now executable');
    expect(await paint('diff --git a/x b/x\n', true)).toBe('\u001b[1mdiff --git a/x b/x\u001b[22m\n');
  });
});
