import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { findProgram } from '../agents/find-program.ts';
import { inShell } from '../errors.ts';
import {
  type EngineCall,
  type EngineFound,
  type EngineKind,
  type EngineTrouble,
  lookAtEngine,
  lookAtImage,
} from '../process/engine.ts';
import type { Container } from '../process/sandbox.ts';
import type { Context } from './context.ts';

/** A container that agents can run in here. */
export interface UsableContainer {
  found: EngineFound;
  container: Omit<Container, 'path' | 'repository'>;
}

/** Why there is none. */
export interface EngineProblem {
  message: string;
  hint: string;
}

export const engineTitle = (name: EngineKind): string => (name === 'docker' ? 'Docker' : 'Podman');

/** One word for a repository on this machine, in which no path is read. */
export const repositoryWord = (ctx: Context): string =>
  createHash('sha256').update(ctx.repo.commonDir).digest('hex').slice(0, 16);

/** How an engine is asked; undefined where it is not installed. A repository's own program is none. */
export const findEngine = (ctx: Context, name: EngineKind): EngineCall | undefined => {
  const { file } = findProgram(name, { path: ctx.env['PATH'] ?? '', refused: [ctx.repo.root] });
  return file === undefined ? undefined : { program: file, env: ctx.env };
};

const OTHERWISE = 'or set sandbox.use to bwrap or none.';

const notInstalled = (name: EngineKind): EngineProblem => ({
  message: `${engineTitle(name)} is not installed: there is no program \`${name}\` on the PATH.`,
  hint: `Install it, ${OTHERWISE}`,
});

const HINTS: Record<Exclude<EngineTrouble['trouble'], 'image'>, Record<EngineKind, string>> = {
  stopped: {
    docker: `Start it (\`sudo systemctl start docker\`, or Docker Desktop), ${OTHERWISE}`,
    podman: `Start it (\`podman machine start\`), ${OTHERWISE}`,
  },
  forbidden: {
    docker: 'Have yourself added to the group docker and log in again, or use a rootless Docker, or Podman.',
    podman: `See what \`podman info\` says, ${OTHERWISE}`,
  },
  broken: {
    docker: `See what \`docker info\` says, ${OTHERWISE}`,
    podman: `See what \`podman info\` says, ${OTHERWISE}`,
  },
};

const SENTENCES: Record<Exclude<EngineTrouble['trouble'], 'image'>, string> = {
  stopped: 'is not running',
  forbidden: 'may not be used by you',
  broken: 'does not work here',
};

/** What is wrong with an engine, as a sentence and the next step. */
export const problemOf = (name: EngineKind, { trouble, words }: EngineTrouble, image = ''): EngineProblem => {
  if (trouble === 'image')
    return {
      message: `${engineTitle(name)} has no image ${image}, and none is fetched for an agent.`,
      hint: `Fetch it with \`${name} pull ${inShell(image)}\`, or name another in sandbox.image.`,
    };
  const sentence = `${engineTitle(name)} ${SENTENCES[trouble]}: ${words}`;
  return { message: /[.?!]$/.test(words) ? sentence : `${sentence}.`, hint: HINTS[trouble][name] };
};

const look = async (ctx: Context, name: EngineKind, image: string): Promise<UsableContainer | EngineProblem> => {
  const call = findEngine(ctx, name);
  if (!call) return notInstalled(name);
  const [found, there] = await Promise.all([lookAtEngine(call), lookAtImage(call, image)]);
  if ('trouble' in found) return problemOf(name, found);
  if ('trouble' in there) return problemOf(name, there, image);
  const { id, variables } = there;
  const users = await usersOf(ctx, call, found, id);
  const { user } = found;
  const container = { engine: name, program: call.program, image: { name: image, id }, variables, user };
  return { found, container: { ...container, ...(users !== undefined && { users }) } };
};

/** Podman gives the user a name; root has one everywhere, and is what the user is in a rootless Docker. */
const usersOf = async (ctx: Context, call: EngineCall, found: EngineFound, id: string): Promise<string | undefined> => {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  if (uid === 0 || found.kind === 'podman' || found.isRootless) return undefined;
  const user = { uid, gid, name: ctx.env['USER'] || 'user', home: ctx.env['HOME'] || homedir() };
  return (await import('./image-users.ts')).usersFile(ctx, call, id, user);
};

const looked = new WeakMap<Context['env'], Map<string, Promise<UsableContainer | EngineProblem>>>();

/**
 * Whether agents can run in containers of an image, asked once a process as long as they can: all runs of a batch get
 * the image that its name meant when the first began.
 */
export const lookForContainer = async (
  ctx: Context,
  name: EngineKind,
  image: string,
): Promise<UsableContainer | EngineProblem> => {
  const known = looked.get(ctx.env) ?? new Map<string, Promise<UsableContainer | EngineProblem>>();
  looked.set(ctx.env, known);
  const key = `${name} ${image}`;
  const asked = known.get(key) ?? look(ctx, name, image);
  known.set(key, asked);
  const answer = await asked;
  if ('message' in answer) known.delete(key);
  return answer;
};
