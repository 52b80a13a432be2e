import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { BatchOptions, PlannedItem } from '../../../src/batch/plan.ts';
import type { LogEvent } from '../../../src/events/catalogue.ts';
import { createBatch } from '../../../src/workflows/batch/create.ts';
import { batchLog, readBatch } from '../../../src/workflows/batch/home.ts';
import { type RunOptions, runBatch } from '../../../src/workflows/batch/run.ts';
import type { BatchHeader, BatchView } from '../../../src/workflows/batch/view.ts';
import type { Context } from '../../../src/workflows/context.ts';
import { InterruptSwitch } from '../../../src/workflows/interrupts.ts';
import { optionsOf, planned } from '../../batch/world.ts';
import { tempDir } from '../../support/repo.ts';

/** What a person would have seen. */
export class Seen implements BatchView {
  readonly lines: string[] = [];
  readonly headers: BatchHeader[] = [];
  readonly slots: string[] = [];
  readonly events: LogEvent[] = [];
  readonly #listeners: ((event: LogEvent) => void)[] = [];

  header(header: BatchHeader): void {
    this.headers.push(header);
  }
  slot(slot: number, text: string | null): void {
    if (text !== null) this.slots.push(`${slot} ${text}`);
  }
  line(text: string): void {
    this.lines.push(text);
  }
  event(event: LogEvent): void {
    this.events.push(event);
    for (const listener of this.#listeners) listener(event);
  }
  on(listener: (event: LogEvent) => void): void {
    this.#listeners.push(listener);
  }
}

/** A home of the user's own for what a day has cost; without it tests would write into the real one. */
export const homeEnv = (): NodeJS.ProcessEnv => {
  const dir = tempDir('amp-home-');
  return { ...process.env, HOME: dir, XDG_DATA_HOME: join(dir, 'data'), XDG_CONFIG_HOME: join(dir, 'config') };
};

/** An item that runs a line of the shell as its agent. */
export const shell = (n: number, repo: string, command: string, over: Partial<PlannedItem> = {}): PlannedItem =>
  planned(n, { repo, agent: { name: 'command', mode: null, command }, ...over });

/** An item whose agent plays a script. */
export const scripted = (n: number, repo: string, yaml: string, over: Partial<PlannedItem> = {}): PlannedItem => {
  const file = join(tempDir('amp-script-'), 'agent.yaml');
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, yaml);
  return planned(n, { repo, agent: { name: 'scripted', mode: null, command: file }, ...over });
};

let made = 0;
afterEach(() => {
  made = 0;
});

export const create = (ctx: Context, items: PlannedItem[], over: Partial<BatchOptions> = {}): Promise<string> => {
  made += 1;
  return createBatch(ctx, { id: `run-${made}`, options: optionsOf({ file: null, ...over }), items });
};

export const run = async (ctx: Context, id: string, over: Partial<RunOptions> = {}) => {
  const view = new Seen();
  const interrupts = new InterruptSwitch();
  const result = await runBatch(ctx, id, { interrupts, view, ...over });
  const { items } = await readBatch(ctx, id);
  return { result, view, items, states: items.map(({ state }) => state) };
};

export const typesOf = async (ctx: Context, id: string): Promise<string[]> =>
  (await ctx.store.read(batchLog(id))).events.map(({ type }) => type);

/** Locks of the batch that are still there. */
export const locksIn = (ctx: Context): string[] =>
  readdirSync(join(ctx.repo.commonDir, 'amp', 'locks')).filter((name) => name.endsWith('.lock'));
