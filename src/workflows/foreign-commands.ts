import { createHash } from 'node:crypto';
import { isSessionTrusted, trustSession } from '../config/trust.ts';
import { AppError } from '../errors.ts';
import type { LogEvent } from '../events/catalogue.ts';
import { sessionLog } from '../events/envelope.ts';
import { evolve } from '../session/evolve.ts';
import { initialSession, type Session } from '../session/state.ts';
import { localWriters } from '../store/wal/writer.ts';
import type { Context } from './context.ts';

/** A command line on a session's record that another clone has put there. */
export interface ForeignCommand {
  what: 'test command' | 'set-up command' | 'program of the agent';
  line: string;
}

const WHAT: { what: ForeignCommand['what']; of(session: Session): string | null }[] = [
  { what: 'test command', of: ({ test }) => test },
  { what: 'set-up command', of: ({ setup }) => setup },
  { what: 'program of the agent', of: ({ agent }) => agent.command ?? null },
];

interface Traced {
  session: Session;
  /** Writer who said last what each command is. */
  from: string[];
}

const trace = (state: Traced, event: LogEvent): Traced => {
  const session = evolve(state.session, event);
  const from = WHAT.map(({ of }, at) => (of(session) === of(state.session) ? state.from[at]! : event.writer));
  return { session, from };
};

/** The commands of a session that no writer of this clone has put on record. */
export const foreignCommands = async (ctx: Context, id: string): Promise<ForeignCommand[]> => {
  const ours = new Set([ctx.store.writer, ...localWriters(ctx.repo)]);
  const [log] = await ctx.store.logs([sessionLog(id)]);
  if (log === undefined || [...log.tips.keys()].every((writer) => ours.has(writer))) return [];
  const initial: Traced = { session: initialSession, from: WHAT.map(() => '') };
  const { state } = await ctx.store.fold(sessionLog(id), initial, trace);
  return WHAT.flatMap(({ what, of }, at) => {
    const line = of(state.session);
    return line === null || ours.has(state.from[at]!) ? [] : [{ what, line }];
  });
};

const hashOf = (commands: ForeignCommand[]): string =>
  createHash('sha256').update(JSON.stringify(commands)).digest('hex');

/**
 * What came in with a log from elsewhere is not run before somebody here has said so.
 * @param line only this one is to be run
 * @throws AppError `config.untrusted`
 */
export const requireOwnCommands = async (ctx: Context, id: string, line?: string): Promise<void> => {
  const commands = await foreignCommands(ctx, id);
  const [first] = line === undefined ? commands : commands.filter((command) => command.line === line);
  if (!first || isSessionTrusted({ root: ctx.repo.root, session: id, sha256: hashOf(commands) }, ctx.home)) return;
  const more = commands.length > 1 ? `, and ${commands.length - 1} more` : '';
  throw new AppError(
    'config.untrusted',
    `Session ${id} was made in another clone, and its ${first.what} was never confirmed here: ${first.line}${more}.`,
    { hint: `Read them with \`amp-sessions status ${id}\`, then run \`amp-sessions config trust --session ${id}\`.` },
  );
};

/** Lets the commands of a session run here, as they are now; any change takes the trust away. */
export const trustCommands = async (ctx: Context, id: string) => {
  const commands = await foreignCommands(ctx, id);
  const sha256 = hashOf(commands);
  if (commands.length > 0) await trustSession({ root: ctx.repo.root, session: id, sha256 }, ctx.home);
  return { session: id, sha256, commands };
};
