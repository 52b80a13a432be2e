import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../errors.ts';
import { runInteractive } from '../process/interactive.ts';
import { findGit } from './environment.ts';
import { isId } from './ids.ts';
import { personEnvironment } from './person-environment.ts';
import type { Repository } from './repository.ts';

/** What a user says about diff tools through the environment. */
const TOOL_VARIABLES = ['GIT_DIFF_TOOL', 'GIT_MERGE_TOOL', 'GIT_DIFFTOOL_PROMPT', 'GIT_DIFFTOOL_NO_PROMPT'];

/** An empty repository that sees the objects of another one and nothing else of it. */
const makeShadow = (repo: Repository): string => {
  const dir = mkdtempSync(join(tmpdir(), 'amp-sessions-diff-'));
  const gitDir = join(dir, '.git');
  mkdirSync(join(gitDir, 'objects', 'info'), { recursive: true });
  mkdirSync(join(gitDir, 'refs'));
  writeFileSync(join(gitDir, 'HEAD'), 'ref: refs/heads/main\n');
  writeFileSync(join(gitDir, 'objects', 'info', 'alternates'), `${alternate(join(repo.commonDir, 'objects'))}\n`);
  const format = repo.objectFormat === 'sha1' ? '' : `[extensions]\n\tobjectFormat = ${repo.objectFormat}\n`;
  writeFileSync(join(gitDir, 'config'), `[core]\n\trepositoryFormatVersion = 1\n\tbare = false\n${format}`);
  return dir;
};

/** A name that git would unquote, or take for a comment, is quoted. */
const alternate = (path: string): string =>
  /^["#]|\n/.test(path)
    ? `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
    : path.replaceAll('\\', '/');

const failure = (code: number | null): AppError =>
  new AppError('git.failed', `git difftool ended with ${code === null ? 'a signal' : `exit code ${code}`}.`, {
    hint: '`git difftool --tool-help` lists the tools; set yours with `git config --global diff.tool <name>`.',
  });

const environment = (repo: Repository, shadow: string): Record<string, string> => {
  const env = personEnvironment([repo.root, repo.commonDir]);
  for (const name of TOOL_VARIABLES) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return { ...env, GIT_DIR: join(shadow, '.git'), GIT_WORK_TREE: shadow };
};

/**
 * Opens the difference of two commits in the diff tool of the user, one file after the other, as `git difftool` does,
 * and waits until it ends. Git runs in a repository of its own that borrows the objects: the configuration and the
 * attributes of the real one, which may name programs, are not there.
 * @param wish.tool name of a tool; without it the user's configuration decides
 * @throws AppError git.failed when the tool cannot be started, git.missing
 */
export const openDifftool = async (
  repo: Repository,
  wish: { from: string; to: string; tool: string | undefined; pathspecs: string[]; ask: boolean },
): Promise<void> => {
  if (!isId(wish.from) || !isId(wish.to)) throw new AppError('ref.missing', 'A diff tool needs two object ids.');
  const shadow = makeShadow(repo);
  try {
    const env = environment(repo, shadow);
    const args = [
      'difftool',
      ...(wish.ask ? [] : ['--no-prompt']),
      ...(wish.tool === undefined ? [] : [`--tool=${wish.tool}`]),
      '-M',
      wish.from,
      wish.to,
      '--',
      ...wish.pathspecs,
    ];
    const code = await runInteractive({ command: findGit(env['PATH']!), args, cwd: shadow, env });
    if (code !== 0) throw failure(code);
  } finally {
    rmSync(shadow, { recursive: true, force: true, maxRetries: 5 });
  }
};
