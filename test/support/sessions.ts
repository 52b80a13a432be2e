import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { LogEvent } from '../../src/events/catalogue.ts';
import { type Context, openContext } from '../../src/workflows/context.ts';
import { InterruptSwitch } from '../../src/workflows/interrupts.ts';
import { type IterateWish, iterate } from '../../src/workflows/iterate.ts';
import { type NewSession, newSession } from '../../src/workflows/new-session.ts';
import { tempDir } from './repo.ts';

const open: Context[] = [];
afterEach(async () => {
  for (const ctx of open.splice(0)) await ctx.store.close();
});

/** A context as a command opens it, with its warnings kept. */
export const contextIn = async (
  dir: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Context & { warnings: string[] }> => {
  const warnings: string[] = [];
  const ctx = Object.assign(await openContext({ dir, env, warn: (text) => warnings.push(text) }), { warnings });
  open.push(ctx);
  return ctx;
};

/** A script for the scripted agent, as a file outside the repository. */
export const script = (yaml: string): string => {
  const file = join(tempDir('amp-script-'), 'agent.yaml');
  writeFileSync(file, yaml);
  return file;
};

export const make = (ctx: Context, over: Partial<NewSession> = {}) =>
  newSession(ctx, {
    name: 'task',
    prompt: 'Do the task',
    base: null,
    agent: { name: 'scripted', mode: null },
    test: null,
    setup: null,
    ...over,
  });

/** One run of a session's agent, with the events it recorded. */
export const runOnce = async (ctx: Context, id: string, over: Partial<IterateWish> = {}) => {
  const events: LogEvent[] = [];
  const result = await iterate(ctx, {
    id,
    name: id,
    prompt: null,
    timeoutSec: null,
    untilPass: false,
    maxIterations: 5,
    interrupts: new InterruptSwitch(),
    ...over,
    onEvent: (event) => {
      events.push(event);
      over.onEvent?.(event);
    },
  });
  return { ...result, events, types: events.map(({ type }) => type) };
};
