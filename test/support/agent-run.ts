import type { AgentEnd, AgentFact, AgentRequest, AgentRun } from '../../src/agents/agent.ts';
import { Amp, type AmpOptions } from '../../src/agents/amp.ts';
import type { AgentSettings } from '../../src/agents/settings.ts';
import { systemClock } from '../../src/clock.ts';
import { type FakeAmp, type FakeRun, type FakeScenario, makeFakeAmp } from './fake-amp/make-fake-amp.ts';
import { tempDir } from './repo.ts';

export const settings = (): AgentSettings => ({
  amp: { threadTrailer: false, coauthorTrailer: false, cost: false, labels: true },
  command: {},
  scripted: {},
});

export const request = (changes: Partial<AgentRequest> = {}): AgentRequest => ({
  prompt: 'Do the work.',
  worktree: tempDir(),
  session: 'k3xyz',
  sessionName: 'Test session',
  iteration: 1,
  ...changes,
});

type Of<Kind extends AgentFact['kind']> = Extract<AgentFact, { kind: Kind }>;

/** What a run told, sorted for looking at. */
export class Told {
  readonly facts: AgentFact[] = [];

  of<Kind extends AgentFact['kind']>(kind: Kind): Of<Kind>[] {
    return this.facts.filter((fact): fact is Of<Kind> => fact.kind === kind);
  }

  get end(): AgentEnd {
    const ends = this.of('finished');
    if (ends.length !== 1 || this.facts.at(-1) !== ends[0])
      throw new Error(`${ends.length} ends, or not the last fact`);
    return ends[0]!;
  }

  /** Everything that a transcript would hold of a stream. */
  text(stream: 'stdout' | 'stderr' = 'stdout'): string {
    return this.of('line')
      .filter((line) => line.stream === stream)
      .map((line) => line.bytes.toString('utf8'))
      .join('\n');
  }
}

/** Listens to the end; `onFact` may stop the run. */
export const listen = async (run: AgentRun, onFact?: (fact: AgentFact, run: AgentRun) => void): Promise<Told> => {
  const told = new Told();
  for await (const fact of run.facts) {
    told.facts.push(fact);
    onFact?.(fact, run);
  }
  return told;
};

export interface FakeRunOptions extends Partial<Omit<AmpOptions, 'settings'>> {
  settings?: Partial<AgentSettings['amp']>;
  request?: Partial<AgentRequest>;
  onFact?: (fact: AgentFact, run: AgentRun) => void;
}

/** An environment in which the stand-in is the `amp` on PATH, and somebody is logged in. */
export const fakeEnv = (fake: FakeAmp): Record<string, string> => ({
  PATH: `${fake.bin}:${process.env['PATH']}`,
  HOME: tempDir(),
  AMP_API_KEY: 'sgamp_test_key',
});

export const ampOver = (fake: FakeAmp, options: FakeRunOptions = {}): Amp =>
  new Amp({
    clock: systemClock,
    root: tempDir(),
    mode: null,
    ...options,
    env: { ...fakeEnv(fake), ...options.env },
    settings: { ...settings().amp, ...options.settings },
  });

/** The adapter for Amp against the stand-in playing one run. */
export const runFake = async (
  run: FakeRun,
  options: FakeRunOptions & { threads?: FakeScenario['threads'] } = {},
): Promise<{ told: Told; fake: FakeAmp }> => {
  const fake = makeFakeAmp(tempDir(), { runs: [run], ...(options.threads && { threads: options.threads }) });
  const started = await ampOver(fake, options).start(request(options.request));
  return { told: await listen(started, options.onFact), fake };
};
