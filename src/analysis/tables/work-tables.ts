import { FATES } from './session-tables.ts';
import { placedTable, type Table, TOKENS } from './table.ts';

export const toolCalls: Table = placedTable('tool_calls', 'One call of a tool by the agent.', [
  ['iteration', 'INTEGER', 'Iteration in which it was called.'],
  ['agent', 'VARCHAR', 'Agent of that iteration.'],
  ['tool_call_id', 'VARCHAR', "The agent's own name of the call."],
  ['tool', 'VARCHAR', 'The tool; NULL where the call itself was never seen.'],
  ['summary', 'VARCHAR', 'What it was called with, in one short line.'],
  ['started_at', 'TIMESTAMPTZ', 'When it was called; NULL where the call itself was never seen.'],
  ['finished_at', 'TIMESTAMPTZ', 'When it came back; NULL where it never did.'],
  ['duration_ms', 'DOUBLE', 'Milliseconds by our own clock.'],
  ['is_error', 'BOOLEAN', "The agent's own word that it failed; NULL where it never came back."],
  ['exit_code', 'INTEGER', 'Exit code of a shell command.'],
  ['failed', 'BOOLEAN', 'It is an error, or its exit code is not 0; NULL where it never came back.'],
]);

export const usage: Table = placedTable(
  'usage',
  'What one iteration used of one model; a bill for several models at once is a row of its own, without a model.',
  [
    ['iteration', 'INTEGER', 'The iteration.'],
    ['started_at', 'TIMESTAMPTZ', 'When the iteration began.'],
    ['agent', 'VARCHAR', 'The agent.'],
    ['mode', 'VARCHAR', "Mode or model: as the agent told it, else as it was asked for; NULL: the agent's default."],
    ['model', 'VARCHAR', 'Model as the agent told it; NULL where it did not.'],
    ['reports', 'INTEGER', 'Reports of tokens that are added up here.'],
    ...TOKENS,
    ['cost_usd', 'DECIMAL(18,6)', 'Cost in US dollars; NULL where it is unknown, or part of a bill in another row.'],
    [
      'cost_source',
      'VARCHAR',
      'reported (by the agent), billed (difference of two bills), computed (tokens times list price), shared (part of the bill for all models, in the row without one), or unknown.',
    ],
    [
      'cost_is_lower_bound',
      'BOOLEAN',
      'The real cost may be higher, as what sub-agents use is not told; NULL where the cost is unknown or shared.',
    ],
    [
      'prices',
      'VARCHAR',
      'Package, version and date of the price table that it was computed with; NULL where it was not.',
    ],
  ],
  ['model'],
);

export const testRuns: Table = placedTable('test_runs', 'One run of the test command.', [
  ['iteration', 'INTEGER', 'Iteration whose commit was tested; NULL for the base.'],
  ['agent', 'VARCHAR', 'Agent of that iteration.'],
  ['target', 'VARCHAR', 'base or iteration.'],
  ['finished_at', 'TIMESTAMPTZ', 'When it ended.'],
  ['commit', 'VARCHAR', 'Commit that was tested.'],
  ['command', 'VARCHAR', 'The command.'],
  ['exit_code', 'INTEGER', 'Its exit code; NULL where a signal ended it or it was interrupted.'],
  ['signal', 'VARCHAR', 'Signal that ended it.'],
  ['timed_out', 'BOOLEAN', 'It took too long.'],
  ['interrupted', 'BOOLEAN', 'It was told to end before it was through: no verdict.'],
  ['duration_ms', 'DOUBLE', 'Milliseconds that it took.'],
  ['output_bytes', 'BIGINT', 'Bytes that it wrote.'],
  ['passed', 'BOOLEAN', 'Exit code 0, in time; NULL where it was interrupted.'],
  [
    'verdict',
    'VARCHAR',
    'Against the base as it was tested then: passed, newly-failing, was-failing-before or failing-base-unknown; NULL for the base itself and where it was interrupted.',
  ],
]);

