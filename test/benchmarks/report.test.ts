import { describe, expect, it } from 'vitest';
import { type Contender, type Run, resultsOf } from '../../src/bench/results.ts';
import { agentText, cautions, estimateText, pairText, pointsText, pText } from '../../src/cli/bench/words.ts';
import { benchDocument } from '../../src/cli/report/bench-document.ts';
import { reportMarkdown } from '../../src/cli/report/markdown.ts';

const contenders: Contender[] = [
  { name: 'amp (smart)', agent: 'amp', model: 'smart' },
  { name: 'quick | <b>', agent: 'command:quick', model: null },
];

const run = (name: string, at: number, repeat: number, outcome: Run['outcome'], over: Partial<Run> = {}): Run => ({
  item: `${name}-${at}-${repeat}`,
  case: name,
  agent: contenders[at]!.name,
  repeat,
  outcome,
  cause: null,
  session: 's',
  attempts: 1,
  failToPass: null,
  passToPass: null,
  reason: null,
  patchBytes: 100,
  costUsd: at === 0 ? 0.5 : null,
  tokensInput: 1000,
  tokensOutput: 100,
  durationMs: 65_000,
  ...over,
});

const results = resultsOf({ suite: 'calc', contenders, repeats: 2 }, [
  run('add', 0, 1, 'resolved'),
  run('add', 0, 2, 'unresolved'),
  run('add', 1, 1, 'unresolved'),
  run('add', 1, 2, 'timeout', { cause: { code: 'agent.timeout', message: 'It took longer than 20m.' } }),
  run('sub', 0, 1, 'resolved'),
  run('sub', 0, 2, 'resolved'),
  run('sub', 1, 1, 'error', { cause: { code: 'store.full', message: 'The disk is full.' } }),
  run('sub', 1, 2, 'unfinished', { attempts: 0, session: null, durationMs: null }),
]);

