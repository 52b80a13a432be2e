import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { exec, makeRepo, sh, tempDir } from '../support/repo.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const has = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0;

let repo: string;
let id: string;
let bin: string;
let env: NodeJS.ProcessEnv;
const run = (...args: string[]) => exec(repo, 'amp-sessions', args, env);

beforeAll(async () => {
  repo = await makeRepo();
  bin = tempDir();
  symlinkSync(path.join(ROOT, 'bin/run.js'), path.join(bin, 'amp-sessions'));
  const home = tempDir();
  env = { ...process.env, HOME: home, XDG_CACHE_HOME: path.join(home, 'cache'), PATH: `${bin}:${process.env['PATH']}` };
  const made = await run('new', '--name', 'login-page', '--prompt', 'x', '--json');
  if (made.exitCode !== 0) throw new Error(made.stdout + made.stderr);
  id = JSON.parse(made.stdout).id;
  await run('list');
  await run('autocomplete', 'bash');
});

describe.skipIf(process.platform === 'win32')('amp-sessions complete', () => {
  it('names sessions by id and by name, with what they are', async () => {
    const { stdout } = await run('complete', 'status', '');
    expect(stdout.split('\n').filter(Boolean).sort()).toEqual(
      [`${id}\tlogin-page, new`, `login-page\t${id}, new`].sort(),
    );
    expect((await run('complete', 'status', 'log')).stdout).toBe(`login-page\t${id}, new\n`);
  });

  it('finds the repository that -C names, and branches', async () => {
    expect((await exec('/', 'amp-sessions', ['complete', '-C', repo, 'status', 'log'], env)).stdout).toContain(
      'login-page',
    );
    expect((await run('complete', 'new', '--base', 'ma')).stdout).toBe('main\n');
  });

  it('names settings, agents and commands', async () => {
    expect((await run('complete', 'config', 'get', 'agents.amp.p')).stdout).toBe('agents.amp.path\n');
    expect((await run('complete', 'new', '--agent=s')).stdout).toMatch(/^--agent=scripted\t/);
    expect((await run('complete', 'stat')).stdout).toMatch(/^status\t/);
  });

  it('leaves files and directories to the shell', async () => {
    expect((await run('complete', 'new', '-P', '')).stdout).toBe(':files\n');
    expect((await run('complete', 'sql', '--schema', 'tool')).stdout).toBe(
      'tool_calls\tOne call of a tool by the agent.\n',
    );
    expect((await run('complete', 'export', '--table', 'trans')).stdout).toMatch(/^transcripts\t/);
    expect((await run('complete', 'export', '--format', 'o')).stdout).toBe('otlp\n');
    expect((await run('complete', 'list', '-C', '')).stdout).toBe(':directories\n');
  });

  it('is silent outside a repository', async () => {
    expect(await exec('/', 'amp-sessions', ['complete', 'status', ''], env)).toEqual({
      stdout: '',
      stderr: '',
      exitCode: 0,
    });
  });
});

describe.skipIf(!has('bash'))('bash', () => {
  const complete = async (...words: string[]): Promise<string[]> => {
    const quoted = words.map((word) => `'${word}'`).join(' ');
    const script = `eval "$(amp-sessions autocomplete script bash)"
      complete -p amp-sessions >/dev/null || exit 9
      COMP_WORDS=(amp-sessions ${quoted}); COMP_CWORD=${words.length}
      _amp_sessions_complete; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr, exitCode } = await exec(repo, 'bash', ['--norc', '-c', script], env);
    expect([stderr, exitCode]).toEqual(['', 0]);
    return stdout.split('\n').filter(Boolean);
  };

  it('completes sessions, commands, flags and files', async () => {
    expect((await complete('status', '')).sort()).toEqual([id, 'login-page'].sort());
    expect(await complete('timel')).toEqual(['timeline']);
    expect(await complete('status', '--js')).toEqual(['--json']);
    expect(await complete('new', '-P', 'b')).toEqual(['b.txt']);
    expect(await complete('list', '-C', 's')).toEqual(['src']);
  });

  it('completes the value after =, which bash takes for a word', async () => {
    expect(await complete('new', '--agent', '=', 's')).toEqual(['scripted']);
  });
});

describe.skipIf(!has('fish'))('fish', () => {
  it('completes with descriptions', async () => {
    const folder = path.join(env['HOME']!, '.config/fish/completions');
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'amp-sessions.fish'), (await run('autocomplete', 'script', 'fish')).stdout);
    const { stdout } = await exec(repo, 'fish', ['-c', "complete -C 'amp-sessions status '"], env);
    expect(stdout.split('\n')).toContain(`login-page\t${id}, new`);
    const files = await exec(repo, 'fish', ['-c', "complete -C 'amp-sessions new -P a'"], env);
    expect(files.stdout).toMatch(/^a\.txt/);
  });
});

describe.skipIf(!has('zsh'))('zsh', () => {
  /** Types into a real interactive zsh, presses Tab, and gives what zsh drew until `expected` was there. */
  const typed = async (text: string, expected: string): Promise<string> => {
    const functions = path.join(env['XDG_CACHE_HOME']!, 'amp-sessions/autocomplete/functions/zsh');
    const script = `
      zmodload zsh/zpty
      wait_for() { # pattern
        local chunk seen='' i
        for i in {1..200}; do
          while zpty -r -t shell chunk; do seen+=$chunk; done
          [[ $seen == $~1 ]] && break
          sleep 0.1
        done
        print -rn -- $seen
      }
      zpty shell zsh -f -i
      zpty -w shell "unset zle_bracketed_paste; PS1='READY> '; cd ${repo}"
      zpty -w shell 'fpath=(${functions} $fpath); autoload -Uz compinit; compinit -u -D; print LOADED-$(( 1 + 1 ))'
      wait_for '*LOADED-2*READY> *' >/dev/null
      zpty -w -n shell $'${text}\\t'
      wait_for '*${expected}*'
      zpty -d shell`;
    return (await exec(repo, 'zsh', ['-f', '-c', script], env)).stdout;
  };

  it('completes a session name at the Tab key', async () => {
    expect(await typed('amp-sessions status logi', 'login-page')).toContain('amp-sessions status login-page');
  });
});

describe('the instructions', () => {
  it('come for every shell', async () => {
    for (const shell of ['bash', 'zsh', 'powershell', 'fish'])
      expect((await run('autocomplete', shell)).stdout).toContain(`autocomplete script ${shell}`);
    expect((await sh(repo, 'amp-sessions autocomplete tcsh', env)).exitCode).toBe(2);
  });
});
