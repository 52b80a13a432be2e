import { basename, extname } from 'node:path';
import { type FileBudget, type MatrixEntry, secondsOf } from '../../batch/file-schema.ts';
import type { Budget, PlannedItem } from '../../batch/plan.ts';
import { type Found, pick, type RawItem } from '../../batch/products.ts';
import type { Problems } from '../../config/problems.ts';
import { resolveCommit } from '../../git/refs.ts';
import { nameFromPrompt } from '../../session/slug.ts';
import { type Choices, chooseForSession, requireAgent } from '../choices.ts';
import { type Context, openContext } from '../context.ts';
import { type Files, fillFound, pathIn, promptOf, refuseIn, type Scope, scopeOf, toldAt } from './fill-item.ts';

/** A program that the file names, or something else that it reaches outside its own folder. */
export interface Program {
  what: 'test command' | 'set-up command' | 'program of the agent' | 'script of the agent' | 'file outside its folder';
  line: string;
  /** How many items have it. */
  items: number;
}

/** Contexts of the repositories that a file names, one each, until they are closed. */
export class Repositories {
  readonly #env: Record<string, string | undefined>;
  readonly #warn: (text: string) => void;
  readonly #byPath = new Map<string, Promise<Context>>();
  readonly #answers = new Map<string, Promise<unknown>>();

  constructor(env: Record<string, string | undefined>, warn: (text: string) => void) {
    this.#env = env;
    this.#warn = warn;
  }