describe('a benchmark’s report', () => {
  const text = reportMarkdown(
    benchDocument(results, { id: 'k3x9', at: '2026-11-23T03:00:00.000Z', isolation: 'bwrap' }),
  );
  const rowOf = (section: string, first: string): string[] => {
    const part = text.split(`\n## ${section}\n`)[1]!.split('\n## ')[0]!;
    const line = part.split('\n').find((row) => row.startsWith(`| ${first}`))!;
    return line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim());
  };

  it('says first what was run, and what is not in the score', () => {
    const [title, size, limits, errors, made] = text.split('\n\n');
    expect(title).toBe('# Benchmark report: calc');
    expect(size).toBe('2 cases, 2 agents, 2 repeats: 8 runs, 5 graded, 3 resolved.');
    expect(limits).toMatch(/^1 time-out: not among the graded; the strict rate counts/);
    expect(errors).toMatch(/^1 error, 1 not run of 8 runs: nothing that an agent did/);
    expect(made).toContain('Run k3x9, report made at 2026-11-23 03:00 UTC. Isolation: bwrap.');
  });

  it('has the same counts as the results, agent by agent', () => {
    const [, passAt1, , strict, ...counts] = rowOf('Agents', 'amp (smart)');
    expect([passAt1, strict!.slice(0, 3)]).toEqual(['75%', '75%']);
    expect(counts).toEqual(['3', '4', '0', '0', '0', '0', '0', '1m 05s']);
    const other = rowOf('Agents', 'quick');
    expect(other.slice(1, 2)).toEqual(['0%']);
    expect(other.slice(4)).toEqual(['0', '1', '1', '0', '0', '1', '1', '1m 05s']);
  });

  it('an agent’s name is text, whatever it holds', () => {
    expect(text).toContain('quick \\| &lt;b&gt;');
    expect(text).not.toContain('<b>');
  });

  it('tells pass@k over the cases that have k graded runs, and each repeat', () => {
    expect(rowOf('pass@k'.replace('@', '\\@'), 'amp')[2]).toMatch(/^100% \(.*\) \(2 cases\)$/);
    expect(rowOf('pass@k'.replace('@', '\\@'), 'quick').slice(2)).toEqual(['–']);
    expect(rowOf('By repeat', 'amp').slice(1)).toEqual(['2/2', '1/2']);
  });

  it('compares on common cases only', () => {
    expect(rowOf('Comparison', 'amp').slice(1, 7)).toEqual(['1', '0', '0', '0', '0', '1']);
    expect(text).toContain('no difference is shown by 1 case (p = 1.000)');
  });

  it('names flaky cases, what was stopped, and why something was not graded', () => {
    expect(rowOf('Flaky cases', 'add')).toEqual(['add', 'amp (smart)', '1', '2']);
    expect(rowOf('Cases', 'add').slice(1)).toEqual(['1/2', '0/1 (1 stopped)']);
    expect(rowOf('Cases', 'sub').slice(1)).toEqual(['2/2', '–']);
    expect(rowOf('Not graded', 'add').at(-1)).toBe('agent.timeout: It took longer than 20m.');
    expect(rowOf('Not graded', 'sub').at(-1)).toBe('store.full: The disk is full.');
  });

  it('an unknown cost is not compared and never 0', () => {
    expect(rowOf('Cost and quality', 'amp').slice(2, 5)).toEqual(['\\$0.50', '\\$0.67', '\\$2.00']);
    expect(rowOf('Cost and quality', 'quick').slice(2, 5)).toEqual(['unknown', 'unknown', 'unknown']);
    expect([rowOf('Cost and quality', 'amp').at(-1), rowOf('Cost and quality', 'quick').at(-1)]).toEqual(['yes', '–']);
  });

  it('one agent, once: no comparison, no repeats', () => {
    const alone = resultsOf({ suite: 'calc', contenders: contenders.slice(0, 1), repeats: 1 }, [
      run('add', 0, 1, 'resolved', { costUsd: null, tokensInput: null, tokensOutput: null }),
    ]);
    const short = reportMarkdown(benchDocument(alone, { id: 'x', at: '2026-11-23T03:00:00.000Z', isolation: null }));
    expect(short.match(/^## .*/gm)).toEqual(['## Agents', '## Cases']);
    expect(short.split('\n\n').slice(1, 3)).toEqual([
      '1 case, 1 agent, 1 repeat: 1 run, 1 graded, 1 resolved.',
      'Run x, report made at 2026-11-23 03:00 UTC.',
    ]);
  });
});

describe('in words', () => {
  it('nothing is left out, nothing is cautioned', () => {
    const [first] = results.agents;
    expect(cautions({ counts: first!.counts, total: 4 })).toEqual([]);
    expect(agentText(first!)).toMatch(/^amp \(smart\): 3 of 4 resolved, pass@1 75% \(\d+–100%\)$/);
  });

  it.each([
    [0.1234, '+12.3'],
    [-0.05, '−5'],
    [0, '0'],
    [null, '–'],
  ])('a difference of %s is %s points', (difference, said) => expect(pointsText(difference)).toBe(said));

  it('a p below a thousandth is no 0', () => expect([pText(0.0001), pText(0.0312)]).toEqual(['<0.001', '0.031']));
  it('no estimate is a dash', () => expect(estimateText(null)).toBe('–'));

  it('only what stands after correction is called a difference', () => {
    const pair = { ...results.pairs[0]!, cases: 20, onlyA: 1, onlyB: 9, difference: -0.4, p: 0.02 };
    expect(pairText({ ...pair, pHolm: 0.06 })).toContain('no difference is shown by 20 cases (p = 0.060)');
    expect(pairText({ ...pair, pHolm: 0.03 })).toMatch(/^quick \| <b> resolves more/);
    // What was tested is who resolves more cases; a mean of shares may lean to the other side.
    expect(pairText({ ...pair, difference: 0.01, pHolm: 0.03 })).toMatch(/^quick \| <b> resolves more/);
    expect(pairText({ ...pair, cases: 0 })).toContain('no graded case in common');
  });
});
