import { z } from 'zod';
import { count, open, sessionId, time } from './shapes.ts';

const money = z
  .string()
  .regex(/^\d+\.\d+$/)
  .nullable();
const tokens = count.nullable();
const ms = z.number().min(0);
const share = z.number().min(0).max(1).nullable();
const tally = z.record(z.string(), count);

const used = {
  tokensInput: tokens.describe('without cache reads and writes; of all tokens null: none were told'),
  tokensOutput: tokens,
  tokensCacheRead: tokens,
  tokensCacheWrite: tokens,
  costUsd: money.describe('US dollars, exact decimals; null: nothing of it is known'),
  costSource: z
    .enum(['reported', 'billed', 'computed', 'mixed', 'unknown'])
    .nullable()
    .describe(
      'reported by the agent, billed: difference of two bills, computed: tokens times list price; null: nothing was used',
    ),
  costIsLowerBound: z.boolean().nullable().describe('the real cost may be higher; null: it is not known'),
  costBySource: open({ reported: money, billed: money, computed: money, mixed: money }).describe('parts of costUsd'),
  prices: z.array(z.string()).describe('package, version and date of the price tables that a part was computed with'),
};

const tool = {
  toolCalls: count,
  toolFailures: count.describe('an error by the word of the agent, or an exit code that is not 0'),
  toolP50Ms: ms.nullable(),
  toolP95Ms: ms.nullable(),
  toolMs: ms,
};

const figures = {
  sessions: count.describe('that were made, or of which anything is told'),
  iterations: count,
  iterationsCompleted: count,
  outcomes: tally.describe('iterations by how they ended; running: not yet'),
  durationMs: ms.describe('of all iterations, without tests'),
  iterationP50Ms: ms.nullable(),
  iterationP95Ms: ms.nullable(),
  ...used,
  costUnknownIterations: count.describe('that used something whose price is not known'),
  tokensOutputPerSecond: z.number().min(0).nullable(),
  ...tool,
  testRuns: count.describe('after iterations, with a verdict'),
  testPasses: count,
  testPassRate: share,
  testsNewlyFailing: count.describe('failed where the base had passed'),
  testMs: ms.describe('of all runs, those of the base and interrupted ones too'),
  commits: count,
  manualCommits: count,
  files: count,
  insertions: count,
  deletions: count,
  landedCommits: count,
  landedLines: count.describe('added and taken away by commits that have landed'),
  discardedCommits: count.describe('rewound, reset, skipped, undone or removed'),
  discardedLines: count,
  costPerLandedLineUsd: money.describe('null: nothing has landed, or nothing of the cost is known'),
  shareDiscarded: share.describe('discardedLines of all lines; null: no commit changed a line'),
  operations: tally.describe('what was done to branches, by verb'),
  rebases: count.describe('done, given up, or waiting'),
  rebasesConflicted: count,
  conflictRate: share,
  errors: count,
  errorsRecovered: count,
};

const group = open({
  group: z
    .string()
    .nullable()
    .describe('id of a session, an agent, a model (else its mode), a folder, or a day; null: what belongs to none'),
  name: z.string().optional().describe('of a session'),
  figures: open({ ...open(figures).partial().shape, ...used, sessions: count, iterations: count }).describe(
    'the same figures; of a model what is told of models',
  ),
});

/** What `metrics` prints with `--json`. */
export const metricsAnswers = {
  metrics: open({
    session: sessionId.optional().describe('only where one was asked about'),
    name: z.string().optional().describe('of that session'),
    repositories: z.array(z.string()).describe('folders whose history this is'),
    since: time.nullable(),
    until: time.nullable(),
    timeZone: z.string().describe('in which days begin at midnight, such as Europe/Berlin'),
    ...figures,
    groupBy: z.enum(['session', 'agent', 'model', 'repository', 'day']).optional(),
    groups: z.array(group).optional().describe('only with --group-by'),
    models: z.array(open({ model: z.string().nullable(), agent: z.string().nullable(), iterations: count, ...used })),
    tools: z.array(open({ tool: z.string().nullable(), ...tool })),
    failures: z.array(open({ mode: z.string().nullable(), errors: count, errorsRecovered: count, recoveredBy: tally })),
    days: z
      .array(open({ day: z.string().describe('in `timeZone`'), iterations: count, durationMs: ms, ...used }))
      .describe('days on which an iteration began'),
  }),
};
