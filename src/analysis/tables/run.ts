import type { Prices } from '../prices.ts';
import { asCount, asData, asDuration, asFlag, asInteger, asText, asTime, asWhole } from './read.ts';
import type { Row, Value } from './table.ts';
import { costColumns, tokenColumns, Used } from './used.ts';
import { DISCARDED, type Standing, type Work } from './work.ts';

/** What every row begins with: filled in by whoever knows the repository. */
export interface Place {
  session: string;
  line: string | null;
  writer: string;
  seq: number;
}

export const placeColumns = ({ session, line, writer, seq }: Place): Row => ({
  repo: null,
  session,
  line,
  writer,
  seq: asWhole(seq),
});

/** What became of work, as columns. */
export const fateOf = (standing: Standing | undefined, otherwise: string): Row => {
  const fate = standing?.fate ?? otherwise;
  return { fate, landed: fate === 'landed', discarded: DISCARDED.has(fate) };
};

/** One iteration, as it is told. */
export class Run {
  readonly used: Used;
  readonly work: Work;
  reason: string | null = null;
  outcome: string | null = null;
  messages = 0;
  toolCalls = 0;
  toolFailures = 0;
  foldedCommits = 0;
  tests = 'none';
  insertions = 0;
  deletions = 0;
  durationMs: number | null = null;
  number: number | null;
  #start: Row | undefined;
  #agent: Row = { agent_duration_ms: null, stopped: null, failure: null, turns: null };
  #end: Row;

  constructor(
    readonly place: Place,
    readonly key: string,
    number: unknown,
    prices: Prices | undefined,
  ) {
    this.number = asInteger(number);
    this.used = new Used(prices);
    this.work = { iteration: key };
    this.#end = this.#endOf({}, null);
  }

  /** It has a beginning: what is told of an iteration that never began is no iteration. */
  get isReal(): boolean {
    return this.#start !== undefined;
  }

  get agent(): Value {
    return this.#start?.['agent'] ?? null;
  }

  begin(value: unknown, at: string): void {
    const data = asData(value);
    const agent = asData(data['agent']);
    this.reason = asText(data['reason']);
    this.#start = {
      reason: this.reason,
      agent: asText(agent['name']),
      agent_version: asText(agent['version']),
      mode: asText(agent['mode']),
      thread_id: asText(agent['threadId']),
      resumed: typeof agent['threadId'] === 'string',
      started_at: asTime(at),
      head: asText(data['head']),
    };
  }

  thread(value: unknown): void {
    const { threadId, mode, model } = asData(value);
    if (this.#start) {
      this.#start['thread_id'] = asText(threadId) ?? this.#start['thread_id']!;
      this.#start['mode'] = asText(mode) ?? this.#start['mode']!;
    }
    this.used.model = asText(model) ?? this.used.model;
  }

  agentEnded(value: unknown): void {
    const data = asData(value);
    this.#agent = {
      agent_duration_ms: asDuration(data['durationMs']),
      stopped: asText(data['stopped']),
      failure: asText(asData(data['failure'])['code']),
      turns: asInteger(asData(data['result'])['turns']),
    };
  }

  get hasFailure(): boolean {
    return this.#agent['failure'] !== null;
  }

  end(value: unknown, at: string): void {
    this.#end = this.#endOf(asData(value), at);
    this.outcome = this.#end['outcome'] as string | null;
    this.durationMs = this.#end['duration_ms'] as number | null;
    this.insertions = (this.#end['insertions'] as number | null) ?? 0;
    this.deletions = (this.#end['deletions'] as number | null) ?? 0;
  }

  get commit(): string | null {
    return this.#end['commit'] as string | null;
  }

  #endOf(data: ReturnType<typeof asData>, at: string | null): Row {
    return {
      finished_at: asTime(at),
      duration_ms: asDuration(data['durationMs']),
      outcome: asText(data['outcome']),
      recovered: asFlag(data['recovered']),
      commit: asText(data['commit']),
      subject: asText(data['subject']),
      files: asInteger(data['files']),
      insertions: asCount(data['insertions']),
      deletions: asCount(data['deletions']),
    };
  }

  row(standing: Standing | undefined): Row | undefined {
    if (!this.#start) return undefined;
    return {
      ...placeColumns(this.place),
      iteration: this.number,
      ...this.#start,
      model: this.used.onlyModel,
      ...this.#agent,
      ...this.#end,
      messages: this.messages,
      tool_calls: this.toolCalls,
      tool_failures: this.toolFailures,
      ...tokenColumns(this.used.tokens),
      ...costColumns(this.used.cost),
      folded_commits: this.foldedCommits,
      tests: this.tests,
      ...fateOf(standing, this.outcome === null ? 'running' : 'nothing'),
    };
  }

  usageRows(): Row[] {
    const { mode = null, started_at: startedAt = null } = this.#start ?? {};
    const of = { iteration: this.number, started_at: startedAt, agent: this.agent, mode };
    return this.used.rows().map((row) => ({ ...placeColumns(this.place), ...of, ...row }));
  }
}
