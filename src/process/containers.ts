import { askEngine, type EngineCall, type EngineTrouble, troubleOf } from './engine.ts';

/** Tells the containers of a repository from all others. */
export const REPOSITORY_LABEL = 'amp-sessions.repository';

/** A container's name tells whose it is, as `ps` of both engines shows names alike. */
export const containerName = ({
  session,
  iteration,
  marker,
}: Record<'session' | 'iteration' | 'marker', string>): string =>
  ['amp-sessions', ...[session, iteration, marker].map((part) => part.replace(/[^\w.]/g, '_') || '0')].join('-');

export interface ListedContainer {
  id: string;
  name: string;
  session: string;
  iteration: number;
  isRunning: boolean;
}

const read = (line: string): ListedContainer | undefined => {
  const [id, state, name] = line.trim().split(' ');
  const [, session, iteration] = /^amp-sessions-([\w.]+)-(\d+)-[\w.]+$/.exec(name ?? '') ?? [];
  if (!id || session === undefined) return undefined;
  return { id, name: name!, session, iteration: Number(iteration), isRunning: state === 'running' };
};

/** The containers of a repository's agents that the engine knows, in whatever state. */
export const listContainers = async (
  call: EngineCall,
  repository: string,
): Promise<ListedContainer[] | EngineTrouble> => {
  const filter = `label=${REPOSITORY_LABEL}=${repository}`;
  const format = '{{.ID}} {{.State}} {{.Names}}';
  const answer = await askEngine(call, ['ps', '--all', '--no-trunc', '--filter', filter, '--format', format]);
  if (answer.exitCode !== 0) return troubleOf(answer);
  return answer.stdout.split('\n').flatMap((line) => read(line) ?? []);
};

/**
 * Ends a container and all that runs in it, and takes it away. Killed first: podman's `rm` would wait for a gentle end;
 * one that was made and never started can only be removed. That it is gone already is fine.
 */
export const endContainer = async (call: EngineCall, name: string): Promise<void> => {
  await askEngine(call, ['kill', name]);
  await askEngine(call, ['rm', '--force', name]);
};
