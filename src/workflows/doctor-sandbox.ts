import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isAppError } from '../errors.ts';
import { run } from '../process/run.ts';
import { type Check, failed, ok, warning } from './check.ts';
import { childEnv } from './child-env.ts';
import type { Context } from './context.ts';
import { engineTitle, type UsableContainer } from './engines.ts';
import { type ActiveSandbox, activeSandbox, imageText } from './sandbox.ts';
import { planFor } from './sandbox-plan.ts';

const NAME = 'sandbox';

const TRIAL_MS = 90_000;

/** What an agent needs first: to write into its worktree, and git. */
const TRIAL = 'echo made > made && { command -v git >/dev/null || echo "no git"; }';

/** Runs a line in a container as an agent's would be, in a folder of the repository. */
const tryContainer = async (ctx: Context, usable: UsableContainer): Promise<{ said: string; isOurs: boolean }> => {
  const place = join(ctx.repo.commonDir, 'amp');
  mkdirSync(place, { recursive: true });
  const dir = mkdtempSync(join(place, 'trial-'));
  try {
    const ran = await run({
      command: '/bin/sh',
      args: ['-c', TRIAL],
      cwd: dir,
      env: childEnv(ctx.env),
      contain: true,
      sandbox: planFor(ctx, dir, ctx.config.config.agent, usable),
      timeoutMs: TRIAL_MS,
    });
    const made = statSync(join(dir, 'made'), { throwIfNoEntry: false });
    const said = ran.exitCode === 0 ? ran.stdout.toString('utf8') : ran.stderr.toString('utf8').trim();
    return { said: said.trim(), isOurs: made !== undefined && made.uid === (process.getuid?.() ?? made.uid) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
};

const checkContainer = async (ctx: Context, usable: UsableContainer): Promise<Check> => {
  const { found, container } = usable;
  const which = `${engineTitle(container.engine)} ${found.version}${found.isRootless ? ', rootless' : ''}`;
  const what = `${which}, ${imageText(container.image)}`;
  try {
    const { said, isOurs } = await tryContainer(ctx, usable);
    if (!isOurs)
      return failed(
        NAME,
        `agents cannot run in containers (${what}): ${said || 'what they write is not yours'}`,
        'The engine has to see this machine’s files, and to run containers as you.',
      );
    if (said === 'no git')
      return warning(NAME, `agents run in containers of ${what}, without git`, 'Add git to the image: agents use it.');
    return ok(NAME, `agents run in containers of ${what}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESANDBOX') throw error;
    return failed(NAME, (error as Error).message, `Try the image by hand: \`${container.engine} run --rm -it …\`.`);
  }
};

const fallback = ({ use, lacking }: ActiveSandbox): Check => {
  const what = use === 'none' ? 'without one' : 'in bubblewrap (bwrap)';
  if (lacking.length === 0) return ok(NAME, `agents run ${what}`);
  return warning(NAME, `agents run ${what}: ${lacking.join(' ')}`, 'Mend that, or say in sandbox.use what is wanted.');
};

/** Says what agents run in, and has tried it. Nothing is said of a sandbox that nobody asked for. */
export const checkSandbox = async (ctx: Context): Promise<Check[]> => {
  if (ctx.config.config.sandbox.use === 'none') return [];
  try {
    const active = await activeSandbox(ctx);
    return [typeof active.use === 'object' ? await checkContainer(ctx, active.use) : fallback(active)];
  } catch (error) {
    if (!isAppError(error)) throw error;
    return [failed(NAME, `agents cannot run: ${error.message}`, error.hint ?? '')];
  }
};
