import { z } from 'zod';

/** What a key of a batch file means, and what completes "`key` must be …". */
export interface KeyMeta {
  description: string;
  expects: string;
}

export const key = <T extends z.ZodType>(schema: T, description: string, expects: string): T =>
  schema.meta({ description, expects } satisfies KeyMeta);

/** Without control characters, which also end up in file names and on terminals. */
export const line = (most: number) =>
  z
    .string()
    .regex(/^(?! *$)[^\0-\x1f\x7f]*$/)
    .max(most);
export const text = z
  .string()
  .regex(/^(?!\s*$)[^\0]*$/)
  .max(4 * 1024 * 1024);
/** A word that reaches a command line: must not read as an option. */
export const word = z.string().regex(/^[^\s\0-][^\s\0]*$/);
/** 2^31 milliseconds is the longest timer there is. */
const MOST_SECONDS = 2_147_483;
export const seconds = z.int().min(1).max(MOST_SECONDS);
const DURATION = /^(?=.*[1-9])(\d{1,4}h)?(\d{1,5}m)?(\d{1,7}s)?$/;
const PATH = 'a path, as seen from this file';

const budget = z.strictObject({
  usd: key(z.number().positive().max(1e9), 'US dollars.', 'a number of US dollars above 0').optional(),
  tokens: key(
    z.int().positive(),
    'Tokens: input, output and cache writes; cache reads do not count.',
    'a whole number of tokens above 0',
  ).optional(),
  wallClock: key(
    z.union([
      seconds,
      z
        .string()
        .regex(DURATION)
        .refine((time) => secondsOf(time) <= MOST_SECONDS),
    ]),
    'Time, as 2h, 90m, or a number of seconds.',
    'a time such as 2h or 90m, 596h at most, or a whole number of seconds',
  ).optional(),
});

export const budgetOf = (whose: string) =>
  key(budget, `What ${whose} may use.`, 'a group of `usd`, `tokens`, `wallClock`');

/** `{{name}}` in any text; numbers count as they are written. */
const vars = key(
  z.record(z.string().regex(/^[A-Za-z_][\w-]*$/), z.union([z.string(), z.number(), z.boolean()])),
  'Values for `{{name}}` in every text of the file.',
  'names (letters, digits, - and _) with a text or number each',
);

const agentName = key(
  line(4096),
  'The coding agent: amp, command:<line> or scripted:<file>, the file as seen from this one.',
  "an agent's name",
);
const model = key(word, "Amp's mode, or another agent's model.", 'a mode or model');
const repo = key(line(4096), 'The repository, as seen from this file, or ~/….', PATH);
const prompt = key(text, 'What the agent is to do.', 'a text');
const promptFile = key(line(4096), 'A file with the prompt, as seen from this file.', PATH);

const overrides = {
  baseBranch: key(word, 'Branch, tag or commit to start from.', 'a branch, tag or commit').optional(),
  scriptCommand: key(text, 'Test command, run in the worktree by a shell.', 'a command').optional(),
  setup: key(text, 'Command that makes a new worktree ready.', 'a command').optional(),
  timeoutSec: key(seconds, 'Seconds that one attempt may take.', 'a whole number of seconds, 1 to 2147483').optional(),
  retries: key(z.int().min(0).max(100), 'Attempts after the first.', 'a whole number, 0 to 100').optional(),
  retryOn: key(
    z.array(z.enum(['error', 'timeout', 'failed'])).max(3),
    'What is tried again: error and timeout, where nothing is said.',
    'a list of `error`, `timeout`, `failed`',
  ).optional(),
  mergeOnPass: key(z.boolean(), 'Merge what passed, one after the other.', 'true or false').optional(),
  budget: budgetOf('one item, with all its attempts,').optional(),
  untilPass: key(z.boolean(), 'Go on with the failing output until the tests pass.', 'true or false').optional(),
  maxIterations: key(
    z.int().min(1).max(1000),
    'Iterations at most, with untilPass.',
    'a whole number, 1 to 1000',
  ).optional(),
};

