import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAgent } from '../agents/registry.ts';
import { isAppError } from '../errors.ts';
import { userIdentity } from '../git/commits.ts';
import { requireGit } from '../git/version.ts';
import { stopStrength } from '../process/strength.ts';
import { attempt, type Check, failed, ok, skipped, warning } from './check.ts';
import { type Context, type ContextOptions, openContext } from './context.ts';
import { mend } from './doctor-mend.ts';
import { repositoryChecks } from './doctor-repository.ts';
import { checkSandbox } from './doctor-sandbox.ts';
import { checkLeftContainers } from './left-containers.ts';

const MIN_NODE = [20, 19] as const;

const below = (version: readonly number[], min: readonly [number, number]): boolean =>
  version[0]! < min[0] || (version[0] === min[0] && version[1]! < min[1]);

const checkNode = (): Check => {
  const version = process.versions.node.split('.').map(Number);
  return below(version, MIN_NODE)
    ? failed('node', `${process.versions.node} is too old`, `Install Node ${MIN_NODE.join('.')} or newer.`)
    : ok('node', process.versions.node);
};

const checkGit = (): Promise<Check> =>
  attempt('git', 'Install git 2.38 or newer.', async () => ok('git', (await requireGit()).text));

const checkStop = async (): Promise<Check> =>
  (await stopStrength()) === 'namespace'
    ? ok('stopping agents', 'in a process namespace: nothing of an agent outlives its run')
    : warning(
        'stopping agents',
        'by process group: a process that hides from it may live on',
        'On Linux, allow unprivileged user namespaces (util-linux `unshare` and `setpriv`).',
      );

/** An agent that is not there is no fault as long as another is wanted. */
const checkAgent = async (ctx: Context): Promise<Check> => {
  const { config } = ctx.config;
  const name = `agent ${config.agent}`;
  try {
    const agent = createAgent(
      { name: config.agent, mode: null, command: config.agents.command.run ?? 'true' },
      { env: ctx.env, clock: ctx.clock, settings: config.agents, root: ctx.repo.root },
    );
    if (config.agent === 'scripted') return skipped(name, 'plays the script that a session names');
    await agent.check();
    return ok(name, (await agent.version()) ?? 'found');
  } catch (error) {
    if (isAppError(error)) return warning(name, error.message, error.hint ?? '');
    throw error;
  }
};

const checkIdentity = async (ctx: Context): Promise<Check> => {
  const identity = await userIdentity(ctx.repo);
  return identity
    ? ok('identity', `${identity.name} <${identity.email}>`)
    : warning(
        'identity',
        'git has no user.name and user.email',
        'git config --global user.name "…" && git config --global user.email "…"',
      );
};

const checkConfig = (ctx: Context): Check => {
  const { repositoryFile } = ctx.config;
  if (!repositoryFile) return ok('configuration', 'no .amp-sessions.yaml in this repository');
  const keys = ctx.config.needsTrust();
  return keys.length === 0 || repositoryFile.trusted
    ? ok('configuration', repositoryFile.path)
    : warning(
        'configuration',
        `${repositoryFile.path} names programs (${keys.join(', ')}) and is not trusted`,
        'Read it, then run `amp-sessions config trust`.',
      );
};

/** Test runners that look into every folder find each test once more in `.worktrees/`. */
const checkRunners = (ctx: Context): Check => {
  const name = 'test runners';
  const found = [
    'jest.config.js',
    'jest.config.ts',
    'jest.config.cjs',
    'jest.config.mjs',
    'vitest.config.ts',
    'vitest.config.mts',
    'vitest.config.js',
    'pytest.ini',
  ]
    .map((file) => join(ctx.repo.root, file))
    .filter((file) => existsSync(file) && !readFileSync(file, 'utf8').includes('.worktrees'));
  return found.length === 0
    ? ok(name, 'none that would walk into .worktrees/')
    : warning(name, `${found.join(', ')} may find tests in .worktrees/ too`, 'Exclude the folder .worktrees there.');
};

export interface Doctor {
  ok: boolean;
  repository: string | null;
  checks: Check[];
  fixed: string[];
}

/**
 * Looks at the machine, git, the agent and the repository; with `fix` it mends what can be mended without losing
 * anything. Outside a repository only the machine is looked at.
 */
export const doctor = async (options: ContextOptions & { fix: boolean }): Promise<Doctor> => {
  const checks: Check[] = [checkNode(), await checkGit(), await checkStop()];
  const fixed: string[] = [];
  let ctx: Context | undefined;
  const inside = await attempt('repository', '', async () => {
    ctx = await openContext(options);
    return ok('repository', ctx.repo.root);
  });
  checks.push(inside);
  if (ctx) {
    try {
      checks.push(await checkIdentity(ctx), checkConfig(ctx), await checkAgent(ctx), checkRunners(ctx));
      checks.push(...(await checkSandbox(ctx)));
      if (options.fix) fixed.push(...(await mend(ctx)));
      checks.push(...(await checkLeftContainers(ctx)), ...(await repositoryChecks(ctx)));
    } finally {
      await ctx.store.close();
    }
  }
  return { ok: checks.every(({ status }) => status !== 'failed'), repository: ctx?.repo.root ?? null, checks, fixed };
};
