import type { CaseResult, Contender, Tally } from './results.ts';
import { bootstrapMean } from './statistics/bootstrap.ts';
import { holm, mcNemarExact } from './statistics/mcnemar.ts';

/** Two agents on the same cases. */
export interface Pair {
  a: string;
  b: string;
  /** Cases that both have a graded run of: nothing else is compared. */
  cases: number;
  /** An agent resolves a case when it does so in more than half of its graded runs. */
  both: number;
  onlyA: number;
  onlyB: number;
  neither: number;
  /** Cases that one of them resolves in just half of its runs: left out of the test. */
  undecided: number;
  /** McNemar's exact test, two-sided. */
  p: number;
  /** The same, corrected (Holm) for all comparisons of this report. */
  pHolm: number;
  /** Mean over cases of a's share of resolved runs minus b's; null where no case is common. */
  difference: number | null;
  /** 95 %, paired bootstrap over cases; null where all differences are the same. */
  low: number | null;
  high: number | null;
}

type Won = 'yes' | 'no' | 'half';

const wonBy = ({ resolved, graded }: Tally): Won => {
  if (2 * resolved === graded) return 'half';
  return 2 * resolved > graded ? 'yes' : 'no';
};

const compare = (a: string, b: string, both: [Tally, Tally][]): Pair => {
  const won = both.map(([one, other]) => `${wonBy(one)} ${wonBy(other)}`);
  const count = (what: string): number => won.filter((said) => said === what).length;
  const [onlyA, onlyB] = [count('yes no'), count('no yes')];
  const differences = both.map(([one, other]) => one.resolved / one.graded - other.resolved / other.graded);
  const interval = bootstrapMean(differences);
  const p = mcNemarExact(onlyA, onlyB);
  return {
    a,
    b,
    cases: both.length,
    both: count('yes yes'),
    onlyA,
    onlyB,
    neither: count('no no'),
    undecided: won.filter((said) => said.includes('half')).length,
    p,
    pHolm: p,
    difference: both.length === 0 ? null : differences.reduce((sum, value) => sum + value, 0) / both.length,
    low: interval?.low ?? null,
    high: interval?.high ?? null,
  };
};

/** Each agent against each, once. */
export const compareAll = (contenders: readonly Contender[], cases: readonly CaseResult[]): Pair[] => {
  const pairs: Pair[] = [];
  for (let i = 0; i < contenders.length; i++)
    for (let j = i + 1; j < contenders.length; j++) {
      const common = cases
        .map(({ agents }) => [agents[i]!, agents[j]!] as [Tally, Tally])
        .filter(([one, other]) => one.graded > 0 && other.graded > 0);
      pairs.push(compare(contenders[i]!.name, contenders[j]!.name, common));
    }
  // Two without a common case were not compared, so the others need no correction for them.
  const tested = pairs.filter((pair) => pair.cases > 0);
  const corrected = holm(tested.map(({ p }) => p));
  tested.forEach((pair, at) => {
    pair.pHolm = corrected[at]!;
  });
  return pairs;
};
