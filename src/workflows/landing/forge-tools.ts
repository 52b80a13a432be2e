import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join, relative, resolve } from 'node:path';
import { findProgram } from '../../agents/find-program.ts';
import { AppError } from '../../errors.ts';
import { withoutPassword } from '../../git/remotes.ts';
import { run } from '../../process/run.ts';
import { childEnv } from '../child-env.ts';
import type { Context } from '../context.ts';
import type { Place } from './forge.ts';

/** What a pull request is about, for the tool that opens it. */
export interface Proposal {
  into: Place;
  from: Place;
  branch: string;
  base: string;
  title: string;
  body: string;
  draft: boolean;
}

/** A command-line tool that can open pull requests. */
export interface ForgeTool {
  name: 'gh' | 'glab';
  isLoggedIn(host: string): Promise<boolean>;
  /** Address of an open pull request for the branch; undefined when there is none. @throws AppError pull-request.failed */
  find(proposal: Proposal): Promise<string | undefined>;
  /** @returns its address. @throws AppError pull-request.failed */
  open(proposal: Proposal): Promise<string>;
}

const TIMEOUT_MS = 120_000;
const MAX_BYTES = 4 * 1024 * 1024;

interface Answer {
  ok: boolean;
  stdout: string;
  /** The tool's last words, or how it ended. */
  said: string;
}

type Call = (args: string[], stdin?: string) => Promise<Answer>;

/** Folders whose content the repository decides: no program is taken from there. */
const ownFolders = (ctx: Context): string[] => [
  ctx.repo.root,
  ctx.repo.commonDir,
  ...(ctx.repo.here ? [ctx.repo.here.path] : []),
  resolve(ctx.repo.root, ctx.config.config.worktrees),
];

const isBelow = (dir: string, root: string): boolean => {
  const way = relative(root, dir);
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
};

/** The tool starts git and others itself: they come from where ours come from. */
const pathFor = (ctx: Context): string =>
  (ctx.env['PATH'] ?? '')
    .split(delimiter)
    .filter((dir) => isAbsolute(dir) && !ownFolders(ctx).some((root) => isBelow(dir, root)))
    .join(delimiter);

/**
 * Runs outside any repository: inside one, the tools start git with the repository's own settings, which may name
 * programs. They are told everything instead.
 */
const caller =
  (ctx: Context, file: string, signal: AbortSignal | undefined): Call =>
  async (args, stdin) => {
    const cwd = await mkdtemp(join(tmpdir(), 'amp-sessions-'));
    const quiet = { GH_PROMPT_DISABLED: '1', GH_NO_UPDATE_NOTIFIER: '1', GLAB_CHECK_UPDATE: 'false', NO_PROMPT: '1' };
    const env = childEnv(ctx.env, { ...quiet, NO_COLOR: '1', PATH: pathFor(ctx), GIT_CEILING_DIRECTORIES: tmpdir() });
    try {
      const limits = { timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES, ...(signal && { signal }) };
      const ran = await run({ command: file, args, cwd, env, stdin: stdin ?? '', ...limits });
      const words = ran.stderr.toString('utf8').trim().split('\n').at(-1) ?? '';
      const end = ran.timedOut
        ? 'it did not answer in time'
        : `it ended with ${ran.signal ?? `exit code ${ran.exitCode}`}`;
      const said = withoutPassword(await ctx.redact(words || end));
      return { ok: ran.exitCode === 0 && !ran.truncated, stdout: ran.stdout.toString('utf8'), said };
    } finally {
      await rm(cwd, { recursive: true, force: true });
    }
  };

const failed = (tool: string, said: string): AppError =>
  new AppError('pull-request.failed', `${tool} could not open the pull request: ${said.replace(/[.\s]+$/, '')}.`);

/** JSON of a tool. @throws AppError pull-request.failed */
const parsed = <T>(tool: string, { ok, stdout, said }: Answer): T => {
  if (!ok) throw failed(tool, said);
  try {
    return JSON.parse(stdout) as T;
  } catch {
    throw failed(tool, 'its answer is not JSON');
  }
};

const addressIn = (text: string): string | undefined =>
  text
    .split('\n')
    .map((line) => line.trim())
    .findLast((line) => /^https?:\/\/\S+$/.test(line));

const ownerOf = ({ path }: Place): string => path.split('/')[0]!;

const github = (call: Call): ForgeTool => {
  const repo = ({ host, path }: Place): string => `${host}/${path}`;
  return {
    name: 'gh',
    isLoggedIn: async (host) => (await call(['auth', 'status', '--hostname', host])).ok,
    find: async ({ into, from, branch }) => {
      const fields = ['--json', 'url,headRepositoryOwner'];
      const args = ['pr', 'list', '--repo', repo(into), '--head', branch, '--state', 'open', ...fields];
      const found = parsed<{ url: string; headRepositoryOwner?: { login?: string } }[]>('gh', await call(args));
      // A fork of somebody else may have a branch of that name.
      const isOurs = (login: string | undefined) => (login ?? '').toLowerCase() === ownerOf(from).toLowerCase();
      return found.find(({ headRepositoryOwner }) => isOurs(headRepositoryOwner?.login))?.url;
    },
    open: async ({ into, from, branch, base, title, body, draft }) => {
      const head = ownerOf(into) === ownerOf(from) ? branch : `${ownerOf(from)}:${branch}`;
      const where = ['--repo', repo(into), '--head', head, '--base', base];
      const args = ['pr', 'create', ...where, `--title=${title}`, '--body-file', '-', ...(draft ? ['--draft'] : [])];
      const { ok, stdout, said } = await call(args, body);
      const url = addressIn(stdout);
      if (!ok || url === undefined) throw failed('gh', said);
      return url;
    },
  };
};

/** Over its API: `glab mr create` wants a repository around it, and adds remotes to that. */
const gitlab = (call: Call): ForgeTool => {
  const project = ({ path }: Place): string => `projects/${encodeURIComponent(path)}`;
  const api = async <T>(host: string, args: string[], input?: object): Promise<T> =>
    parsed<T>('glab', await call(['api', '--hostname', host, ...args], input && JSON.stringify(input)));
  const post = ['--method', 'POST', '--header', 'Content-Type: application/json', '--input', '-'];
  return {
    name: 'glab',
    isLoggedIn: async (host) => (await call(['auth', 'status', '--hostname', host])).ok,
    find: async ({ into, branch }) => {
      const query = `state=opened&source_branch=${encodeURIComponent(branch)}`;
      const found = await api<{ web_url: string }[]>(into.host, [`${project(into)}/merge_requests?${query}`]);
      return found[0]?.web_url;
    },
    open: async ({ into, from, branch, base, title, body, draft }) => {
      const isFork = into.path !== from.path;
      const target = isFork ? await api<{ id: number }>(into.host, [project(into)]) : undefined;
      const made = await api<{ web_url?: string }>(into.host, [...post, `${project(from)}/merge_requests`], {
        source_branch: branch,
        target_branch: base,
        title: draft ? `Draft: ${title}` : title,
        description: body,
        ...(target && { target_project_id: target.id }),
      });
      if (!made.web_url) throw failed('glab', 'it answered without an address');
      return made.web_url;
    },
  };
};

/** The tool, where it is installed outside the repository. */
export const findForgeTool = (ctx: Context, name: ForgeTool['name'], signal?: AbortSignal): ForgeTool | undefined => {
  const { file } = findProgram(name, { path: ctx.env['PATH'] ?? '', refused: ownFolders(ctx) });
  if (file === undefined) return undefined;
  return name === 'gh' ? github(caller(ctx, file, signal)) : gitlab(caller(ctx, file, signal));
};
