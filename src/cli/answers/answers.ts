import { z } from 'zod';
import { errorCodes } from '../../errors.ts';
import { batchAnswers } from './batch-answers.ts';
import { benchAnswers } from './bench-answers.ts';
import { blameAnswers } from './blame-answers.ts';
import { compareAnswers } from './compare-answers.ts';
import { exportAnswers } from './export-answers.ts';
import { forgetAnswers } from './forget-answers.ts';
import { historyAnswers } from './history-answers.ts';
import { landingAnswers } from './landing-answers.ts';
import { machineAnswers } from './machine-answers.ts';
import { metricsAnswers } from './metrics-answers.ts';
import { packAnswers } from './pack-answers.ts';
import { preflightAnswers } from './preflight-answers.ts';
import { reportAnswers } from './report-answers.ts';
import { searchAnswers } from './search-answers.ts';
import { sessionAnswers } from './session-answers.ts';
import { open } from './shapes.ts';
import { snapshotAnswers } from './snapshot-answers.ts';
import { sqlAnswers } from './sql-answers.ts';
import { syncAnswers } from './sync-answers.ts';

/**
 * The `--json` document of every command, without its `schema`. `schemas/<command>.schema.json` is made from this; a
 * command imports the type only, so that zod is not loaded to print.
 */
export const answers = {
  ...sessionAnswers,
  ...landingAnswers,
  ...blameAnswers,
  ...preflightAnswers,
  ...machineAnswers,
  ...syncAnswers,
  ...snapshotAnswers,
  ...historyAnswers,
  ...packAnswers,
  ...forgetAnswers,
  ...sqlAnswers,
  ...searchAnswers,
  ...metricsAnswers,
  ...reportAnswers,
  ...exportAnswers,
  ...batchAnswers,
  ...compareAnswers,
  ...benchAnswers,
};

export type Answer<Id extends keyof typeof answers> = z.infer<(typeof answers)[Id]>;

/** Any document that reports an error; the answer's own fields stand beside `error` as far as they are known. */
export const errorAnswer = open({
  schema: z.string().regex(/^amp-sessions\/[a-z-]+\/v\d+$/),
  error: open({
    code: z.enum(errorCodes()),
    message: z.string().describe('one sentence'),
    hint: z.string().nullable().describe('the next step'),
  }),
});
