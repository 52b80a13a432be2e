import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { isAppError } from '../../../src/errors.ts';
import { readInstances } from '../../../src/workflows/bench/instances.ts';
import { requireKnownAgent } from '../../../src/workflows/bench/known-agent.ts';
import { modelPatch } from '../../../src/workflows/bench/model-patch.ts';
import { writePredictions } from '../../../src/workflows/bench/predictions.ts';
import { type BenchFileWish, readBench } from '../../../src/workflows/bench/read-bench.ts';
import { readOfficialReport } from '../../../src/workflows/bench/read-official-report.ts';
import { git, makeRepo, tempDir } from '../../support/repo.ts';
import { contextIn, make } from '../../support/sessions.ts';

const dir = tempDir('amp-bench-files-');
const file = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
const thrownBy = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (isAppError(error)) return `${error.code}: ${error.message.replaceAll(`${dir}/`, '')}`;
    throw error;
  }
  return 'nothing';
};
const refusalOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing',
    (error: unknown) =>
      thrownBy(() => {
        throw error;
      }),
  );

describe('an agent that a benchmark names', () => {
  it.each([['amp'], ['command:make all'], ['scripted:play.yaml'], ['gold'], ['empty']])('%s is known', (agent) =>
    expect(thrownBy(() => requireKnownAgent(agent))).toBe('nothing'),
  );

  it.each([['nobody'], ['gold:x'], ['Amp'], [''], ['constructor'], [' amp']])('%j is not', (agent) =>
    expect(thrownBy(() => requireKnownAgent(agent))).toBe(`agent.unknown: There is no agent \`${agent}\`.`),
  );

  it('that is not known is told which are, those that check the harness among them', () => {
    try {
      requireKnownAgent('nobody');
      expect.unreachable();
    } catch (error) {
      expect((error as { hint: string }).hint).toMatch(/^Choose one of .*\bamp\b.*, gold, empty\.$/);
    }
  });
});

describe('predictions', () => {
  const one = (instanceId: string, patch = '') => ({ instanceId, model: 'amp', patch });

  it('are a line each, in their order, and replace what was there', () => {
    const path = join(dir, 'out', 'preds.jsonl');
    writePredictions(path, [one('old')]);
    writePredictions(path, [one('b', 'x\ny\u2028z\n'), one('a')]);
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { instance_id: 'b', model_name_or_path: 'amp', model_patch: 'x\ny\u2028z\n' },
      { instance_id: 'a', model_name_or_path: 'amp', model_patch: '' },
    ]);
    expect(readdirSync(join(dir, 'out'))).toEqual(['preds.jsonl']);
  });

  it('of nothing are an empty file; of one twice none, and what was there stays', () => {
    const path = join(dir, 'none.jsonl');
    writePredictions(path, []);
    expect(statSync(path).size).toBe(0);
    expect(thrownBy(() => writePredictions(path, [one('a'), one('b'), one('a')]))).toBe(
      'program.bug: Two predictions for a in one file.',
    );
    expect(statSync(path).size).toBe(0);
  });
});

describe('a report of the official harness', () => {
  it('may begin with a mark, and says of each instance how it came out', () => {
    const report = readOfficialReport(
      file('r.json', '\ufeff{"schema_version": 2, "resolved_ids": ["a"], "unresolved_ids": ["b"], "error_ids": ["c"]}'),
    );
    expect([report.schemaVersion, Object.fromEntries(report.outcomes)]).toEqual([
      2,
      { a: 'resolved', b: 'unresolved', c: 'error' },
    ]);
  });

  it.each([
    ['[]', 'is no report of the official harness'],
    ['null', 'is no report of the official harness'],
    ['{}', 'is no report of the official harness'],
    ['{"a": {"resolved": "yes"}}', 'is no report of the official harness'],
    ['', 'is no JSON'],
    ['{"resolved_ids": [}', 'is no JSON'],
  ])('%s %s', (text, says) => {
    const path = file('bad.json', text);
    expect(thrownBy(() => readOfficialReport(path))).toBe(`report.invalid: bad.json ${says}.`);
  });

  it('that is a folder cannot be read', () => {
    mkdirSync(join(dir, 'folder.json'));
    expect(thrownBy(() => readOfficialReport(join(dir, 'folder.json')))).toBe(
      'file.missing: folder.json cannot be read (EISDIR).',
    );
  });
});