export const commits: Table = placedTable('commits', "One commit on the session's branch, as it was first made.", [
  ['kind', 'VARCHAR', 'agent (of an iteration) or manual.'],
  ['iteration', 'INTEGER', 'Iteration that made it; of a manual one, the iteration that came next.'],
  ['agent', 'VARCHAR', 'Agent that made it; NULL for a manual one.'],
  ['at', 'TIMESTAMPTZ', 'When it was made, or found.'],
  ['commit', 'VARCHAR', 'Its id.'],
  ['subject', 'VARCHAR', 'Its subject.'],
  ['origin', 'VARCHAR', 'Of a manual one: commit, or uncommitted-edits that were put into one.'],
  ['author_name', 'VARCHAR', "Author of a manual one; NULL for the agent's."],
  ['author_email', 'VARCHAR', "That author's address."],
  ['authored_at', 'TIMESTAMPTZ', 'When a manual one was written.'],
  ['files', 'INTEGER', 'Files that differ.'],
  ['insertions', 'BIGINT', 'Lines added.'],
  ['deletions', 'BIGINT', 'Lines taken away.'],
  ['fate', 'VARCHAR', `What became of it: ${FATES}.`],
  ['landed', 'BOOLEAN', 'It is part of a branch of the user.'],
  ['landed_at', 'TIMESTAMPTZ', 'When it became so.'],
  ['landed_as', 'VARCHAR', 'Commit that stands for it there: itself, a rebased one, or a squashed one.'],
  ['landed_in', 'VARCHAR', 'Full name of that branch.'],
  ['discarded', 'BOOLEAN', 'It was thrown away: rewound, reset, skipped, undone or removed.'],
]);

export const gitOperations: Table = placedTable(
  'git_operations',
  'One thing that was done to the branch, or that stood in its way.',
  [
    ['operation', 'INTEGER', 'Its number within the session, which `undo` takes; NULL where it has none.'],
    [
      'verb',
      'VARCHAR',
      'squash, rebase, merge, rewind, undo, conflict (one commit that could not be put onto its base), reset (the branch was moved by hand), push or pull-request.',
    ],
    ['started_at', 'TIMESTAMPTZ', 'When it began.'],
    ['finished_at', 'TIMESTAMPTZ', 'When it ended.'],
    [
      'duration_ms',
      'DOUBLE',
      'Milliseconds that it took; of a rebase that met conflicts, from the first of them to its end; of a conflict, until somebody had decided.',
    ],
    [
      'outcome',
      'VARCHAR',
      'done, rolled-back, given-up (a rebase), person, agent or skip (who decided a conflict), or open.',
    ],
    ['detail', 'VARCHAR', 'Why it was rolled back or given up; the address of a pull request; the remote of a push.'],
    ['target', 'VARCHAR', 'What was merged into, rebased upon, or pushed to.'],
    ['mode', 'VARCHAR', 'Of a merge: fast-forward or merge-commit.'],
    ['from_commit', 'VARCHAR', "Tip of the session's branch before; of a conflict, the commit in conflict."],
    ['to_commit', 'VARCHAR', "Tip of the session's branch afterwards; of a conflict, what became of the commit."],
    ['conflicts', 'INTEGER', 'Of a rebase: commits of it that met a conflict; of a conflict: files in it.'],
    ['paths', 'VARCHAR[]', 'Of a conflict: the files.'],
    ['kinds', 'VARCHAR[]', 'Of a conflict: what sort each file is of, such as content or modify/delete.'],
    ['commits_squashed', 'INTEGER', 'Commits that became one.'],
    ['commits_rewritten', 'INTEGER', 'Commits that were made anew.'],
    ['commits_dropped', 'INTEGER', 'Commits that were left out.'],
    ['gates_failed', 'VARCHAR[]', 'Of a merge: gates that did not hold.'],
    ['gates_skipped', 'VARCHAR[]', 'Of a merge: gates that the user passed over.'],
    ['iteration', 'INTEGER', 'Of a rewind: the iteration that it went back to, 0 for the beginning.'],
    ['undoes', 'INTEGER', 'Of an undo: number of the operation that it took back.'],
    ['undone', 'BOOLEAN', 'It was taken back since.'],
    ['recovered', 'BOOLEAN', 'A later command finished it, because the first one died.'],
  ],
);

export const errors: Table = placedTable(
  'errors',
  'One thing that went wrong, and what it recovered by.',
  [
    ['iteration', 'INTEGER', 'Iteration that it belongs to.'],
    ['agent', 'VARCHAR', 'Agent of that iteration.'],
    ['at', 'TIMESTAMPTZ', 'When it became known.'],
    [
      'mode',
      'VARCHAR',
      'How it failed: a code of the agent such as agent.offline; iteration.failed, iteration.interrupted or iteration.timed-out where there is none; process.died, agent.survivors, hook.refused, setup.failed, tests.newly-failing, tests.failing, tests.timed-out, rebase.conflict, operation.rolled-back, log.torn or repository.changed.',
    ],
    ['message', 'VARCHAR', 'In words, where there are any.'],
    [
      'recovered_by',
      'VARCHAR',
      'What put it right: iteration (a later one that completed), tests (a later run that passed), rewind, reconcile (a later command), rollback, quarantine, kill, restore, trust, person, agent, skip, abort or setup (a later run); NULL where nothing has yet.',
    ],
    ['recovered_at', 'TIMESTAMPTZ', 'When.'],
    ['recovered_in', 'INTEGER', 'Iteration that put it right.'],
  ],
  ['mode', 'message'],
);
