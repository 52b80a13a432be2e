import type { AgentResult, Results, Run } from '../../bench/results.ts';
import { cautions, estimateText, intervalText, pairText, pointsInterval, pointsText, pText } from '../bench/words.ts';
import { formatCount } from '../format.ts';
import { percent } from '../metrics-tables.ts';
import { cost, left, moment, number, right, SAID, text, time, tokens } from './cells.ts';
import type { Block, Cell, ReportDocument, Section, Table } from './document.ts';

/** What the report says that is not in the results themselves. */
export interface BenchAsked {
  id: string;
  /** ISO-8601 UTC. */
  at: string;
  /** How the runs were kept apart from the machine. */
  isolation: string | null;
}

const table = (columns: Table['columns'], rows: Cell[][]): Block[] =>
  rows.length > 0 ? [{ kind: 'table', columns, rows }] : [];
const say = (line: string): Block => ({ kind: 'say', text: line });
const section = (id: string, title: string, blocks: Block[]): Section[] =>
  blocks.length > 0 ? [{ id, title, blocks }] : [];

const money = (usd: number | null, isLowerBound = false): Cell =>
  cost({
    costUsd: usd === null ? null : String(usd),
    costSource: usd === null ? 'unknown' : 'reported',
    costIsLowerBound: isLowerBound,
  });

const agentsSection = ({ agents }: Results): Section[] =>
  section('agents', 'Agents', [
    ...table(
      [
        left('Agent', true),
        right('pass@1'),
        right('95 %'),
        right('Strict'),
        right('Resolved'),
        right('Graded'),
        right('Time-outs'),
        right('Budget'),
        right('Failed'),
        right('Errors'),
        right('Not run'),
        right('Median time'),
      ],
      agents.map(({ name, passAt1, passAt1Strict, counts, durationMs }) => [
        text(name),
        { text: percent(passAt1?.value ?? null), value: passAt1?.value ?? null },
        { text: intervalText(passAt1) },
        { text: estimateText(passAt1Strict) },
        number(counts.resolved),
        number(counts.resolved + counts.unresolved),
        number(counts.timeout),
        number(counts.budget),
        number(counts['agent-failed']),
        number(counts.error),
        number(counts.unfinished),
        time(durationMs),
      ]),
    ),
    say(
      'pass@1 is the share of graded runs that resolved their case, averaged over cases. The strict rate counts runs that ran into a limit, or in which the agent failed by itself, as unresolved. Errors of ours, of the machine or of a provider are in neither.',
    ),
  ]);

const passAtKSection = ({ agents, repeats }: Results): Section[] => {
  if (repeats < 2) return [];
  const ks = [...new Set(agents.flatMap(({ passAtK }) => passAtK.map(({ k }) => k)))].sort((a, b) => a - b);
  const cell = ({ passAtK }: AgentResult, k: number): Cell => {
    const made = passAtK.find((one) => one.k === k);
    return made ? { text: estimateText(made), note: formatCount(made.cases, 'case') } : text(null);
  };
  const atK = table(
    [left('Agent', true), ...ks.map((k) => right(`pass@${k}`))],
    agents.map((agent) => [text(agent.name), ...ks.map((k) => cell(agent, k))]),
  );
  const byRepeat = table(
    [left('Agent', true), ...Array.from({ length: repeats }, (_, at) => right(`Repeat ${at + 1}`))],
    agents.map((agent) => [
      text(agent.name),
      ...agent.byRepeat.map(({ resolved, graded }) => ({ text: graded > 0 ? `${resolved}/${graded}` : '–' })),
    ]),
  );
  return [
    ...section('pass-at-k', 'pass@k', [
      ...atK,
      say(
        'The chance that one of k tries resolves a case: the unbiased estimator, over cases with at least k graded runs.',
      ),
    ]),
    ...section('repeats', 'By repeat', byRepeat),
  ];
};

const comparisonSection = ({ pairs }: Results): Section[] =>
  section('comparison', 'Comparison', [
    ...table(
      [
        left('Agents', true),
        right('Cases'),
        right('Both'),
        right('Only first'),
        right('Only second'),
        right('Neither'),
        right('Undecided'),
        right('Difference, points'),
        right('95 %'),
        right('p'),
        right('p, corrected'),
      ],
      pairs.map((pair) => [
        text(`${pair.a} / ${pair.b}`, SAID),
        number(pair.cases),
        number(pair.both),
        number(pair.onlyA),
        number(pair.onlyB),
        number(pair.neither),
        number(pair.undecided),
        { text: pointsText(pair.difference), value: pair.difference },
        { text: pointsInterval(pair) },
        ...[pair.p, pair.pHolm].map((p) => (pair.cases === 0 ? { text: '–' } : { text: pText(p), value: p })),
      ]),
    ),
    ...pairs.map((pair) => say(pairText(pair))),
    ...(pairs.length > 0
      ? [
          say(
            'p is that of McNemar’s exact test over the cases that just one of the two resolves, corrected after Holm for the number of comparisons; the interval is a paired bootstrap over cases.',
          ),
        ]
      : []),
  ]);

