import { describe, expect, it } from 'vitest';
import { clientEnv, containerArguments } from '../../src/process/container-arguments.ts';
import { containerName } from '../../src/process/containers.ts';
import { containedIn } from '../support/contained.ts';
import { tempDir } from '../support/repo.ts';

/** What the stand-in makes of arguments. */
const { csvFields, mountArguments, parseRun } = (await import(
  new URL('../support/fake-engine/run-arguments.mjs', import.meta.url).href
)) as {
  csvFields(line: string): string[];
  parseRun(args: string[], kind: string): Record<string, unknown>;
  mountArguments(wish: Record<string, unknown>): string[];
};

const engine = { program: '/usr/bin/docker' };

const argumentsFor = (
  over: Parameters<typeof containedIn>[2] = {},
  env: Record<string, string> = {},
  real: (path: string) => string | undefined = (path) => path,
): string[] => {
  const sandbox = containedIn(engine, '/w', { home: '/home/me', ...over });
  return containerArguments({ name: 'amp-x', sandbox, container: sandbox.container, env, real }, 'SCRIPT', [
    'a b',
    '-c',
  ]);
};

const valuesOf = (args: string[], flag: string): string[] => args.filter((_, at) => args[at - 1] === flag && at > 0);

describe('the arguments of `run`', () => {
  it('end with the image by its id, the shell’s script and its words', () => {
    const args = argumentsFor();
    expect(args.slice(args.indexOf('--entrypoint'))).toEqual([
      '--entrypoint',
      '/bin/sh',
      expect.stringMatching(/^sha256:/),
      '-c',
      'SCRIPT',
      'init',
      'a b',
      '-c',
    ]);
  });

  it('give nothing that an agent could grow by, fetch nothing, keep nothing', () => {
    const line = argumentsFor().join(' ');
    for (const part of [
      'run --rm --interactive --init --pull=never --log-driver none',
      '--cap-drop ALL',
      '--security-opt no-new-privileges',
      '--pids-limit 16384',
      '--network host',
      '--workdir /w',
      '--label amp-sessions.repository=some-repository',
    ])
      expect(line).toContain(part);
    expect(line).not.toMatch(/--privileged|--tty|docker\.sock|--volume/);
  });

  it('mount what is seen where it is, read-only but for what is writable', () => {
    const args = argumentsFor(
      {
        readable: ['/home/me/tools', '/home/me/tools/deep', '/gone', '/linked'],
        hidden: ['/home/me/tools/secret', '/elsewhere', '/home/me/tools/no'],
        writable: ['/w', '/home/me/tools/secret/case', '/linked'],
      },
      {},
      (path) => (path === '/gone' || path.endsWith('/no') ? undefined : path === '/linked' ? '/real' : path),
    );
    expect(valuesOf(args, '--mount')).toEqual([
      'type=bind,source=/real,destination=/linked',
      'type=bind,source=/home/me/tools,destination=/home/me/tools,readonly',
      'type=bind,source=/home/me/tools/deep,destination=/home/me/tools/deep,readonly',
      'type=tmpfs,destination=/home/me/tools/secret,tmpfs-mode=0755',
      'type=bind,source=/w,destination=/w',
      'type=bind,source=/home/me/tools/secret/case,destination=/home/me/tools/secret/case',
    ]);
    expect(valuesOf(args, '--tmpfs').map((one) => one.split(':')[0])).toEqual(['/tmp', '/var/tmp', '/home/me']);
  });

  it('leave the folders above what is bound in the home folder open to the user', () => {
    const args = argumentsFor({
      readable: ['/home/me/.config/git', '/home/me/tools', '/home/me/tools/a/b'],
      writable: ['/home/me/.local/share/amp', '/home/me/code/repo/.git', '/w/x'],
    });
    expect(valuesOf(args, '--tmpfs').map((one) => one.split(':')[0])).toEqual([
      '/tmp',
      '/var/tmp',
      '/home/me',
      '/home/me/code',
      '/home/me/.local',
      '/home/me/.config',
      '/home/me/code/repo',
      '/home/me/.local/share',
    ]);
    expect(valuesOf(args, '--tmpfs').every((one) => one.endsWith(':rw,exec,nosuid,nodev,mode=1777'))).toBe(true);
  });

  it.each(['/', '/usr', '/run'])('leave a home folder that holds the system as it is: %s', (home) => {
    expect(valuesOf(argumentsFor({ home }), '--tmpfs').map((one) => one.split(':')[0])).toEqual(['/tmp', '/var/tmp']);
  });

  it('show a list of users where one was made', () => {
    const args = argumentsFor({ writable: [], container: { users: '/cache/x.passwd' } });
    expect(valuesOf(args, '--mount')).toEqual(['type=bind,source=/cache/x.passwd,destination=/etc/passwd,readonly']);
  });

  it('quote odd paths as a line of CSV', () => {
    const odd = '/a,b "c" \'d\'';
    const [mount] = valuesOf(argumentsFor({ readable: [odd], writable: [] }), '--mount');
    expect(csvFields(mount!)).toEqual(['type=bind', `source=${odd}`, `destination=${odd}`, 'readonly']);
  });

  it('name variables, and tell no value but our marks', () => {
    const env = {
      API_KEY: 'SECRET',
      PATH: '/host/bin',
      TMPDIR: '/host/tmp',
      LD_PRELOAD: '/x.so',
      TOOL_HOME: '/host/tool',
      HOME: '/home/me',
      'BASH_FUNC_f%%': '() { :; }',
      AMP_SESSIONS_RUN: 'r1',
      AMP_SESSIONS_SESSION: 's1',
      AMP_SESSIONS_ITERATION: '3',
      AMP_SESSIONS_NAME: 'Fix SECRET',
    };
    const args = argumentsFor({}, env);
    expect(args.join(' ')).not.toContain('SECRET');
    expect(valuesOf(args, '--env')).toEqual([
      'API_KEY',
      'HOME',
      'AMP_SESSIONS_RUN=r1',
      'AMP_SESSIONS_SESSION=s1',
      'AMP_SESSIONS_ITERATION=3',
      'AMP_SESSIONS_NAME',
    ]);
    expect(Object.keys(clientEnv(env))).toEqual(
      Object.keys(env).filter((name) => !/_(RUN|SESSION|ITERATION)$/.test(name)),
    );
  });

  it('are what the strict stand-in takes', () => {
    const dir = tempDir();
    const args = argumentsFor({ writable: [dir] }, { HOME: '/home/me' });
    const wish = parseRun(args.slice(1), 'docker');
    expect(wish).toMatchObject({ name: 'amp-x', cwd: '/w', command: ['-c', 'SCRIPT', 'init', 'a b', '-c'] });
    expect(mountArguments(wish).join(' ')).toContain(`--bind ${dir} ${dir}`);
  });
});

