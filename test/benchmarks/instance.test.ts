import { describe, expect, it } from 'vitest';
import { readRow } from '../../src/bench/instance.ts';

const ROW = {
  instance_id: 'own__tool-12',
  repo: 'own/tool',
  base_commit: '6995257cf470d2143ad1683824962de4071c0eb7',
  problem_statement: 'It does not work.',
  patch: 'diff --git a/x b/x\n',
  test_patch: 'diff --git a/t b/t\n',
  hints_text: '',
  created_at: '2023-06-26T06:44:43Z',
  version: '8.0',
  FAIL_TO_PASS: ['t::new'],
  PASS_TO_PASS: ['t::old one', 't::other'],
};

const instanceOf = (over: Record<string, unknown> = {}) => {
  const read = readRow({ ...ROW, ...over });
  if ('problems' in read) throw new Error(JSON.stringify(read.problems));
  return read.instance;
};

const problemsOf = (row: unknown) => {
  const read = readRow(row);
  return 'problems' in read ? read.problems.map(({ key, says }) => `${key} ${says}`) : [];
};

describe('a row of a data set', () => {
  it('has its fields in our spelling', () => {
    expect(instanceOf()).toEqual({
      id: 'own__tool-12',
      repo: 'own/tool',
      baseCommit: '6995257cf470d2143ad1683824962de4071c0eb7',
      problem: 'It does not work.',
      patch: 'diff --git a/x b/x\n',
      testPatch: 'diff --git a/t b/t\n',
      hints: '',
      failToPass: ['t::new'],
      passToPass: ['t::old one', 't::other'],
      createdAt: '2023-06-26T06:44:43Z',
      version: '8.0',
      environmentSetupCommit: null,
      image: null,
      evalScript: null,
      logParser: null,
      evalType: 'pass_and_fail',
    });
  });

  it('takes its lists as lists and as JSON text', () => {
    const asText = instanceOf({ FAIL_TO_PASS: '["t::new"]', PASS_TO_PASS: '["t::old one", "t::other"]' });
    expect(asText).toEqual(instanceOf());
    expect(instanceOf({ PASS_TO_PASS: '[]' }).passToPass).toEqual([]);
    expect(instanceOf({ PASS_TO_PASS: '["a \\"b\\" \\u00e9"]' }).passToPass).toEqual(['a "b" é']);
  });

  it('may lack what only grading needs', () => {
    const { FAIL_TO_PASS: _, PASS_TO_PASS: __, patch: ___, test_patch: ____, ...bare } = ROW;
    const read = readRow(bare);
    expect(read).toMatchObject({
      instance: { failToPass: null, passToPass: null, patch: null, testPatch: null, hints: '' },
    });
    expect(instanceOf({ FAIL_TO_PASS: '' }).failToPass).toBeNull();
  });

  it('keeps what newer rows say of their environment', () => {
    const newer = { image: 'sweb/x:1', eval_script: 'pytest', log_parser: 'parse_log_tap', eval_type: 'fail_only' };
    expect(instanceOf(newer)).toMatchObject({
      image: 'sweb/x:1',
      evalScript: 'pytest',
      logParser: 'parse_log_tap',
      evalType: 'fail_only',
    });
  });

  it('is graded by failures alone where its suite tells of nothing else', () => {
    expect(instanceOf({ repo: 'eslint/eslint' }).evalType).toBe('fail_only');
    expect(instanceOf({ repo: 'eslint/eslint', eval_type: 'pass_and_fail' }).evalType).toBe('pass_and_fail');
  });

  it('passes over keys that it does not know, and takes a number for a version', () => {
    expect(instanceOf({ difficulty: '15 min', version: 8.5 }).version).toBe('8.5');
  });
});

describe('a row that is wrong', () => {
  it.each([
    [{ instance_id: undefined }, 'instance_id is missing'],
    [{ instance_id: '../../etc' }, 'instance_id must be a name of letters, digits, `_`, `-`, `.` and `+`'],
    [{ instance_id: '.hidden' }, 'instance_id must be a name of letters, digits, `_`, `-`, `.` and `+`'],
    [{ instance_id: 7 }, 'instance_id must be a name of letters, digits, `_`, `-`, `.` and `+`'],
    [{ repo: 'tool' }, 'repo must be `owner/name`'],
    [{ repo: 'a/b/c' }, 'repo must be `owner/name`'],
    [{ base_commit: '6995257' }, 'base_commit must be a whole commit id'],
    [{ base_commit: 'main' }, 'base_commit must be a whole commit id'],
    [{ problem_statement: ' \n' }, 'problem_statement must be text'],
    [{ patch: ['diff'] }, 'patch must be text'],
    [{ FAIL_TO_PASS: 't::new' }, 'FAIL_TO_PASS must be a list of test names, or such a list as JSON text'],
    [{ FAIL_TO_PASS: '{"a": 1}' }, 'FAIL_TO_PASS must be a list of test names, or such a list as JSON text'],
    [{ PASS_TO_PASS: ['a', 1] }, 'PASS_TO_PASS must be a list of test names, or such a list as JSON text'],
    [{ eval_type: 'maybe' }, 'eval_type must be `pass_and_fail` or `fail_only`'],
  ])('%j: %s', (over, problem) => expect(problemsOf({ ...ROW, ...over })).toEqual([problem]));

  it('tells all that is wrong with it', () => {
    expect(problemsOf({ ...ROW, repo: 1, base_commit: 2, patch: 3 })).toHaveLength(3);
  });

  it.each([[null], [[]], ['row'], [3]])('%j is no row', (row) =>
    expect(problemsOf(row)).toEqual(['null A row must be an object.']),
  );
});
