import { AppError } from '../errors.ts';
import type { EventData } from '../events/catalogue.ts';
import type { Worktree } from '../git/repository.ts';
import type { EngineKind } from '../process/engine.ts';
import { type Sandbox, sandboxWorks } from '../process/sandbox.ts';
import type { Context } from './context.ts';
import type { EngineProblem, UsableContainer } from './engines.ts';

/** What agents run in here, with what was wanted more and why it cannot be had. */
export interface ActiveSandbox {
  use: 'none' | 'bwrap' | UsableContainer;
  lacking: string[];
}

const NO_BWRAP: EngineProblem = {
  message: 'Bubblewrap (`bwrap`) is not installed, or not allowed to work.',
  hint: 'Install bubblewrap and allow unprivileged user namespaces, or set sandbox.use to none.',
};

const NO_IMAGE: EngineProblem = {
  message: 'Agents are to run in a container, and sandbox.image names no image.',
  hint: 'Name one that is there: `amp-sessions config set sandbox.image <image>`.',
};

const missing = ({ message, hint }: EngineProblem): AppError => new AppError('sandbox.missing', message, { hint });

/** What has to do with containers is loaded where there are any. */
const lookFor = async (ctx: Context, engine: EngineKind, image: string): Promise<UsableContainer | EngineProblem> =>
  (await import('./engines.ts')).lookForContainer(ctx, engine, image);

const containerOf = async (ctx: Context, engine: EngineKind): Promise<UsableContainer> => {
  const { image } = ctx.config.config.sandbox;
  if (image === undefined) throw missing(NO_IMAGE);
  const found = await lookFor(ctx, engine, image);
  if ('message' in found) throw missing(found);
  return found;
};

/** The best that can be had: a container where an image is named, else bubblewrap, else nothing. */
const best = async (ctx: Context): Promise<ActiveSandbox> => {
  const { image } = ctx.config.config.sandbox;
  const lacking: string[] = [];
  for (const engine of image === undefined ? [] : (['podman', 'docker'] as const)) {
    const found = await lookFor(ctx, engine, image!);
    if (!('message' in found)) return { use: found, lacking: [] };
    lacking.push(found.message);
  }
  return (await sandboxWorks()) ? { use: 'bwrap', lacking } : { use: 'none', lacking: [...lacking, NO_BWRAP.message] };
};

/**
 * What the configuration asks for around agents, as far as it can be had.
 * @throws AppError sandbox.missing when one is wanted and cannot be had; config.untrusted
 */
export const activeSandbox = async (ctx: Context): Promise<ActiveSandbox> => {
  const { use } = ctx.config.config.sandbox;
  ctx.config.requireTrust(['sandbox.use', 'sandbox.image', 'sandbox.home']);
  if (use === 'none') return { use, lacking: [] };
  if (use === 'auto') return best(ctx);
  if (use !== 'bwrap') return { use: await containerOf(ctx, use), lacking: [] };
  if (await sandboxWorks()) return { use, lacking: [] };
  throw missing(NO_BWRAP);
};

/** The sandbox around an agent's run, as the configuration asks for it. @throws AppError as `activeSandbox` */
export const sandboxFor = async (ctx: Context, wt: Worktree, agent: string): Promise<Sandbox | undefined> => {
  const { use, lacking } = await activeSandbox(ctx);
  if (lacking.length > 0)
    ctx.warn(`The agent runs ${use === 'none' ? 'without a sandbox' : 'in bubblewrap'}: ${lacking.join(' ')}`);
  if (use === 'none') return undefined;
  const { planFor } = await import('./sandbox-plan.ts');
  return planFor(ctx, wt.path, agent, use === 'bwrap' ? undefined : use);
};

/** What the record of a run says of its sandbox. */
export const sandboxFact = (
  sandbox: Sandbox | undefined,
): Pick<EventData<'iteration.started'>, 'sandbox' | 'image'> => {
  if (!sandbox) return {};
  const { container } = sandbox;
  return container ? { sandbox: container.engine, image: container.image } : { sandbox: 'bwrap' };
};

/** An image as people know it, and which one that was: ids are long, and twelve digits of them tell enough. */
export const imageText = ({ name, id }: { name: string; id: string }): string =>
  `image ${name} (${id.replace(/^sha256:/, '').slice(0, 12)})`;

/** What holds the agents of a run, in a few words. @throws AppError as `activeSandbox` */
export const isolationWord = async (ctx: Context, stops: string): Promise<string> => {
  const { use } = await activeSandbox(ctx);
  if (use === 'none') return stops;
  return use === 'bwrap' ? use : `${use.container.engine}, ${imageText(use.container.image)}`;
};