describe('the stand-in refuses', () => {
  const without = (...words: string[]): string[] => {
    const args = argumentsFor({ writable: [] }).slice(1);
    const at = args.indexOf(words[0]!);
    return [...args.slice(0, at), ...args.slice(at + words.length)];
  };
  it.each([
    ['--rm'],
    ['--init'],
    ['--pull=never'],
    ['--cap-drop', 'ALL'],
    ['--security-opt', 'no-new-privileges'],
    ['--user', `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`],
  ])('a call without %s %s', (...words) => {
    expect(() => parseRun(without(...words), 'docker')).toThrow(/promised|once/);
  });

  it.each([
    [['--env', 'API_KEY=SECRET'], /everybody can read/],
    [['--privileged'], /unknown flag/],
    [['--mount', 'type=bind,source=/not/there,destination=/x'], /does not exist/],
    [['--mount', 'type=bind,source=/tmp,destination=/tmp'], /Duplicate/],
    [['--userns=keep-id'], /userns/],
  ])('%j', (more, why) => {
    expect(() => parseRun([...more, ...argumentsFor({ writable: [] }).slice(1)], 'docker')).toThrow(why);
  });
});

describe('the name of a container', () => {
  it('tells session and iteration, in letters that both engines take', () => {
    expect(containerName({ session: 'k3abc', iteration: '4', marker: 'm1' })).toBe('amp-sessions-k3abc-4-m1');
    expect(containerName({ session: 'a b/c', iteration: '', marker: 'x-y' })).toBe('amp-sessions-a_b_c-0-x_y');
  });
});
