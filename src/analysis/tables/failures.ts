import type { LogEvent } from '../../events/catalogue.ts';
import { asData, asInteger, asList, asText, asTime, type Data } from './read.ts';
import { type Place, placeColumns, type Run } from './run.ts';
import type { Row } from './table.ts';

/** What may put an error right. */
type Kind = 'iteration' | 'tests' | 'setup' | 'conflict' | 'change' | 'hook';

interface Open {
  kind: Kind;
  row: Row;
  run: Run | undefined;
}

interface Recovery {
  by: string;
  at: string;
  run?: Run | undefined;
}

const hasFailed = ({ exitCode, timedOut }: Data): boolean => exitCode !== 0 || timedOut === true;

const TEST_MODES: Record<string, string> = { 'newly-failing': 'tests.newly-failing' };

/** What goes wrong, and what puts it right again. */
export class Failures {
  readonly #rows: Row[];
  #open: Open[] = [];

  constructor(rows: Row[], from?: Failures) {
    this.#rows = rows;
    if (from) this.#open = [...from.#open];
  }

  /** @param run the iteration that the event speaks of, with the event in it */
  tell(event: LogEvent, place: Place, run: Run | undefined): void {
    const data = asData(event.data);
    const note = (mode: string, message: unknown = null, recovered?: string): Row => {
      const row: Row = {
        ...placeColumns(place),
        iteration: run?.number ?? asInteger(data['iteration']),
        at: asTime(event.at),
        mode,
        message: asText(message),
        recovered_by: recovered ?? null,
        recovered_at: recovered === undefined ? null : asTime(event.at),
        recovered_in: null,
      };
      this.#rows.push(row);
      return row;
    };
    const open = (kind: Kind, mode: string, message?: unknown): void => {
      this.#open.push({ kind, row: note(mode, message), run });
    };
    const recover = (kinds: Kind[], by: string): void => this.#recover(kinds, { by, at: event.at, run });
    HANDLERS[event.type]?.({ data, run, note, open, recover });
  }

  #recover(kinds: Kind[], { by, at, run }: Recovery): void {
    const isOver = ({ kind, run: own }: Open): boolean => kinds.includes(kind) && (run === undefined || own !== run);
    // Another line may have been there before.
    for (const { row } of this.#open.filter(isOver))
      if (row['recovered_by'] === null)
        Object.assign(row, { recovered_by: by, recovered_at: asTime(at), recovered_in: run?.number ?? null });
    this.#open = this.#open.filter((one) => !isOver(one));
  }
}

interface Told {
  data: Data;
  run: Run | undefined;
  /** Writes down what has been put right at once, or never will be. */
  note: (mode: string, message?: unknown, recovered?: string) => Row;
  /** Writes down what something later may put right. */
  open: (kind: Kind, mode: string, message?: unknown) => void;
  recover: (kinds: Kind[], by: string) => void;
}

const tested = ({ data, run, open, recover }: Told): void => {
  if (data['target'] === 'base') return;
  if (!hasFailed(data)) {
    recover(['tests'], 'tests');
    return;
  }
  const mode = data['timedOut'] === true ? 'tests.timed-out' : (TEST_MODES[run?.tests ?? ''] ?? 'tests.failing');
  open('tests', mode, data['command']);
};

const iterationEnded = ({ data, run, note, open, recover }: Told): void => {
  if (data['recovered'] === true) note('process.died', 'the iteration was ended by a later command', 'reconcile');
  if (data['outcome'] === 'completed') recover(['iteration', 'hook'], 'iteration');
  else if (!run?.hasFailure && typeof data['outcome'] === 'string') open('iteration', `iteration.${data['outcome']}`);
};

const changed = ({ data, note, open }: Told): void => {
  for (const item of asList(data['items']).map(asData)) {
    if (item['blocks'] !== true) continue;
    if (item['restored'] === true) note('repository.changed', item['item'], 'restore');
    else open('change', 'repository.changed', item['item']);
  }
};

const operationEnded = ({ data, note }: Told): void => {
  if (data['recovered'] === true) note('process.died', 'the operation was finished by a later command', 'reconcile');
};

const HANDLERS: Record<string, ((told: Told) => void) | undefined> = {
  'agent.finished': ({ data, note, open }) => {
    const failure = asData(data['failure']);
    const code = asText(failure['code']);
    if (code !== null) open('iteration', code, failure['message']);
    const survivors = asInteger(data['survivors']) ?? 0;
    if (survivors > 0) note('agent.survivors', `${survivors} processes`, 'kill');
  },
  'iteration.finished': iterationEnded,
  'hook.finished': ({ data, open }) => {
    if (hasFailed(data)) open('hook', 'hook.refused', data['hook']);
  },
  'setup.finished': ({ data, open, recover }) => {
    if (hasFailed(data)) open('setup', 'setup.failed', data['command']);
    else recover(['setup'], 'setup');
  },
  'test-run.finished': tested,
  'rebase.conflicted': ({ data, open }) => open('conflict', 'rebase.conflict', asData(data['onto'])['name']),
  'conflict.resolved': ({ data, recover }) => recover(['conflict'], asText(data['by']) ?? 'person'),
  'rebase.aborted': ({ recover }) => recover(['conflict'], 'abort'),
  'operation.abandoned': ({ data, note }) => {
    note('operation.rolled-back', data['reason'], 'rollback');
  },
  'log.recovered': ({ data, note }) => {
    note('log.torn', `${asInteger(data['tornBytes']) ?? 0} bytes`, 'quarantine');
  },
  'repository-change.found': changed,
  'repository-change.trusted': ({ recover }) => recover(['change'], 'trust'),
  'squash.finished': operationEnded,
  'rebase.finished': operationEnded,
  'merge.finished': operationEnded,
  'undo.finished': operationEnded,
  'rewind.finished': (told) => {
    operationEnded(told);
    told.recover(['iteration', 'hook', 'tests'], 'rewind');
  },
};
