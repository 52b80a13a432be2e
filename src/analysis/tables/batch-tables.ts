import { type Column, type Table, TOKENS } from './table.ts';

type Told = readonly [name: string, type: Column['type'], says: string];

const columns = (told: Told[]): Column[] => told.map(([name, type, says]) => ({ name, type, says }));

const REPO: Told = ['repo', 'VARCHAR', 'Folder of the repository that has the log of the batch.'];
const COST: Told[] = [
  ...TOKENS,
  ['cost_usd', 'DECIMAL(18,6)', 'Cost of all attempts that have ended, in US dollars, as far as it was told.'],
  ['cost_is_lower_bound', 'BOOLEAN', 'Of some attempt nobody told the cost.'],
];

export const batches: Table = {
  name: 'batches',
  says: 'One batch or benchmark.',
  columns: columns([
    REPO,
    ['batch', 'VARCHAR', 'Id of the batch.'],
    ['name', 'VARCHAR', 'Its name.'],
    ['kind', 'VARCHAR', 'batch or bench.'],
    ['file', 'VARCHAR', 'File that it came from.'],
    ['sha256', 'VARCHAR', 'Hash of everything that was read for its plan.'],
    ['concurrency', 'INTEGER', 'Items at once.'],
    ['budget_usd', 'DOUBLE', 'Budget of the whole run in US dollars; NULL for none.'],
    ['budget_tokens', 'BIGINT', 'Budget of the whole run in tokens; NULL for none.'],
    ['budget_sec', 'DOUBLE', 'Budget of the whole run in seconds; NULL for none.'],
    ['created_at', 'TIMESTAMPTZ', 'When it was made.'],
    ['last_activity_at', 'TIMESTAMPTZ', 'When its last event was written.'],
    ['finished_at', 'TIMESTAMPTZ', 'When every item had its result; NULL while one has none.'],
    ['items', 'INTEGER', 'Items.'],
    ['queued', 'INTEGER', 'Items that wait.'],
    ['running', 'INTEGER', 'Items that run, by the record.'],
    ['passed', 'INTEGER', 'Items that passed.'],
    ['failed', 'INTEGER', 'Items whose tests failed.'],
    ['errors', 'INTEGER', 'Items that ended in an error, of the agent or ours.'],
    ['timeouts', 'INTEGER', 'Items that ran out of time.'],
    ['over_budget', 'INTEGER', 'Items that a budget ended.'],
    ['cancelled', 'INTEGER', 'Items that somebody gave up.'],
    ['attempts', 'INTEGER', 'Attempts, each a session.'],
    ...COST,
  ]),
  order: ['repo', 'batch'],
  logId: 'batch',
};

export const batchItems: Table = {
  name: 'batch_items',
  says: 'One item of a batch: a prompt for an agent in a repository.',
  columns: columns([
    REPO,
    ['session', 'VARCHAR', 'Session of its newest attempt; NULL where it was never begun.'],
    ['batch', 'VARCHAR', 'Id of the batch.'],
    ['item', 'VARCHAR', 'Its number in the batch, such as 007.'],
    ['name', 'VARCHAR', 'Its name.'],
    ['repository', 'VARCHAR', 'Folder of the repository that it is done in.'],
    ['prompt', 'VARCHAR', 'The task, as far as the event itself has it.'],
    ['base', 'VARCHAR', 'Where it starts from, where the batch says so.'],
    ['agent', 'VARCHAR', 'The agent.'],
    ['mode', 'VARCHAR', "Mode or model that was asked for; NULL: the agent's default."],
    ['test', 'VARCHAR', 'Test command.'],
    ['labels', 'JSON', 'What it was labelled with, such as the case and repeat of a benchmark.'],
    ['state', 'VARCHAR', 'queued, running, passed, failed, error, timeout, budget or cancelled.'],
    ['cause', 'VARCHAR', 'Code of why it ended so; NULL where the state says it all.'],
    ['cause_message', 'VARCHAR', 'The same as a sentence.'],
    ['attempts', 'INTEGER', 'Attempts, each a session.'],
    ['started_at', 'TIMESTAMPTZ', 'When its newest attempt began.'],
    ['finished_at', 'TIMESTAMPTZ', 'When it had its result.'],
    ['duration_ms', 'DOUBLE', 'Milliseconds of all attempts that have ended, added up.'],
    ...COST,
    ['commit', 'VARCHAR', 'Last commit of its newest attempt.'],
    ['verdict', 'VARCHAR', 'What the tests of its newest attempt showed: none, passed or failed.'],
    ['merged_commit', 'VARCHAR', 'Commit that its work was merged as.'],
    ['merge_refused', 'VARCHAR', 'Code of why its work could not be merged.'],
    ['resolved', 'BOOLEAN', 'A benchmark judged the case as resolved; NULL: not judged, or it could not be.'],
  ]),
  order: ['repo', 'batch', 'item'],
  logId: 'batch',
};
