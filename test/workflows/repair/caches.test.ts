import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { locateRepository } from '../../../src/git/locate.ts';
import type { Repository } from '../../../src/git/repository.ts';
import { indexFile, indexStateFile } from '../../../src/store/layout.ts';
import { dropDamagedCaches } from '../../../src/workflows/repair/caches.ts';
import { makeRepo } from '../../support/repo.ts';

const LINE = '{"session":"s1","tips":[],"summary":{}}\n';

describe('the cache behind list', () => {
  let repo: Repository;
  const put = (index: string | undefined, state: string | undefined): void => {
    for (const [path, text] of [
      [indexFile(repo), index],
      [indexStateFile(repo), state],
    ] as const) {
      mkdirSync(dirname(path), { recursive: true });
      if (text === undefined) rmSync(path, { force: true });
      else writeFileSync(path, text);
    }
  };
  const there = () => [existsSync(indexFile(repo)), existsSync(indexStateFile(repo))];
  beforeAll(async () => {
    repo = await locateRepository(await makeRepo());
  });

  it.each([
    ['none', undefined, undefined],
    ['an empty one', '', ''],
    ['a whole one', LINE + LINE, '{"refs":1}'],
    ['one without its state', LINE, undefined],
  ])('%s stays as it is', (_, index, state) => {
    put(index, state);
    const before = there();
    expect(dropDamagedCaches(repo, false)).toEqual([]);
    expect(there()).toEqual(before);
    if (index !== undefined) expect(readFileSync(indexFile(repo), 'utf8')).toBe(index);
  });

  it.each([
    ['cut in a line', LINE + LINE.slice(0, 12), '{}'],
    ['cut at the end of a line', LINE.trimEnd(), '{}'],
    ['with a line that is none', `${LINE}\n${LINE}`, '{}'],
    ['with a bare word', `${LINE}7\n`, '{}'],
    ['with a spoiled state', LINE, '{"refs":'],
    ['of zeros, as after a power cut', '\0'.repeat(64), undefined],
  ])('one %s goes, with its state; a dry run only says so', (_, index, state) => {
    put(index, state);
    const before = there();
    const told = dropDamagedCaches(repo, true);
    expect(told).toMatchObject([{ what: 'cache', log: 'sessions.ndjson', source: 'the logs', kept: [] }]);
    expect(there()).toEqual(before);
    expect(dropDamagedCaches(repo, false)).toEqual(told);
    expect(there()).toEqual([false, false]);
    expect(dropDamagedCaches(repo, false)).toEqual([]);
  });
});
