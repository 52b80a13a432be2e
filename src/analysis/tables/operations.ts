import type { LogEvent } from '../../events/catalogue.ts';
import { asData, asDuration, asFlag, asInteger, asList, asText, asTime, between, type Data } from './read.ts';
import { type Place, placeColumns } from './run.ts';
import type { Row } from './table.ts';

const VERBS = new Set(['squash', 'rebase', 'merge', 'rewind', 'undo']);

const texts = (values: unknown, key: string): string[] => asList(values).map((one) => asText(asData(one)[key]) ?? '');

const operationRow = (place: Place, at: string, verb: string): Row => ({
  ...placeColumns(place),
  operation: null,
  verb,
  started_at: asTime(at),
  finished_at: null,
  duration_ms: null,
  outcome: 'open',
  detail: null,
  target: null,
  mode: null,
  from_commit: null,
  to_commit: null,
  conflicts: null,
  paths: null,
  kinds: null,
  commits_squashed: null,
  commits_rewritten: null,
  commits_dropped: null,
  gates_failed: null,
  gates_skipped: null,
  iteration: null,
  undoes: null,
  undone: false,
  recovered: null,
});

/** What `….started` says of each verb. */
const planned = (verb: string, data: Data): Row => {
  const onto = asData(data['onto']);
  const squash = verb === 'squash' ? data : asData(data['squash']);
  return {
    operation: asInteger(data['operation']),
    from_commit: asText(asData(asList(data['moves']).at(-1))['from']),
    commits_squashed: 'replaced' in squash ? asList(squash['replaced']).length : null,
    commits_rewritten: 'rewritten' in data ? asList(data['rewritten']).length : null,
    commits_dropped: 'dropped' in data ? asList(data['dropped']).length : null,
    ...(verb === 'merge' && {
      target: asText(data['target']),
      mode: asText(data['mode']),
      gates_failed: texts(
        asList(data['gates']).filter((gate) => asData(gate)['ok'] === false),
        'name',
      ),
      gates_skipped: asList(data['skipped']).flatMap((name) => asText(name) ?? []),
    }),
    ...(verb === 'rebase' && { target: asText(onto['name']) }),
    ...(verb === 'rewind' && { iteration: asInteger(data['iteration']) }),
    ...(verb === 'undo' && { undoes: asInteger(data['undoes']) }),
  };
};

/** What is done to the branch, from its beginning to its end. */
export class Operations {
  readonly #rows: Row[];
  #open: Row | undefined;
  #conflict: Row | undefined;
  /** A rebase that has met a conflict, and is neither done nor given up. */
  #rebase: Row | undefined;
  #done = new Map<number, Row>();

  constructor(rows: Row[], from?: Operations) {
    this.#rows = rows;
    if (!from) return;
    this.#open = from.#open;
    this.#conflict = from.#conflict;
    this.#rebase = from.#rebase;
    this.#done = new Map(from.#done);
  }

  tell(event: LogEvent, place: Place): void {
    const data = asData(event.data);
    const [verb, what] = event.type.split('.');
    if (VERBS.has(verb!) && what === 'started') this.#start(event, place, verb!, data);
    else if (VERBS.has(verb!) && what === 'finished') this.#finish(event, data);
    else this.#other(event, place, data);
  }

