import { describe, expect, it } from 'vitest';
import { compareWithReport, readReport } from '../../src/bench/official-report.ts';
import { predictionLine } from '../../src/bench/predictions.ts';

/** As `swebench eval` writes it, shortened. */
const REPORT = {
  total_instances: 6,
  submitted_instances: 5,
  completed_instances: 3,
  completed_ids: ['a__a-1', 'a__a-2', 'a__a-3'],
  incomplete_ids: ['a__a-6'],
  empty_patch_ids: ['a__a-4'],
  submitted_ids: ['a__a-1', 'a__a-2', 'a__a-3', 'a__a-4', 'a__a-5'],
  resolved_ids: ['a__a-1'],
  unresolved_ids: ['a__a-2', 'a__a-3'],
  infra_failure_ids: ['a__a-3'],
  ambiguous_failure_ids: [],
  failure_reasons: { 'a__a-3': 'out_of_memory' },
  error_ids: ['a__a-5'],
  schema_version: 2,
};

describe('a report of the official harness', () => {
  it('says one thing of each instance', () => {
    const report = readReport(REPORT)!;
    expect(report.schemaVersion).toBe(2);
    expect(Object.fromEntries(report.outcomes)).toEqual({
      'a__a-1': 'resolved',
      'a__a-2': 'unresolved',
      'a__a-3': 'unresolved',
      'a__a-4': 'empty',
      'a__a-5': 'error',
      'a__a-6': 'incomplete',
    });
    expect([...report.infraFailures]).toEqual(['a__a-3']);
    expect([...report.reasons]).toEqual([['a__a-3', 'out_of_memory']]);
  });

  it('of an older release, or of sb-cli, has fewer lists', () => {
    const older = readReport({ resolved_ids: ['x__x-1'], unresolved_ids: ['x__x-2'] })!;
    expect([...older.outcomes]).toEqual([
      ['x__x-2', 'unresolved'],
      ['x__x-1', 'resolved'],
    ]);
    expect(older.schemaVersion).toBeNull();
    expect([...readReport({ resolved: ['x__x-1'] })!.outcomes]).toEqual([['x__x-1', 'resolved']]);
  });

  it('of single instances is one too', () => {
    const report = readReport({
      'x__x-1': { resolved: true, patch_is_None: false },
      'x__x-2': { resolved: false, patch_is_None: true },
      'x__x-3': { resolved: false, infra_failure: true, infra_failure_reason: 'network_unreachable' },
    })!;
    expect(Object.fromEntries(report.outcomes)).toEqual({
      'x__x-1': 'resolved',
      'x__x-2': 'empty',
      'x__x-3': 'unresolved',
    });
    expect(report.reasons.get('x__x-3')).toBe('network_unreachable');
  });

  it.each([[null], [[]], [{}], ['x'], [{ resolved_ids: 'x' }], [{ a: { resolved: 'yes' } }], [{ a: 1 }]])(
    '%j is none',
    (value) => expect(readReport(value)).toBeUndefined(),
  );

  it('with odd entries keeps those that are names', () => {
    expect([...readReport({ resolved_ids: ['x', 1, null] })!.outcomes.keys()]).toEqual(['x']);
  });
});

describe('both verdicts side by side', () => {
  const report = readReport(REPORT)!;
  const ours = (entries: Record<string, boolean | null>) => new Map(Object.entries(entries));

  it('name what differs', () => {
    const compared = compareWithReport(
      ours({
        'a__a-1': false,
        'a__a-2': true,
        'a__a-3': null,
        'a__a-4': false,
        'a__a-5': false,
        'a__a-6': true,
        'b__b-1': true,
      }),
      report,
    );
    expect(compared).toEqual({
      compared: 4,
      agree: 2,
      onlyHere: ['a__a-2'],
      onlyThere: ['a__a-1'],
      ungradableHere: [{ id: 'a__a-3', there: 'unresolved' }],
      missingThere: ['a__a-6', 'b__b-1'],
      missingHere: [],
    });
  });

  it('name what only they have', () => {
    expect(compareWithReport(ours({ 'a__a-1': true }), report)).toMatchObject({
      compared: 1,
      agree: 1,
      missingHere: ['a__a-2', 'a__a-3', 'a__a-4', 'a__a-5'],
    });
  });
});

describe('a line of preds.jsonl', () => {
  it('has the three keys that the official reader wants', () => {
    const line = predictionLine({ instanceId: 'a__a-1', model: 'amp/smart', patch: 'diff --git a/ä b/ä\n+\u2028"\n' });
    expect(line).toBe(
      '{"instance_id":"a__a-1","model_name_or_path":"amp/smart","model_patch":"diff --git a/ä b/ä\\n+\\u2028\\"\\n"}',
    );
    expect(JSON.parse(line).model_patch).toBe('diff --git a/ä b/ä\n+\u2028"\n');
  });
});
