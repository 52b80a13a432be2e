import { z } from 'zod';
import { OUTCOMES } from '../../bench/outcome.ts';
import { costUsd, count, open } from './shapes.ts';

const share = z.number().min(0).max(1);
const counts = z.record(z.enum(OUTCOMES), count).describe('runs by outcome; none is in two');
const estimate = open({
  value: share,
  low: share.describe('of the 95 % interval'),
  high: share,
  method: z.enum(['wilson', 'bootstrap']),
  cases: count.describe('cases it is made of'),
});
const tests = open({ passed: count, total: count }).nullable();
const tally = { resolved: count, graded: count };

const agent = open({
  name: z.string(),
  agent: z.string(),
  model: z.string().nullable(),
  total: count.describe('runs'),
  counts,
  passAt1: estimate.nullable().describe('over graded runs; null: nothing was graded'),
  passAt1Strict: estimate.nullable().describe('time-outs, budgets and failures of the agent count as unresolved'),
  passAtK: z.array(estimate.extend({ k: count })).describe('over cases with at least k graded runs'),
  byRepeat: z.array(open({ repeat: count, ...tally })),
  costUsd: costUsd.describe('of all attempts, as far as it is known; null: unknown'),
  costUnknownRuns: count.describe('with any, the cost is a lower bound'),
  costPerRunUsd: costUsd,
  costPerResolvedUsd: costUsd,
  tokensInput: count.nullable(),
  tokensOutput: count.nullable(),
  durationMs: z.number().min(0).nullable().describe('median of graded runs'),
  onFrontier: z.boolean().nullable().describe('no other is at least as good for at most the money; null: not known'),
});

const pair = open({
  a: z.string(),
  b: z.string(),
  cases: count.describe('that both have a graded run of'),
  both: count,
  onlyA: count,
  onlyB: count,
  neither: count,
  undecided: count.describe('one of them resolves it in just half of its runs'),
  p: share.describe("McNemar's exact test, two-sided"),
  pHolm: share.describe('corrected for the number of comparisons'),
  difference: z.number().nullable().describe("a's share minus b's, averaged over cases"),
  low: z.number().nullable().describe('of the 95 % interval, paired bootstrap; null: no spread'),
  high: z.number().nullable(),
});

const run = open({
  item: z.string(),
  case: z.string(),
  agent: z.string(),
  repeat: count,
  outcome: z.enum(OUTCOMES),
  cause: open({ code: z.string(), message: z.string() }).nullable(),
  session: z.string().nullable(),
  attempts: count,
  failToPass: tests,
  passToPass: tests,
  reason: z.string().nullable().describe('why it is not resolved, or could not be graded'),
  patchBytes: count.nullable(),
  costUsd,
  tokensInput: count.nullable(),
  tokensOutput: count.nullable(),
  durationMs: z.number().min(0).nullable(),
});

const shard = open({ index: count, of: count })
  .nullable()
  .describe('the part of the run that all of this is about; null: the whole');

const results = open({
  id: z.string().describe('of the run'),
  shard,
  isolation: z.string().nullable().describe('how the agents were held together'),
  files: z.array(z.string()).describe('what was written, absolute'),
  lost: z
    .array(
      open({ item: z.string(), case: z.string(), agent: z.string(), why: z.enum(['redacted', 'large', 'missing']) }),
    )
    .describe('answers that are in no file of predictions'),
  suite: z.string(),
  total: count.describe('runs: cases × agents × repeats'),
  ...tally,
  counts,
  repeats: count,
  agents: z.array(agent),
  pairs: z.array(pair),
  flaky: z.array(open({ case: z.string(), agent: z.string(), ...tally })),
  cases: z.array(
    open({
      case: z.string(),
      agents: z.array(open({ agent: z.string(), counts, ...tally, limited: count })),
    }),
  ),
  runs: z.array(run),
});

const budget = open({
  usd: z.number().optional().describe('US dollars'),
  tokens: count.optional().describe('input, output and cache writes'),
  wallClockSec: z.number().optional(),
}).nullable();

const plan = open({
  id: z.string().nullable().describe('of the run; null: it is made when it starts'),
  dryRun: z.literal(true),
  suite: z.string(),
  file: z.string().nullable(),
  sha256: z.string().describe('the same hash is the same benchmark'),
  total: count.describe('runs of the whole'),
  repeats: count,
  concurrency: count,
  budget,
  dayBudget: budget,
  runBudget: budget.describe('of one agent in one case'),
  limits: z.record(z.string(), open({ concurrency: count.optional(), perMinute: z.number().optional() })),
  shard,
  agents: z.array(open({ name: z.string(), agent: z.string(), model: z.string().nullable() })),
  cases: z.array(
    open({
      case: z.string(),
      repo: z.string().describe('folder with the history'),
      commit: z.string().describe('where the agent starts'),
      setup: z.string().nullable(),
      timeoutSec: z.number().nullable(),
      test: z.string().nullable().describe('null: nothing is graded here'),
      parser: z.string().nullable(),
      testTimeoutSec: z.number().nullable(),
      hasHiddenTests: z.boolean(),
      hasSolution: z.boolean(),
    }),
  ),
  runs: z.array(open({ item: z.string(), case: z.string(), agent: z.string(), repeat: count })).describe('of the part'),
  programs: z
    .array(open({ what: z.string(), line: z.string(), items: count }))
    .describe('what the file wants to run, or reaches outside its folder'),
});

/** What the commands about benchmarks print with `--json`, by command id. */
export const benchAnswers = {
  bench: z.union([results, plan]).describe('what it came to; with --dry-run what it would be'),
  'bench:report': results,
  'bench:init': open({
    suite: z.string().nullable().describe('the suite file; null with --dry-run'),
    cases: z.array(
      open({
        id: z.string(),
        commit: z.string().describe('where the agent starts'),
        parser: z.string(),
        failToPass: z.array(z.string()).nullable().describe('null: the exit code counts'),
        passToPass: z.array(z.string()).nullable(),
      }),
    ),
    looked: z
      .array(
        open({
          commit: z.string(),
          subject: z.string(),
          case: z.string().nullable().describe('id of its case; null: it makes none'),
          why: z.string().nullable().describe('why it makes none'),
        }),
      )
      .describe('commits, newest first'),
  }),
};
