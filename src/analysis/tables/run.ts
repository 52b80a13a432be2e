import type { Prices } from '../prices.ts';
import { asCount, asData, asDuration, asFlag, asInteger, asText, asTime, asWhole, type Data } from './read.ts';
import type { Row, Value } from './table.ts';
import { costColumns, Used } from './used.ts';
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
export const fateOf = (
  standing: Standing | undefined,
  otherwise: string,
): { fate: string; landed: boolean; discarded: boolean } => {
  const fate = standing?.fate ?? otherwise;
  return { fate, landed: fate === 'landed', discarded: DISCARDED.has(fate) };
};

const NOT_ENDED = { agent_duration_ms: null, stopped: null, failure: null, turns: null } as const;

const startOf = (data: Data, at: string) => {
  const agent = asData(data['agent']);
  return {
    reason: asText(data['reason']),
    agent: asText(agent['name']),
    agent_version: asText(agent['version']),
    mode: asText(agent['mode']),
    thread_id: asText(agent['threadId']),
    resumed: typeof agent['threadId'] === 'string',
    started_at: asTime(at),
    head: asText(data['head']),
  };
};

const agentEndOf = (data: Data) => ({
  agent_duration_ms: asDuration(data['durationMs']),
  stopped: asText(data['stopped']),
  failure: asText(asData(data['failure'])['code']),
  turns: asInteger(asData(data['result'])['turns']),
});

const endOf = (data: Data, at: string | null) => ({
  finished_at: asTime(at),
  duration_ms: asDuration(data['durationMs']),
  outcome: asText(data['outcome']),
  recovered: asFlag(data['recovered']),
  commit: asText(data['commit']),
  subject: asText(data['subject']),
  files: asInteger(data['files']),
  insertions: asCount(data['insertions']),
  deletions: asCount(data['deletions']),
});

const UNFINISHED = endOf({}, null);

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
  #start: ReturnType<typeof startOf> | undefined;
  #agent: ReturnType<typeof agentEndOf> = NOT_ENDED;
  #end = UNFINISHED;

  constructor(
    readonly place: Place,
    readonly key: string,
    number: unknown,
    prices: Prices | undefined,
  ) {
    this.number = asInteger(number);
    this.used = new Used(prices);
    this.work = { iteration: key };
  }

  /** It has a beginning: what is told of an iteration that never began is no iteration. */
  get isReal(): boolean {
    return this.#start !== undefined;
  }

  get agent(): Value {
    return this.#start?.agent ?? null;
  }

  begin(value: unknown, at: string): void {
    this.#start = startOf(asData(value), at);
    this.reason = this.#start.reason;
  }

  thread(value: unknown): void {
    const { threadId, mode, model } = asData(value);
    if (this.#start) {
      this.#start.thread_id = asText(threadId) ?? this.#start.thread_id;
      this.#start.mode = asText(mode) ?? this.#start.mode;
    }
    this.used.model = asText(model) ?? this.used.model;
  }

  agentEnded(value: unknown): void {
    this.#agent = agentEndOf(asData(value));
  }

  get hasFailure(): boolean {
    return this.#agent.failure !== null;
  }

  end(value: unknown, at: string): void {
    this.#end = endOf(asData(value), at);
    this.outcome = this.#end.outcome;
    this.durationMs = this.#end.duration_ms;
    this.insertions = this.#end.insertions ?? 0;
    this.deletions = this.#end.deletions ?? 0;
  }

  get commit(): string | null {
    return this.#end.commit;
  }

  /** Every column by its name: to put a row together out of others takes ten times as long. */
  row(standing: Standing | undefined): Row | undefined {
    if (!this.#start) return undefined;
    const [{ place, used }, start, agent, end] = [this, this.#start, this.#agent, this.#end];
    const { tokens } = used;
    const { cost_usd, cost_source, cost_is_lower_bound } = costColumns(used.cost);
    const { fate, landed, discarded } = fateOf(standing, this.outcome === null ? 'running' : 'nothing');
    return {
      repo: null,
      session: place.session,
      line: place.line,
      writer: place.writer,
      seq: asWhole(place.seq),
      iteration: this.number,
      reason: start.reason,
      agent: start.agent,
      agent_version: start.agent_version,
      mode: start.mode,
      thread_id: start.thread_id,
      resumed: start.resumed,
      started_at: start.started_at,
      head: start.head,
      model: used.onlyModel,
      agent_duration_ms: agent.agent_duration_ms,
      stopped: agent.stopped,
      failure: agent.failure,
      turns: agent.turns,
      finished_at: end.finished_at,
      duration_ms: end.duration_ms,
      outcome: end.outcome,
      recovered: end.recovered,
      commit: end.commit,
      subject: end.subject,
      files: end.files,
      insertions: end.insertions,
      deletions: end.deletions,
      messages: this.messages,
      tool_calls: this.toolCalls,
      tool_failures: this.toolFailures,
      tokens_input: tokens.tokensInput,
      tokens_output: tokens.tokensOutput,
      tokens_cache_read: tokens.tokensCacheRead,
      tokens_cache_write: tokens.tokensCacheWrite,
      cost_usd,
      cost_source,
      cost_is_lower_bound,
      folded_commits: this.foldedCommits,
      tests: this.tests,
      fate,
      landed,
      discarded,
    };
  }

  usageRows(): Row[] {
    const { mode = null, started_at: startedAt = null } = this.#start ?? {};
    const of = { iteration: this.number, started_at: startedAt, agent: this.agent, mode };
    return this.used.rows().map((row) => Object.assign(placeColumns(this.place), of, row));
  }
}