  open(path: string): Promise<Context> {
    const known = this.#byPath.get(path);
    if (known) return known;
    const opening = openContext({ dir: path, env: this.#env, warn: this.#warn });
    this.#byPath.set(path, opening);
    return opening;
  }

  /** What is asked once for all items that ask it. */
  once<T>(question: unknown[], answer: () => Promise<T>): Promise<T> {
    const key = JSON.stringify(question);
    const known = this.#answers.get(key) ?? answer();
    this.#answers.set(key, known);
    return known as Promise<T>;
  }

  async close(): Promise<void> {
    for (const opening of this.#byPath.values())
      await opening.then(
        (ctx) => ctx.store.close(),
        () => {},
      );
  }
}

export const budgetOf = (given: FileBudget | undefined): Budget | null => {
  if (given === undefined) return null;
  const { usd, tokens, wallClock } = given;
  if (usd === undefined && tokens === undefined && wallClock === undefined) return null;
  return {
    ...(usd !== undefined && { usd }),
    ...(tokens !== undefined && { tokens }),
    ...(wallClock !== undefined && { wallClockSec: secondsOf(wallClock) }),
  };
};

/** A model counts for the agent it was said of, or where no agent is said. */
const modelOf = (item: RawItem): Found<string> | undefined => {
  const at = item.layers.findIndex(({ values }) => values.agent !== undefined);
  return pick(at < 0 ? item : { ...item, layers: item.layers.slice(0, at + 1) }, 'model');
};

interface Making {
  files: Files;
  repositories: Repositories;
  programs: Map<string, Program>;
}

const note = ({ programs }: Making, what: Program['what'], line: string): void => {
  const key = `${what}\0${line}`;
  const known = programs.get(key);
  programs.set(key, { what, line, items: (known?.items ?? 0) + 1 });
};

/** `scripted:demo.yaml` with the path of the script; the rest as it is. */
const agentOf = (making: Making, found: Found<string> | undefined, scope: Scope): string | undefined => {
  if (!found) return undefined;
  const given = fillFound(making.files, found, scope);
  const script = /^scripted:./.test(given) ? pathIn(making.files, found.spot, given.slice(9)) : undefined;
  const agent = script === undefined ? given : `scripted:${script}`;
  if (script !== undefined) note(making, 'script of the agent', script);
  if (agent.startsWith('command:')) note(making, 'program of the agent', agent.slice(8));
  return agent;
};

const commandOf = (making: Making, item: RawItem, key: 'scriptCommand' | 'setup', scope: Scope): string | undefined => {
  const found = pick(item, key);
  if (!found) return undefined;
  const command = fillFound(making.files, found, scope);
  note(making, key === 'setup' ? 'set-up command' : 'test command', command);
  return command;
};

const chosen = async (making: Making, item: RawItem, scope: Scope): Promise<{ ctx: Context; choices: Choices }> => {
  const { files, repositories } = making;
  const named = pick(item, 'agent');
  const agent = agentOf(making, named, scope);
  if (named && agent) await toldAt(files, named.spot, async () => requireAgent(agent));
  const model = modelOf(item);
  const mode = model && fillFound(files, model, scope);
  if (agent !== undefined) scope.set('agent', agent.split(':', 1)[0]!);
  if (mode !== undefined) scope.set('model', mode);
  const repo = pick(item, 'repo')!;
  const path = pathIn(files, repo.spot, fillFound(files, repo, scope));
  const ctx = await toldAt(files, repo.spot, () => repositories.open(path));
  scope.set('repo.path', ctx.repo.root).set('repo.name', basename(ctx.repo.root));
  if (agent === undefined) scope.set('agent', ctx.config.config.agent);
  const test = commandOf(making, item, 'scriptCommand', scope);
  const setup = commandOf(making, item, 'setup', scope);
  const flags = { agent, model: mode, test, setup };
  const ask = () => chooseForSession(ctx, flags);
  const choices = await repositories.once(['choices', ctx.repo.root, flags], ask);
  return { ctx, choices };
};

const baseOf = async ({ files, repositories }: Making, ctx: Context, item: RawItem, scope: Scope) => {
  const found = pick(item, 'baseBranch');
  if (!found) return null;
  const base = fillFound(files, found, scope);
  await toldAt(files, found.spot, () =>
    repositories.once(['base', ctx.repo.root, base], () => resolveCommit(ctx.repo, base, ctx.repo.here ?? undefined)),
  );
  return base;
};

/** What an item is called: as the user said, else after its prompt. */
const nameOf = (
  { files }: Making,
  item: RawItem,
  made: { prompt: string; file: string | null; scope: Scope },
): string => {
  const { names } = item;
  const own = (given: Found<string> | boolean, variable: string): string | undefined =>
    given === false ? undefined : given === true ? made.scope.get(variable) : fillFound(files, given, made.scope);
  const after = made.file === null ? nameFromPrompt(made.prompt) : basename(made.file, extname(made.file));
  const first = names.prompt === null ? after : fillFound(files, names.prompt, made.scope);
  const agent = [own(names.agent, 'agent'), names.agent === true ? made.scope.get('model') : undefined];
  return [first, own(names.repo, 'repo.name'), ...agent]
    .filter((part) => part !== undefined)
    .join('-')
    .trim();
};

/** Another name for what would be called as something before it. */
const unique = (name: string, repo: string, taken: Map<string, number>): string => {
  if (!taken.has(name)) return name;
  if (!taken.has(`${name}-${repo}`)) return `${name}-${repo}`;
  for (let count = 2; ; count++) if (!taken.has(`${name}-${count}`)) return `${name}-${count}`;
};

/** How items are numbered, and the names that are given away. */
interface Ids {
  digits: number;
  taken: Map<string, number>;
}

const DEFAULTS = { retries: 0, retryOn: ['error', 'timeout'] as PlannedItem['retryOn'] };

const settled = <K extends keyof MatrixEntry>(item: RawItem, key: K): NonNullable<MatrixEntry[K]> | undefined =>
  pick(item, key)?.value;

const planItem = async (making: Making, item: RawItem, at: number, ids: Ids): Promise<PlannedItem> => {
  const { files } = making;
  const { digits, taken } = ids;
  const id = String(at + 1).padStart(digits, '0');
  const scope = scopeOf(files, item).set('item', id);
  const { ctx, choices } = await chosen(making, item, scope);
  const base = await baseOf(making, ctx, item, scope);
  const { prompt, file } = promptOf(files, item, scope);
  const named = nameOf(making, item, { prompt, file, scope });
  const before = taken.get(named);
  if (before !== undefined && item.names.prompt !== null && !item.names.repo && !item.names.agent)
    throw refuseIn(files)(
      item.names.prompt.spot,
      'value',
      () => `“${named}” is the name of item ${before + 1} too.`,
      'Names are unique in a batch.',
    );
  const name = unique(named, scope.get('repo.name')!, taken);
  taken.set(name, at);
  return {
    item: id,
    name,
    repo: ctx.repo.root,
    prompt,
    base,
    ...choices,
    timeoutSec: settled(item, 'timeoutSec') ?? null,
    untilPass: settled(item, 'untilPass') ?? false,
    maxIterations: settled(item, 'maxIterations') ?? ctx.config.config.maxIterations,
    retries: settled(item, 'retries') ?? DEFAULTS.retries,
    retryOn: settled(item, 'retryOn') ?? DEFAULTS.retryOn,
    mergeOnPass: settled(item, 'mergeOnPass') ?? false,
    budget: budgetOf(settled(item, 'budget')),
  };
};

/**
 * Items as they are to be run, with everything looked up that can be looked up before anything starts.
 * @param problems gathers what is wrong with an item; those items are left out
 * @throws AppError `config.untrusted`
 */
export const planItems = async (
  files: Files,
  raw: RawItem[],
  { repositories, problems }: { repositories: Repositories; problems: Problems },
) => {
  const making: Making = { files, repositories, programs: new Map() };
  const ids: Ids = { digits: Math.max(3, String(raw.length).length), taken: new Map() };
  const items: PlannedItem[] = [];
  for (const [at, item] of raw.entries()) {
    const planned = await problems.attemptLater(() => planItem(making, item, at, ids), undefined);
    if (planned) items.push(planned);
  }
  for (const path of files.reading.outside) note(making, 'file outside its folder', path);
  return { items, programs: [...making.programs.values()] };
};
