import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');

/** A home of its own, nothing that speaks to git or slows node, no colours. */
const cleanEnvironment = (home) => {
  const foreign = /^(GIT_|AMP_|XDG_|NODE_|FORCE_COLOR|NO_COLOR)/;
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return { ...Object.fromEntries(kept), HOME: home, USERPROFILE: home, TZ: 'UTC', LC_ALL: 'C.UTF-8' };
};

/**
 * Everything the measurements share: a temporary folder for all they write, a clean environment, git and the program.
 * `close` takes the folder away.
 */
export const makeWorld = (options) => {
  const dir = realpathSync(mkdtempSync(path.join(tmpdir(), 'amp-bench-')));
  const home = path.join(dir, 'home');
  mkdirSync(home);
  writeFileSync(path.join(home, '.gitconfig'), '[user]\n\tname = Bench\n\temail = bench@example.com\n');
  const env = cleanEnvironment(home);
  const git = (cwd, ...args) => execFileSync('git', args, { cwd, env, encoding: 'utf8', maxBuffer: 1 << 28 }).trimEnd();
  return {
    ...options,
    dir,
    env,
    git,
    /** Arguments for node that start the program. */
    program: (...args) => [path.join(ROOT, 'bin/run.js'), ...args],
    /** One command of the program, its answer as JSON. */
    ask: (cwd, ...args) =>
      JSON.parse(
        execFileSync(process.execPath, [path.join(ROOT, 'bin/run.js'), ...args, '--json'], {
          cwd,
          env,
          encoding: 'utf8',
        }),
      ),
    /** One of the programs in `inside/`, what it prints as JSON. */
    inside: (name, ...args) =>
      JSON.parse(
        execFileSync(process.execPath, [path.join(import.meta.dirname, 'inside', `${name}.mjs`), ...args.map(String)], {
          cwd: dir,
          env,
          encoding: 'utf8',
          maxBuffer: 1 << 28,
        }),
      ),
    folder: (name) => {
      const made = path.join(dir, name);
      mkdirSync(made, { recursive: true });
      return made;
    },
    close: () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }),
  };
};

/** A repository with so many small files in folders of fifty, in one commit. */
export const makeRepository = (world, name, files) => {
  const dir = world.folder(name);
  world.git(dir, 'init', '-q', '-b', 'main');
  for (let n = 0; n < files; n++) {
    const folder = path.join(dir, `part-${Math.floor(n / 50)}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, `file-${n}.txt`), `file ${n}\n${'a line like any other\n'.repeat(40)}`);
  }
  world.git(dir, 'add', '-A');
  world.git(dir, 'commit', '-q', '--allow-empty', '-m', 'first');
  return dir;
};
