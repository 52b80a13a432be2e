import { z } from 'zod';
import { agentEntry, budgetOf, key, limits, line, list, seconds, text, word } from '../batch/file-schema.ts';

const PATCH = 'a patch, or a path to one as seen from this file';

/** Unique in the suite, and fit to name a folder and a session. */
const id = z.string().regex(/^[A-Za-z0-9_][\w.+-]{0,99}$/);

const shared = {
  repo: key(
    line(4096),
    'The repository: a folder as seen from this file, or owner/name that `--repo owner/name=<folder>` tells of.',
    'a path, or owner/name',
  ).optional(),
  commit: key(word, 'The commit that the agent starts from, whole or as a branch or tag.', 'a commit').optional(),
  setup: key(
    text,
    'Command that makes a new worktree ready, before the agent and before grading.',
    'a command',
  ).optional(),
  test: key(
    text,
    'Success command, run by a shell at grading: what it prints is read for `failToPass` and `passToPass`, else its exit code counts.',
    'a command',
  ).optional(),
  timeoutSec: key(seconds, 'Seconds that the agent may take.', 'a whole number of seconds, 1 to 2147483').optional(),
  parser: key(
    z.string().regex(/^[a-z][a-z0-9_]*$/),
    'How the output of the success command is read: auto, exit (its exit code alone), pytest, unittest, django, jest, vitest, mocha, tap, gotest, cargo, …',
    'the name of a parser',
  ).optional(),
  testTimeoutSec: key(
    seconds,
    'Seconds that the success command may take.',
    'a whole number of seconds, 1 to 2147483',
  ).optional(),
};

const testNames = (which: string) =>
  key(
    z.array(z.string().min(1).max(10_000)).max(100_000),
    which,
    'a list of names of tests, as the test runner prints them',
  );

const benchCase = z.strictObject({
  id: key(id, 'What the case is called; unique in the suite.', 'a name of letters, digits, `_`, `-`, `.` and `+`'),
  ...shared,
  prompt: key(text, 'What the agent is told.', 'a text').optional(),
  promptFile: key(
    line(4096),
    'A file with the prompt, as seen from this file.',
    'a path, as seen from this file',
  ).optional(),
  hiddenPatch: key(
    text,
    'Tests that are held back: applied at grading, over whatever the agent did to those files.',
    PATCH,
  ).optional(),
  solution: key(text, 'Reference solution: what `--agent gold` applies; no other agent sees it.', PATCH).optional(),
  failToPass: testNames('Tests that fail before and have to pass after; without it the exit code counts.').optional(),
  passToPass: testNames('Tests that pass before and have to pass after.').optional(),
});

/** All agents have the same limits, as they are compared: what an agent of a batch may have of its own is none here. */
const contender = agentEntry.omit({ timeoutSec: true, budget: true });

/** A suite file. `schemas/suite.schema.json` is made from this. */
export const suiteSchema = z.strictObject({
  suite: key(id, 'What the suite is called.', 'a name of letters, digits, `_`, `-`, `.` and `+`'),
  description: key(text, 'What it measures, for its readers.', 'a text').optional(),
  agents: key(
    list(z.union([line(4096), contender])),
    'Agents that take part; `--agent` names others.',
    'a list of agents, or of groups with `agent`',
  ).optional(),
  models: key(
    list(word),
    'Each agent that names no model takes part with each of these.',
    'a list of models',
  ).optional(),
  repeats: key(
    z.int().min(1).max(1000),
    'How often each agent works on each case.',
    'a whole number, 1 to 1000',
  ).optional(),
  concurrency: key(z.int().min(1).max(1000), 'Runs at once.', 'a whole number, 1 to 1000').optional(),
  retries: key(
    z.int().min(0).max(100),
    'Further attempts where an error kept the agent from its work: never after a time-out.',
    'a whole number, 0 to 100',
  ).optional(),
  budget: budgetOf('the whole run').optional(),
  dayBudget: budgetOf('all your batches in one day').optional(),
  runBudget: budgetOf('one agent in one case').optional(),
  limits: limits.optional(),
  defaults: key(
    z.strictObject(shared),
    'What holds for every case that says nothing else.',
    'a group of keys',
  ).optional(),
  cases: key(list(benchCase), 'The cases.', 'a list of cases'),
});

export type SuiteFile = z.infer<typeof suiteSchema>;
export type SuiteCase = SuiteFile['cases'][number];

/** JSON Schema (draft 7, which YAML editors speak) of a suite file. */
export const suiteJsonSchema = (): Record<string, unknown> => {
  const schema = z.toJSONSchema(suiteSchema, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => {
      delete jsonSchema['expects'];
    },
  });
  return { ...schema, title: 'amp-sessions suite of benchmark cases' };
};