const name = key(
  line(200),
  'What it is called; unique in the batch.',
  'a name on one line, in quotes if it is a number',
);
const agentKeys = { agent: agentName.optional(), model: model.optional() };
const prompts = { prompt: prompt.optional(), promptFile: promptFile.optional() };

const matrixEntry = z.strictObject({
  repo: repo.optional(),
  ...prompts,
  name: name.optional(),
  ...agentKeys,
  ...overrides,
  vars: vars.optional(),
});

const promptEntry = z.strictObject({ ...prompts, name: name.optional(), ...overrides, vars: vars.optional() });
const repoEntry = z.strictObject({ repo, name: name.optional(), ...overrides, vars: vars.optional() });
export const agentEntry = z.strictObject({
  agent: agentName,
  model: model.optional(),
  name: name.optional(),
  timeoutSec: overrides.timeoutSec,
  budget: overrides.budget,
});

const limit = z.strictObject({
  concurrency: key(z.int().min(1).max(10_000), 'Runs of this agent at once.', 'a whole number from 1').optional(),
  perMinute: key(z.number().positive().max(100_000), 'Starts of this agent a minute.', 'a number above 0').optional(),
});

export const limits = key(
  z.record(z.string().regex(/^[a-z][a-z0-9-]*$/), limit),
  'How often each agent may be started, by its name.',
  'a group of agents, each with `concurrency` or `perMinute`',
);

export const list = <T extends z.ZodType>(entry: T) => z.array(entry).max(10_000);

/** A batch file, and what it includes. `schemas/batch.schema.json` is made from this. */
export const batchFileSchema = z.strictObject({
  runId: key(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/),
    'The id of the batch; without it one is made.',
    'an id of up to 63 letters, digits, - and _',
  ).optional(),
  name: key(
    line(200),
    'What the batch is called; the name of the file, where nothing is said.',
    'a name on one line',
  ).optional(),
  concurrency: key(z.int().min(1).max(1000), 'Items at once.', 'a whole number, 1 to 1000').optional(),
  budget: budgetOf('the whole run').optional(),
  dayBudget: budgetOf('all your batches in one day').optional(),
  limits: limits.optional(),
  vars: vars.optional(),
  include: key(
    z.union([line(4096), z.array(line(4096)).max(100)]),
    'Other batch files, as seen from this one: their items come first, this file has the last word.',
    'a path or a list of paths',
  ).optional(),
  defaults: key(
    z.strictObject({ repo: repo.optional(), ...agentKeys, ...overrides }),
    'What holds for every item that says nothing else.',
    'a group of keys',
  ).optional(),
  matrix: key(list(matrixEntry), 'Items one by one.', 'a list of items').optional(),
  prompts: key(
    list(z.union([text, promptEntry])),
    'Each of these goes to every one of `repos` and `agents`.',
    'a list of prompts, each a text or a group with `prompt` or `promptFile`',
  ).optional(),
  repos: key(
    list(z.union([line(4096), repoEntry])),
    'Repositories for `prompts`.',
    'a list of paths, or of groups with `repo`',
  ).optional(),
  agents: key(
    list(z.union([line(4096), agentEntry])),
    'Agents for `prompts`; the one of `defaults`, where nothing is said.',
    'a list of agents, or of groups with `agent`',
  ).optional(),
});

export type BatchFile = z.infer<typeof batchFileSchema>;
export type FileBudget = z.infer<typeof budget>;
export type MatrixEntry = z.infer<typeof matrixEntry>;

/** JSON Schema (draft 7, which YAML editors speak) of a batch file. */
export const batchJsonSchema = (): Record<string, unknown> => {
  const schema = z.toJSONSchema(batchFileSchema, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => {
      delete jsonSchema['expects'];
    },
  });
  return { ...schema, title: 'amp-sessions batch file' };
};

/** Seconds of `2h`, `90m`, `1h30m`, or of a number of them. */
export const secondsOf = (time: number | string): number => {
  if (typeof time === 'number') return time;
  const [, hours, minutes, rest] = DURATION.exec(time) ?? [];
  const amount = (part: string | undefined): number => (part === undefined ? 0 : Number(part.slice(0, -1)));
  return amount(hours) * 3600 + amount(minutes) * 60 + amount(rest);
};
