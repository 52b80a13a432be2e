import { sessionLog } from '../../../src/events/envelope.ts';
import { packHistory, planPacking } from '../../../src/workflows/pack-history.ts';
import { archiveSession } from '../../../src/workflows/put-away.ts';
import { summaries } from '../../../src/workflows/summaries.ts';
import { verify } from '../../../src/workflows/verify.ts';
import { contextIn } from '../../support/sessions.ts';

/** Packs all that is closed, however young. */
export const packIn = async (dir: string, wish: { all?: boolean } = {}) => {
  const ctx = await contextIn(dir);
  const plan = await planPacking(ctx, { olderThanMs: -60_000, all: wish.all ?? false });
  return { plan, ...(await packHistory(ctx, plan)) };
};

export const closeIn = async (dir: string, id: string): Promise<void> => {
  const ctx = await contextIn(dir);
  const which = (await summaries(ctx)).find((one) => one.id === id)!;
  await archiveSession(ctx, which, { dryRun: false });
};

/** Every answer that a reader can get of a repository, as text to compare. */
export const answersIn = async (dir: string): Promise<string> => {
  const ctx = await contextIn(dir);
  const answers: unknown[] = [await summaries(ctx)];
  for (const { log } of await ctx.store.logs()) {
    answers.push(await ctx.store.read(log));
    answers.push((await ctx.store.fold(log, '', (text, event) => `${text}${event.prev}`)).state);
    for await (const line of ctx.store.transcript(log)) answers.push(line);
    answers.push((await ctx.store.watch(log).look()).lines.length);
  }
  const { ok, events, logs } = await verify(ctx);
  answers.push({ ok, events, logs: logs.map(({ problems, ...log }) => ({ ...log, problems })) });
  return JSON.stringify(answers, null, 1);
};

export { sessionLog };
