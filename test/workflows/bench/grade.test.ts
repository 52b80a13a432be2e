import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRow } from '../../../src/bench/instance.ts';
import { caseOfInstance } from '../../../src/workflows/bench/grade.ts';
import { InterruptSwitch } from '../../../src/workflows/interrupts.ts';
import { tempDir } from '../../support/repo.ts';
import { grade, ownCase, patchTo, TEST } from './own-case.ts';

const gold = async (): Promise<string> => (await ownCase()).row.patch;
const none = { passed: 0, total: 2, failed: ['tests/sub.test::takes', 'tests/sub.test::below'] };

describe('a patch is graded', () => {
  it('as resolved when it does what was asked', async () => {
    const graded = await grade(await gold());
    expect(graded).toMatchObject({
      resolved: true,
      resolution: 'full',
      reason: 'tests',
      failToPass: { passed: 2, total: 2, failed: [] },
      passToPass: { passed: 2, total: 2, failed: [] },
      exitCode: 0,
      timedOut: false,
      patchBytes: (await gold()).length,
    });
    expect(graded.log).toContain('PASSED tests/sub.test::takes\n');
    expect(graded.patchSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(readdirSync(join(graded.place, 'work'))).toEqual([]);
  });

  it('as not resolved when it does something else', async () => {
    const patch = await patchTo({ 'src/calc.sh': 'add() { echo $(($1 + $2)); }\nsub() { echo 3; }\n' });
    expect(await grade(patch)).toMatchObject({
      resolved: false,
      resolution: 'partial',
      failToPass: { passed: 1, total: 2, failed: ['tests/sub.test::below'] },
      exitCode: 1,
    });
  });

  it('as not resolved when it breaks what worked', async () => {
    const patch = await patchTo({ 'src/calc.sh': 'add() { echo 0; }\nsub() { echo $(($1 - $2)); }\n' });
    expect(await grade(patch)).toMatchObject({ resolution: 'no', passToPass: { passed: 0, total: 2 } });
  });

  it('without a run when there is none, and with one where that is the check', async () => {
    expect(await grade('')).toMatchObject({ resolved: false, reason: 'empty', failToPass: none, log: '' });
    const checked = await grade('', {}, { evenEmpty: true });
    expect(checked).toMatchObject({ resolved: false, reason: 'tests', failToPass: none });
    expect(checked).toMatchObject({ passToPass: { passed: 2, total: 2 }, exitCode: 1 });
  });

  it('with the tests as they were held back, whatever it made of them', async () => {
    const patch = await patchTo({
      'tests/add.test': 'echo "PASSED tests/sub.test::takes"; exit 0\n',
      'tests/sub.test': 'echo "PASSED tests/sub.test::takes"; exit 0\n',
    });
    expect(await grade(patch)).toMatchObject({ resolved: false, failToPass: none, passToPass: { passed: 2 } });
  });
});

describe('the patch is applied as the official harness does', () => {
  it('also where its lines have moved, or something beside them has changed', async () => {
    const moved = (await gold()).replace('@@ -1,2 +1,2 @@', '@@ -7,2 +7,2 @@');
    expect(await grade(moved)).toMatchObject({ resolved: true });
    const other = (await gold()).replace(' add() { echo $(($1 + $2)); }', ' add() { echo "$(($1 + $2))"; }');
    expect(other).not.toBe(await gold());
    expect(await grade(other)).toMatchObject({ resolved: true });
  });

  it('and counts against it when nothing of that works', async () => {
    for (const patch of ['no patch at all\n', (await gold()).replaceAll('sub()', 'div()')])
      expect(await grade(patch)).toMatchObject({ resolved: false, reason: 'patch.rejected', failToPass: none });
  });
});

describe('a log without results', () => {
  const SILENT = { 'run-tests.sh': 'exit 1\n' };

  it('counts against the patch that silenced it', async () => {
    expect(await grade(await patchTo(SILENT))).toMatchObject({ resolved: false, reason: 'tests.silent' });
    expect(await grade(await patchTo({ 'run-tests.sh': null }))).toMatchObject({ reason: 'tests.silent' });
  });

  it('counts for nothing where it is the same without the patch', async () => {
    const graded = await grade(await gold(), { test: 'no-such-runner' });
    expect(graded).toMatchObject({ resolved: null, resolution: 'ungradable', reason: 'environment', exitCode: 127 });
    expect(graded.log).toContain('no-such-runner');
    expect(await grade('', { test: 'no-such-runner' }, { evenEmpty: true })).toMatchObject({ reason: 'environment' });
  });

  it('is no time-out of ours when the patch hangs, and one of ours when the tests do', async () => {
    const hanging = await patchTo({ 'src/calc.sh': 'sleep 600\n' });
    expect(await grade(hanging, { timeoutSec: 4 })).toMatchObject({
      resolved: false,
      reason: 'tests.timeout',
      timedOut: true,
    });
    expect(await grade(await gold(), { timeoutSec: 1, test: 'sleep 600' })).toMatchObject({
      resolved: null,
      reason: 'environment',
    });
  });

  it('that says all is well is not believed when its command failed', async () => {
    const names = ['sub.test::takes', 'sub.test::below', 'add.test::adds', 'add.test::more'];
    const lines = names.map((name) => `echo "PASSED tests/${name}"\n`).join('');
    expect(await grade(await patchTo({ 'run-tests.sh': `${lines}exit 1\n` }))).toMatchObject({
      resolved: false,
      reason: 'log.contradicts',
    });
  });
});

describe('what is wrong with the case is nobody’s failure', () => {
  it.each([
    [{ testPatch: 'diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n' }, 'case.invalid', 'does not apply'],
    [{ setup: 'echo no network; exit 3' }, 'setup.failed', 'The set-up command failed: no network'],
    [{ setup: 'sleep 600', timeoutSec: 1 }, 'setup.failed', 'did not end'],
    [{ failToPass: null }, 'case.incomplete', 'does not say'],
  ])('%j is %s', async (over, reason, message) => {
    const graded = await grade(await gold(), over);
    expect(graded).toMatchObject({ resolved: null, resolution: 'ungradable', reason });
    expect(graded.message).toContain(message);
  });

  it('and neither is an interruption', async () => {
    const interrupts = new InterruptSwitch();
    interrupts.stop();
    expect(await grade(await gold(), {}, { interrupts })).toMatchObject({ resolved: null, reason: 'interrupted' });
  });

  it('but a parser or a commit that does not exist is an error', async () => {
    await expect(grade('x', { parser: 'redis' })).rejects.toMatchObject({ code: 'parser.unknown' });
    await expect(grade('x', { commit: 'deadbeef'.repeat(5) })).rejects.toMatchObject({ code: 'case.missing' });
  });
});

describe('a suite of one’s own', () => {
  it('may do with a success command alone', async () => {
    const byExit = { failToPass: null, passToPass: null, parser: 'exit' };
    expect(await grade(await gold(), byExit)).toMatchObject({ resolved: true, failToPass: { passed: 1, total: 1 } });
    expect(await grade('', byExit, { evenEmpty: true })).toMatchObject({
      resolved: false,
      exitCode: 1,
      reason: 'tests',
    });
    expect(await grade(await gold(), { ...byExit, parser: 'auto', test: 'nothing-here' })).toMatchObject({
      reason: 'environment',
    });
  });

  it('may have its tests in the base already, and let the parser be found', async () => {
    const over = { testPatch: null, test: 'sh run-tests.sh tests/add.test', failToPass: [], parser: 'auto' };
    const graded = await grade(await gold(), { ...over, passToPass: ['tests/add.test::adds[to nothing]'] });
    expect(graded).toMatchObject({ resolved: true, passToPass: { passed: 1, total: 1 } });
  });

  it('has its set-up run before any patch', async () => {
    const setup = "printf 'echo PASSED generated::file' > generated.test; grep -q 'echo $(($2 - $1))' src/calc.sh";
    const graded = await grade(await gold(), {
      setup,
      test: `${TEST} generated.test`,
      failToPass: ['generated::file'],
    });
    expect(graded).toMatchObject({ resolved: true, failToPass: { total: 1 } });
  });

  it('gets what the user’s environment has, but nothing that speaks to git', async () => {
    const env = { ...process.env, OWN_WORD: 'hello', GIT_DIR: tempDir() };
    const test = 'echo "PASSED t::$OWN_WORD-$(printenv GIT_DIR || echo none)"; echo late >&2; pwd';
    const graded = await grade(await gold(), { test, failToPass: ['t::hello-none'], passToPass: [] }, { env });
    expect(graded).toMatchObject({ resolved: true });
    expect(graded.log).toMatch(/^PASSED t::hello-none\nlate\n/);
    expect(existsSync(graded.log.trim().split('\n').at(-1)!)).toBe(false);
  });
});

describe('a row as a case', () => {
  it('knows its parser, and which files to run', async () => {
    const read = readRow((await ownCase()).row);
    if (!('instance' in read)) throw new Error('no row');
    const made = caseOfInstance(read.instance, { test: TEST, setup: null, timeoutSec: 9 });
    expect(made).toMatchObject({
      parser: 'pytest',
      test: 'sh run-tests.sh tests/add.test tests/sub.test',
      timeoutSec: 9,
    });
    expect(caseOfInstance(read.instance, { test: 'x', setup: 'y', timeoutSec: null, parser: 'tap' })).toMatchObject({
      parser: 'tap',
      setup: 'y',
      failToPass: ['tests/sub.test::takes', 'tests/sub.test::below'],
    });
  });
});
