import { endContainer, type ListedContainer, listContainers } from '../process/containers.ts';
import type { EngineCall, EngineKind } from '../process/engine.ts';
import { type Check, ok, skipped, warning } from './check.ts';
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

interface Left {
  found: { call: EngineCall; container: ListedContainer }[];
  /** Engines that could not be asked, and why. */
  unasked: string[];
}

/** Containers of sessions that no living process works on. With `auto` an engine that is not there is no trouble. */
const leftContainers = async (ctx: Context): Promise<Left> => {
  const left: Left = { found: [], unasked: [] };
  for (const engine of enginesOf(ctx)) {
    const call = findEngine(ctx, engine);
    const listed = call && (await listContainers(call, repositoryWord(ctx)));
    if (!call || !listed) continue;
    if ('trouble' in listed) left.unasked.push(problemOf(engine, listed).message);
    else for (const container of listed) if (!holderOf(ctx, container.session)) left.found.push({ call, container });
  }
  return left;
};

/** Nothing is said of containers where agents run in none. */
export const checkLeftContainers = async (ctx: Context): Promise<Check[]> => {
  if (enginesOf(ctx).length === 0) return [];
  const { found, unasked } = await leftContainers(ctx);
  if (found.length > 0) {
    const names = found.map(({ container }) => container.name).join(', ');
    const hint = 'The next `iterate` of their session ends them, or `amp-sessions doctor --fix`.';
    return [warning('containers', `left behind by runs that died: ${names}`, hint, true)];
  }
  if (unasked.length > 0) return [skipped('containers', `whether any are left cannot be told: ${unasked.join(' ')}`)];
  return [ok('containers', 'none left behind')];
};

/** Ends them all; says what it did. */
export const endLeftContainers = async (ctx: Context): Promise<string[]> => {
  const { found } = await leftContainers(ctx);
  for (const { call, container } of found) await endContainer(call, container.id);
  return found.map(({ container }) => `ended the container ${container.name}`);
};
