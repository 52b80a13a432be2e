import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { caseOfInstance, gradeCase } from '../../../src/workflows/bench/grade.ts';
import { readInstances } from '../../../src/workflows/bench/instances.ts';
import { tempDir } from '../../support/repo.ts';

/**
 * The real thing, where it is present: a clone of pytest-dev/pytest, the row of `pytest-dev__pytest-11143` (from
 * SWE-bench Lite, as JSON), and a `python3` that has pytest's own requirements (Debian: python3-pytest).
 */
const from = process.env['AMP_SESSIONS_PYTEST_REPO'] ?? '';
const row = process.env['AMP_SESSIONS_PYTEST_ROW'] ?? '';
const why = 'AMP_SESSIONS_PYTEST_REPO (a clone of pytest-dev/pytest) and AMP_SESSIONS_PYTEST_ROW (its row) are not set';

const VERSION = 'version = "8.0.0.dev0"\\nversion_tuple = (8, 0, 0)\\n';
const GIVEN = {
  setup: `printf '${VERSION}' > src/_pytest/_version.py`,
  test: 'PYTHONPATH="$PWD/src" python3 -m pytest -rA -p no:cacheprovider {{tests}}',
  timeoutSec: 600,
};

describe.skipIf(!existsSync(from) || !existsSync(row))(`pytest-dev__pytest-11143 (else: ${why})`, () => {
  const grade = async (which: 'gold' | 'empty') => {
    const { instance } = (await readInstances(row, ['pytest-dev__pytest-11143']))[0]!;
    const place = tempDir('amp-real-');
    return gradeCase({
      case: caseOfInstance(instance, GIVEN),
      patch: Buffer.from(which === 'gold' ? instance.patch! : ''),
      from,
      work: join(place, 'work'),
      seeds: join(place, 'seeds'),
      env: process.env,
      clock: systemClock,
      evenEmpty: true,
    });
  };

  it('is resolved by its own solution', async () => {
    expect(await grade('gold')).toMatchObject({
      resolved: true,
      failToPass: { passed: 1, total: 1 },
      passToPass: { passed: 114, total: 114 },
    });
  }, 900_000);

  it('is not resolved by nothing', async () => {
    expect(await grade('empty')).toMatchObject({
      resolved: false,
      failToPass: { passed: 0, total: 1 },
      passToPass: { passed: 114, total: 114 },
    });
  }, 900_000);
});
