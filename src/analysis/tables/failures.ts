import type { LogEvent } from '../../events/catalogue.ts';
import { asData, asInteger, asList, asText, asTime, asWhole, type Data } from './read.ts';
import type { Place, Run } from './run.ts';
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

/** An event, and what its iteration was when it came. */
export interface Noted {
  event: LogEvent;
  place: Place;
  run: Run | undefined;
  /** What its last test run showed. */
  tests: string;
  /** The agent itself said what went wrong. */
  hasFailure: boolean;
}

/** What goes wrong, and what puts it right again. */
export class Failures {
  readonly rows: Row[] = [];
  /** By clone: one that goes on apart puts nothing right for another. */
  readonly #open = new Map<string, Open[]>();

  /** To be told in the order of the log, also where clones went on apart. */
  tell({ event, place, run, tests, hasFailure }: Noted): void {
    const handler = HANDLERS[event.type];
    const data = asData(event.data);
    const { writer } = event;
    const from = event.type === 'session.resumed' ? asText(asData(data['from'])['writer']) : null;
    if (from !== null) this.#open.set(writer, [...(this.#open.get(from) ?? [])]);
    const own = this.#open.get(writer) ?? [];
    this.#open.set(writer, own);
    const note = (mode: string, message: unknown = null, recovered?: string): Row => {
      const row: Row = {
        repo: null,
        session: place.session,
        line: place.line,
        writer: place.writer,
        seq: asWhole(place.seq),
        iteration: run?.number ?? asInteger(data['iteration']),
        agent: run?.agent ?? null,
        at: asTime(event.at),
        mode,
        message: asText(message),
        recovered_by: recovered ?? null,
        recovered_at: recovered === undefined ? null : asTime(event.at),
        recovered_in: null,
      };
      this.rows.push(row);
      return row;
    };
    const open = (kind: Kind, mode: string, message?: unknown): void => {
      own.push({ kind, row: note(mode, message), run });
    };
    const recover = (kinds: Kind[], by: string): void => this.#recover(writer, kinds, { by, at: event.at, run });
    handler?.({ data, tests, hasFailure, note, open, recover });
  }

  #recover(writer: string, kinds: Kind[], { by, at, run }: Recovery): void {
    const isOver = ({ kind, run: own }: Open): boolean => kinds.includes(kind) && (run === undefined || own !== run);
    const all = this.#open.get(writer)!;
    if (!all.some(isOver)) return;
    for (const { row } of all.filter(isOver)) {
      // Another clone may have been there before.
      if (row['recovered_by'] !== null) continue;
      Object.assign(row, { recovered_by: by, recovered_at: asTime(at), recovered_in: run?.number ?? null });
    }
    this.#open.set(
      writer,
      all.filter((one) => !isOver(one)),
    );
  }
}

interface Told extends Pick<Noted, 'tests' | 'hasFailure'> {
  data: Data;
  /** Writes down what has been put right at once, or never will be. */
  note: (mode: string, message?: unknown, recovered?: string) => Row;
  /** Writes down what something later may put right. */
  open: (kind: Kind, mode: string, message?: unknown) => void;
  recover: (kinds: Kind[], by: string) => void;
}

const tested = ({ data, tests, open, recover }: Told): void => {
  if (data['target'] === 'base') return;
  if (!hasFailed(data)) {
    recover(['tests'], 'tests');
    return;
  }
  const mode = data['timedOut'] === true ? 'tests.timed-out' : (TEST_MODES[tests] ?? 'tests.failing');
  open('tests', mode, data['command']);
};

const iterationEnded = ({ data, hasFailure, note, open, recover }: Told): void => {
  if (data['recovered'] === true) note('process.died', 'the iteration was ended by a later command', 'reconcile');
  if (data['outcome'] === 'completed') recover(['iteration', 'hook'], 'iteration');
  else if (!hasFailure && typeof data['outcome'] === 'string') open('iteration', `iteration.${data['outcome']}`);
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

const TELLING = new Set(['session.resumed', ...Object.keys(HANDLERS)]);

/** Whether an event of this type can be something that goes wrong, or put it right. */
export const isTelling = (type: string): boolean => TELLING.has(type);
