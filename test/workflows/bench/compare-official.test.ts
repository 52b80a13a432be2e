import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { agentsIn, ownOutcomes, readRuns } from '../../../src/bench/own-outcomes.ts';
import { compareText } from '../../../src/cli/bench/compare-text.ts';
import { compareOfficial } from '../../../src/workflows/bench/compare-official.ts';
import { tempDir } from '../../support/repo.ts';

const dir = tempDir('amp-compare-');
const file = (name: string, value: unknown): string => {
  writeFileSync(join(dir, name), typeof value === 'string' ? value : JSON.stringify(value));
  return join(dir, name);
};

const run = (name: string, outcome: string, agent = 'amp', repeat = 1) => ({
  case: `a__a-${name}`,
  agent,
  repeat,
  outcome,
  item: name,
  reason: null,
});

const RUNS = [
  run('1', 'resolved'),
  run('2', 'unresolved'),
  run('3', 'resolved'),
  run('4', 'timeout'),
  run('5', 'error'),
  run('6', 'unresolved'),
  run('1', 'unresolved', 'amp', 2),
  run('1', 'unresolved', 'other'),
];
const REPORT = {
  resolved_ids: ['a__a-1', 'a__a-2', 'a__a-4'],
  unresolved_ids: ['a__a-3', 'a__a-5'],
  empty_patch_ids: ['a__a-7'],
  incomplete_ids: ['a__a-6'],
  failure_reasons: { 'a__a-3': 'out_of_memory', 'a__a-5': 'tests_timed_out' },
  schema_version: 2,
};
const files = { results: file('results.json', { suite: 's', runs: RUNS }), report: file('report.json', REPORT) };

describe('a run beside the official report', () => {
  it('is told case by case, where they differ', () => {
    expect(compareOfficial(files, { agent: 'amp', repeat: 1 })).toEqual({
      agent: 'amp',
      repeat: 1,
      compared: 3,
      agree: 1,
      onlyHere: ['a__a-3'],
      onlyThere: ['a__a-2'],
      ungradableHere: [
        { id: 'a__a-4', there: 'resolved' },
        { id: 'a__a-5', there: 'unresolved' },
      ],
      missingThere: ['a__a-6'],
      missingHere: ['a__a-7'],
      reasons: { 'a__a-3': 'out_of_memory' },
    });
  });

  it('is of one agent and one repeat', () => {
    expect(compareOfficial(files, { agent: 'amp', repeat: 2 })).toMatchObject({ compared: 1, onlyThere: ['a__a-1'] });
    expect(compareOfficial(files, { agent: 'other', repeat: 1 })).toMatchObject({ agent: 'other', agree: 0 });
    const alone = { ...files, results: file('alone.json', { runs: [run('1', 'resolved')] }) };
    expect(compareOfficial(alone, { repeat: 1 })).toMatchObject({ agent: 'amp', agree: 1, onlyHere: [] });
  });

  it.each([
    [{ repeat: 1 }, '2 agents took part.', 'Name one with --agent: amp, other.'],
    [{ agent: 'none', repeat: 1 }, 'No agent none took part.', 'Name one with --agent: amp, other.'],
    [{ agent: 'other', repeat: 2 }, 'other has no repeat 2.', 'Repeats count from 1.'],
  ])('%j is asked again', (choice, message, hint) => {
    expect(() => compareOfficial(files, choice)).toThrow(
      expect.objectContaining({ code: 'usage.invalid', message, hint }),
    );
  });

  it.each([
    ['broken.json', '{', 'is no JSON.'],
    ['other.json', '{"runs": [{"case": 1}]}', 'holds no results of a benchmark.'],
    ['none.json', '{"runs": []}', 'holds no run.'],
    ['list.json', '[]', 'holds no results of a benchmark.'],
  ])('%s is no results', (name, text, says) => {
    const wrong = { ...files, results: file(name, text) };
    expect(() => compareOfficial(wrong, { repeat: 1 })).toThrow(
      expect.objectContaining({ code: 'report.invalid', message: `${join(dir, name)} ${says}` }),
    );
  });

  it('says which file is not there', () => {
    const results = join(dir, 'gone.json');
    expect(() => compareOfficial({ ...files, results }, { repeat: 1 })).toThrow(/gone\.json cannot be read \(ENOENT\)/);
    expect(() => compareOfficial({ ...files, report: results }, { agent: 'amp', repeat: 1 })).toThrow(/ENOENT/);
  });
});

describe('what is read of results.json', () => {
  it('are its runs, and what each came to', () => {
    const runs = readRuns({ runs: RUNS })!;
    expect(agentsIn(runs)).toEqual(['amp', 'other']);
    expect([...ownOutcomes(runs, { agent: 'amp', repeat: 1 }).values()]).toEqual([
      true,
      false,
      true,
      null,
      null,
      false,
    ]);
    for (const wrong of [null, 1, {}, { runs: {} }, { runs: [null] }, { runs: [run('1', 'odd')] }])
      expect(readRuns(wrong)).toBeUndefined();
  });
});

describe('what a person reads', () => {
  it('names what differs, and nothing that would speak to the terminal', () => {
    const text = compareText({
      ...compareOfficial(files, { agent: 'amp', repeat: 1 }),
      missingHere: ['a__\u001b[31mred'],
    });
    expect(text.split('\n').slice(0, 6)).toEqual([
      'amp, repeat 1: 1 of 3 verdicts agree with the official harness.',
      '',
      'Resolved here, and not there (1):',
      '  a__a-3  out_of_memory',
      '',
      'Resolved there, and not here (1):',
    ]);
    expect(text).toContain('Not graded here (2):\n  a__a-4  resolved there\n  a__a-5  unresolved there');
    expect(text).toContain('Not graded there (1):\n  a__a-6');
    expect(text).not.toContain('\u001b');
  });

  it('is one line where all agree', () => {
    const alone = { ...files, results: file('alone.json', { runs: [run('1', 'resolved')] }) };
    const report = file('small.json', { resolved_ids: ['a__a-1'] });
    expect(compareText(compareOfficial({ ...alone, report }, { repeat: 1 }))).toBe(
      'amp, repeat 1: 1 of 1 verdicts agree with the official harness.',
    );
  });
});