const frontierText = (onFrontier: boolean | null): Cell => {
  if (onFrontier === null) return text(null);
  return onFrontier ? { text: 'yes', tone: 'good' } : { text: 'no' };
};

const costSection = ({ agents }: Results): Section[] => {
  if (agents.every(({ costUsd, tokensOutput }) => costUsd === null && tokensOutput === null)) return [];
  const priced = [...agents].sort(
    (a, b) => (a.costPerRunUsd ?? Number.MAX_VALUE) - (b.costPerRunUsd ?? Number.MAX_VALUE),
  );
  return section('cost', 'Cost and quality', [
    ...table(
      [
        left('Agent', true),
        right('pass@1'),
        right('Cost a run'),
        right('Cost a resolved run'),
        right('Cost'),
        right('Tokens in'),
        right('Tokens out'),
        left('Worth its price'),
      ],
      priced.map((agent) => [
        text(agent.name),
        { text: percent(agent.passAt1?.value ?? null) },
        money(agent.costPerRunUsd),
        money(agent.costPerResolvedUsd),
        money(agent.costUsd, agent.costUnknownRuns > 0),
        tokens(agent.tokensInput),
        tokens(agent.tokensOutput),
        frontierText(agent.onFrontier),
      ]),
    ),
    say(
      'Worth its price: no other agent is at least as good for at most the same money a run. All attempts are paid for.',
    ),
  ]);
};

const flakySection = ({ flaky }: Results): Section[] =>
  section(
    'flaky',
    'Flaky cases',
    table(
      [left('Case', true), left('Agent', true), right('Resolved'), right('Graded')],
      flaky.map((one) => [text(one.case), text(one.agent), number(one.resolved), number(one.graded)]),
    ),
  );

const casesSection = ({ cases, agents }: Results): Section[] =>
  section(
    'cases',
    'Cases',
    table(
      [left('Case', true), ...agents.map(({ name }) => right(name))],
      cases.map(({ case: name, agents: tallies }) => [
        text(name),
        ...tallies.map(({ resolved, graded, limited }): Cell => {
          if (graded + limited === 0) return text(null);
          const shown = `${resolved}/${graded}`;
          return limited > 0 ? { text: shown, note: `${limited} stopped` } : { text: shown };
        }),
      ]),
    ),
  );

const whyOf = ({ cause, reason }: Run): Cell => text(cause ? `${cause.code}: ${cause.message}` : reason, SAID);

const openSection = ({ runs }: Results): Section[] => {
  const open = runs.filter(({ outcome }) => outcome !== 'resolved' && outcome !== 'unresolved');
  const most = 200;
  return section('not-graded', 'Not graded', [
    ...table(
      [left('Case', true), left('Agent', true), right('Repeat'), left('Outcome'), left('Why', true)],
      open
        .slice(0, most)
        .map((run) => [text(run.case), text(run.agent), number(run.repeat), text(run.outcome), whyOf(run)]),
    ),
    ...(open.length > most ? [say(`And ${open.length - most} more; all are in results.json.`)] : []),
  ]);
};

/** A benchmark as a document. */
export const benchDocument = (results: Results, { id, at, isolation }: BenchAsked): ReportDocument => {
  const { suite, total, resolved, graded, repeats, agents, cases } = results;
  const size = `${formatCount(cases.length, 'case')}, ${formatCount(agents.length, 'agent')}, ${formatCount(repeats, 'repeat')}: ${formatCount(total, 'run')}`;
  return {
    title: `Benchmark report: ${suite}`,
    said: [
      `${size}, ${graded} graded, ${resolved} resolved.`,
      ...cautions(results),
      `Run ${id}, report made at ${moment(at)} UTC.${isolation === null ? '' : ` Isolation: ${isolation}.`}`,
    ],
    sections: [
      ...agentsSection(results),
      ...passAtKSection(results),
      ...comparisonSection(results),
      ...costSection(results),
      ...flakySection(results),
      ...casesSection(results),
      ...openSection(results),
    ],
  };
};
