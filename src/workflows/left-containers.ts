import { endContainer, type ListedContainer, listContainers } from '../process/containers.ts';
import type { EngineCall, EngineKind } from '../process/engine.ts';
import { type Check, ok, warning } from './check.ts';
import type { Context } from './context.ts';
import { findEngine, problemOf, repositoryWord } from './engines.ts';
import { holderOf } from './journal.ts';

/**
 * Ends the container of an iteration whose process died: the engine keeps it running, whoever started it, and may know
 * it still after the machine was started again.
 * @returns how many were running
 */
export const endContainersOf = async (
  ctx: Context,
  engine: EngineKind,
  run: { session: string; iteration: number },
): Promise<number> => {
  const call = findEngine(ctx, engine);
  const found = call && (await listContainers(call, repositoryWord(ctx)));
  if (!found || 'trouble' in found) {
    const why = found ? problemOf(engine, found).message : `there is no program \`${engine}\` any more.`;
    ctx.warn(`Whether a container of iteration ${run.iteration} still runs cannot be told: ${why}`);
    return 0;
  }
  const its = found.filter(({ session, iteration }) => session === run.session && iteration === run.iteration);
  for (const { id } of its) await endContainer(call, id);
  return its.filter(({ isRunning }) => isRunning).length;
};

const enginesOf = (ctx: Context): EngineKind[] => {
  const { use, image } = ctx.config.config.sandbox;
  if (use === 'auto') return image === undefined ? [] : ['podman', 'docker'];
  return use === 'docker' || use === 'podman' ? [use] : [];
};

/** Containers of sessions that no living process works on. */
const leftContainers = async (ctx: Context): Promise<{ call: EngineCall; container: ListedContainer }[]> => {
  const left: { call: EngineCall; container: ListedContainer }[] = [];
  for (const engine of enginesOf(ctx)) {
    const call = findEngine(ctx, engine);
    const found = call && (await listContainers(call, repositoryWord(ctx)));
    if (!found || 'trouble' in found) continue;
    for (const container of found) if (!holderOf(ctx, container.session)) left.push({ call, container });
  }
  return left;
};

/** Nothing is said of containers where agents run in none. */
export const checkLeftContainers = async (ctx: Context): Promise<Check[]> => {
  if (enginesOf(ctx).length === 0) return [];
  const left = await leftContainers(ctx);
  if (left.length === 0) return [ok('containers', 'none left behind')];
  const names = left.map(({ container }) => container.name).join(', ');
  return [
    warning(
      'containers',
      `left behind by runs that died: ${names}`,
      'The next `iterate` of their session ends them, or `amp-sessions doctor --fix`.',
      true,
    ),
  ];
};

/** Ends them all; says what it did. */
export const endLeftContainers = async (ctx: Context): Promise<string[]> => {
  const left = await leftContainers(ctx);
  for (const { call, container } of left) await endContainer(call, container.id);
  return left.map(({ container }) => `ended the container ${container.name}`);
};