  #add(event: LogEvent, place: Place, verb: string, more: Row): Row {
    const row = Object.assign(operationRow(place, event.at, verb), more);
    this.#rows.push(row);
    return row;
  }

  #start(event: LogEvent, place: Place, verb: string, data: Data): void {
    const plan = planned(verb, data);
    // A rebase that goes on after its conflicts is one, from where it met the first of them.
    const conflicted = verb === 'rebase' ? this.#rebase : undefined;
    if (conflicted) this.#open = Object.assign(conflicted, plan, GOES_ON);
    else this.#open = this.#add(event, place, verb, { ...plan, ...(verb === 'rebase' && { conflicts: 0 }) });
  }

  #finish({ at }: LogEvent, data: Data): void {
    const row = this.#open;
    if (!row || row['operation'] !== data['operation']) return;
    this.#open = undefined;
    const finishedAt = asTime(at);
    // The event counts from where the rebase went on; its conflicts were part of it.
    const whole = row === this.#rebase ? between(row['started_at'] as string | null, finishedAt) : null;
    if (row === this.#rebase) this.#rebase = undefined;
    Object.assign(row, {
      finished_at: finishedAt,
      duration_ms: whole ?? asDuration(data['durationMs']),
      outcome: 'done',
      to_commit: asText(data['commit']),
      recovered: asFlag(data['recovered']),
    });
    const number = asInteger(data['operation']);
    if (number !== null) this.#done.set(number, row);
    if (row['verb'] !== 'undo') return;
    const taken = this.#done.get(asInteger(data['undoes']) ?? 0);
    if (taken) taken['undone'] = true;
  }

  #other(event: LogEvent, place: Place, data: Data): void {
    switch (event.type) {
      case 'operation.abandoned':
        if (this.#open) this.#close(this.#open, event, { outcome: 'rolled-back', detail: asText(data['reason']) });
        // The conflict that it came from is as undecided as it was.
        this.#open = undefined;
        return;
      case 'rebase.conflicted':
        this.#conflicted(event, place, data);
        return;
      case 'conflict.resolved':
        if (!this.#conflict) return;
        this.#close(this.#conflict, event, { outcome: asText(data['by']) ?? 'person', to_commit: asText(data['as']) });
        this.#conflict = undefined;
        return;
      case 'rebase.aborted':
        this.#abort(event, data);
        return;
      case 'manual-rewrite.found':
        this.#add(event, place, 'reset', {
          from_commit: asText(data['from']),
          to_commit: asText(data['to']),
          ...DONE(event),
        });
        return;
      case 'branch.pushed':
        this.#add(event, place, 'push', {
          target: asText(data['branch']),
          detail: asText(data['remote']),
          to_commit: asText(data['commit']),
          ...DONE(event),
        });
        return;
      case 'pull-request.opened':
        this.#add(event, place, 'pull-request', {
          target: asText(data['base']),
          detail: asText(data['url']),
          to_commit: asText(data['commit']),
          ...DONE(event),
        });
    }
  }

  #conflicted(event: LogEvent, place: Place, data: Data): void {
    const target = asText(asData(data['onto'])['name']);
    const before = { target, from_commit: asText(data['from']) };
    this.#rebase ??= this.#add(event, place, 'rebase', { ...before, conflicts: 0 });
    this.#rebase['conflicts'] = Number(this.#rebase['conflicts']) + 1;
    const conflicts = asList(data['conflicts']);
    this.#conflict = this.#add(event, place, 'conflict', {
      target,
      from_commit: asText(data['commit']),
      conflicts: conflicts.length,
      paths: texts(conflicts, 'path'),
      kinds: texts(conflicts, 'kind'),
    });
  }

  #abort(event: LogEvent, data: Data): void {
    const end = { outcome: 'given-up', detail: asText(data['reason']), to_commit: asText(data['commit']) };
    for (const row of [this.#conflict, this.#rebase]) if (row) this.#close(row, event, end);
    this.#conflict = undefined;
    this.#rebase = undefined;
  }

  #close(row: Row, { at }: LogEvent, end: Row): void {
    const finishedAt = asTime(at);
    const durationMs = between(row['started_at'] as string | null, finishedAt);
    Object.assign(row, { finished_at: finishedAt, duration_ms: durationMs, ...end });
  }
}

/** Of a rebase that may have been rolled back before. */
const GOES_ON: Row = { finished_at: null, duration_ms: null, outcome: 'open', detail: null };

const DONE = ({ at }: LogEvent): Row => ({ finished_at: asTime(at), outcome: 'done' });