describe('rows of a data set, as a benchmark', () => {
  let repo: string;
  let head: string;
  beforeAll(async () => {
    repo = await makeRepo();
    head = await git(repo, 'rev-parse', 'HEAD');
  });
  const row = (id: string, over: Record<string, unknown> = {}): string =>
    `${JSON.stringify({
      instance_id: id,
      repo: 'a/b',
      base_commit: head,
      problem_statement: `Mend ${id}`,
      FAIL_TO_PASS: ['t'],
      ...over,
    })}\n`;
  const bench = (text: string, over: Partial<BenchFileWish> = {}, name = 'rows.jsonl') =>
    readBench({ file: file(name, text), repos: new Map([['a/b', repo]]), env: process.env, ...over });

  it('has its cases in the order in which they are asked for', async () => {
    const text = ['one', 'two', 'three'].map((id) => row(id)).join('');
    const ids = async (cases?: string[]) => (await bench(text, { ...(cases && { cases }) })).cases.map(({ id }) => id);
    expect(await ids()).toEqual(['one', 'two', 'three']);
    expect(await ids(['three', 'one'])).toEqual(['three', 'one']);
    expect(await refusalOf(ids(['four']))).toBe('usage.invalid: rows.jsonl has no instance four.');
  });

  it('is another one with other bytes or other flags, and the same under another name', async () => {
    const hash = async (...given: Parameters<typeof bench>) => (await bench(...given)).sha256;
    const first = await hash(row('one'));
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(await hash(row('one'), {}, 'other.jsonl')).toBe(first);
    const others = await Promise.all([
      hash(`${row('one')}\n`, {}, 'bytes.jsonl'),
      ...[{ test: 'x' }, { setup: 'x' }, { parser: 'tap' }, { timeoutSec: 1 }, { testTimeoutSec: 1 }].map((flags) =>
        hash(row('one'), flags, 'flags.jsonl'),
      ),
    ]);
    expect(new Set([first, ...others]).size).toBe(7);
  });

  it('takes the time that is said, for the agent and for its tests', async () => {
    const { cases } = await bench(row('one'), { test: 'true', timeoutSec: 7, testTimeoutSec: 8, parser: 'tap' });
    expect(cases[0]).toMatchObject({ timeoutSec: 7, graded: { timeoutSec: 8, parser: 'tap', test: 'true' } });
    expect((await bench(row('one'))).cases[0]).toMatchObject({ timeoutSec: null, graded: null });
  });

  it('is refused where the clone, its folder or a parser is missing', async () => {
    const missing = new Map([['a/b', join(dir, 'nowhere')]]);
    expect(await refusalOf(bench(row('one'), { repos: missing }))).toBe('case.missing: There is no folder nowhere.');
    expect(await refusalOf(bench(row('one'), { repos: new Map() }))).toBe(
      'case.missing: rows.jsonl:1:2: it is not said where a/b is.',
    );
    expect(await refusalOf(bench('not even JSON', { parser: 'mine' }))).toBe(
      'parser.unknown: There is no log parser `mine`.',
    );
  });

  it('names the line of each row that is wrong, blank ones counted', async () => {
    const path = file('wrong.jsonl', `\n${row('one')}\n${row('two', { repo: 'x' })}${row('one')}`);
    expect(await refusalOf(readInstances(path))).toMatch(
      /^instances\.invalid: wrong\.jsonl:4:\d+: repo must be `owner\/name`\. \(and 1 like it\)$/,
    );
  });

  it('what a session has not changed is an empty patch; files of the hidden tests are never in one', async () => {
    const ctx = await contextIn(repo);
    const { session } = await make(ctx);
    expect(await modelPatch(ctx, session.id, { base: head, testPatch: null })).toEqual({
      patch: Buffer.alloc(0),
      paths: [],
    });
    const worktree = join(repo, session.worktree!);
    writeFileSync(join(worktree, 'a.txt'), 'other\n');
    writeFileSync(join(worktree, 'b.txt'), 'other\n');
    await git(worktree, 'commit', '-qam', 'work');
    const hidden = 'diff --git a/b.txt b/b.txt\n--- a/b.txt\n+++ b/b.txt\n@@ -1 +1 @@\n-hello\n+x\n';
    const pathsWith = async (testPatch: string | null) =>
      (await modelPatch(ctx, session.id, { base: head, testPatch })).paths;
    expect([await pathsWith(null), await pathsWith(hidden)]).toEqual([['a.txt', 'b.txt'], ['a.txt']]);
  });
});
