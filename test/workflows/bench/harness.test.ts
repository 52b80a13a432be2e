import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Agent, AgentFact } from '../../../src/agents/agent.ts';
import { systemClock } from '../../../src/clock.ts';
import { makeCaseRepository } from '../../../src/workflows/bench/case-repository.ts';
import { caseOfInstance, gradeCase } from '../../../src/workflows/bench/grade.ts';
import { readInstances } from '../../../src/workflows/bench/instances.ts';
import { modelPatch } from '../../../src/workflows/bench/model-patch.ts';
import { writePredictions } from '../../../src/workflows/bench/predictions.ts';
import { readOfficialReport } from '../../../src/workflows/bench/read-official-report.ts';
import { emptyAgent, goldAgent, isReferenceAgent } from '../../../src/workflows/bench/reference-agents.ts';
import { exec, git, tempDir } from '../../support/repo.ts';
import { contextIn, make, runOnce, script } from '../../support/sessions.ts';
import { ownCase, TEST } from './own-case.ts';

const place = tempDir('amp-harness-');
const work = { from: '', seeds: join(place, 'seeds'), work: join(place, 'grading') };

const instanceOf = async () => {
  const { dir, row } = await ownCase();
  const file = join(place, 'instances.jsonl');
  writeFileSync(file, `${JSON.stringify(row)}\n`);
  work.from = dir;
  const [{ instance }] = (await readInstances(file)) as [Awaited<ReturnType<typeof readInstances>>[number]];
  return instance;
};

let attempts = 0;

/** One attempt at the case: a repository of its own, a session in it, and what came of it. */
const attempt = async (over: { adapter?: Agent; script?: string }) => {
  const instance = await instanceOf();
  attempts += 1;
  const dir = join(place, `attempt-${attempts}`);
  const { root } = await makeCaseRepository({ ...work, commit: instance.baseCommit, dir });
  const ctx = await contextIn(root);
  const agent = { name: 'scripted', mode: null, ...(over.script && { command: over.script }) };
  const { session } = await make(ctx, { agent, prompt: instance.problem });
  const ran = await runOnce(ctx, session.id, { ...(over.adapter && { adapter: over.adapter }) });
  const made = await modelPatch(ctx, session.id, { base: instance.baseCommit, testPatch: instance.testPatch });
  return { instance, root, ctx, ran, made, id: session.id };
};

const gradeOf = async (patch: Buffer, evenEmpty = false) => {
  const given = { test: TEST, setup: null, timeoutSec: 60 };
  const graded = caseOfInstance(await instanceOf(), given);
  return gradeCase({ case: graded, patch, ...work, env: process.env, clock: systemClock, evenEmpty });
};

describe('the check of the harness itself', () => {
  it('gold scores all', async () => {
    const { patch: solution } = await instanceOf();
    const { ran, made, instance } = await attempt({ adapter: goldAgent(solution, systemClock) });
    expect(ran.failure).toBeNull();
    expect(made.paths).toEqual(['src/calc.sh']);
    expect(made.patch.toString()).toContain('+sub() { echo $(($1 - $2)); }');
    const graded = await gradeOf(made.patch);
    expect(graded).toMatchObject({ resolved: true, failToPass: { passed: 2, total: 2 }, passToPass: { passed: 3 } });
    writePredictions(join(place, 'preds.jsonl'), [
      { instanceId: instance.id, model: 'gold', patch: made.patch.toString() },
    ]);
    expect(JSON.parse(readFileSync(join(place, 'preds.jsonl'), 'utf8'))).toEqual({
      instance_id: 'own__calc-1',
      model_name_or_path: 'gold',
      model_patch: made.patch.toString(),
    });
  });

  it('empty scores nothing', async () => {
    const { ran, made } = await attempt({ adapter: emptyAgent(systemClock) });
    expect([ran.failure, made.patch.length, made.paths]).toEqual([null, 0, []]);
    expect(await gradeOf(made.patch, true)).toMatchObject({
      resolved: false,
      failToPass: { passed: 0, total: 2 },
      passToPass: { passed: 3, total: 3 },
    });
  });

  it('gold fails where there is no solution, or one that does not apply', async () => {
    const { root } = await makeCaseRepository({
      ...work,
      commit: (await instanceOf()).baseCommit,
      dir: join(place, 'broken'),
    });
    const request = { prompt: '', worktree: root, session: 's', sessionName: 's', iteration: 1 };
    for (const [patch, says] of [
      [null, 'no reference patch'],
      ['nonsense\n', 'does not apply'],
    ] as const) {
      const facts: AgentFact[] = [];
      for await (const fact of (await goldAgent(patch, systemClock).start(request)).facts) facts.push(fact);
      const failure = { code: 'agent.failed', message: expect.stringContaining(says) };
      expect(facts).toMatchObject([{ kind: 'finished', exitCode: 1, stopped: 'no', failure }]);
    }
    expect(['gold', 'empty', 'amp'].map(isReferenceAgent)).toEqual([true, true, false]);
  });
});

/** Looks wherever an agent can look for what it is not to see, and writes down what it saw. */
const spy = (file: string): string => `
iterations:
  - - run: |
        {
          git log --all --reflog --format='%s %b'; git stash list; git fsck --lost-found --no-reflogs
          git cat-file --batch --batch-all-objects
          git for-each-ref; git config --list; cat .git; ls -Ra ../../.git
          env; cat /proc/self/environ /proc/$PPID/environ | tr '\\0' '\\n'
          cd ../..; find . -type f -not -path '*/objects/*' -exec cat {} +
        } > '${file}' 2>&1
    - message: Looked.
`;

describe('an agent', () => {
  it('sees nothing of the solution, of the hidden tests, of the hints, or of where they are', async () => {
    const file = join(tempDir('amp-seen-'), 'seen.txt');
    const { instance, root } = await attempt({ script: script(spy(file)) });
    const text = readFileSync(file, 'latin1');
    for (const known of ['a calculator', 'sub 5 2 gives -3', 'AMP_SESSIONS_SESSION=', '$2 - $1', instance.baseCommit])
      expect(text).toContain(known);
    const secrets = ['$1 - $2', 'sub.test', 'tests/sub', 'the calculator', 'operands', 'more', work.from];
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
    const { dir } = await ownCase();
    const future = (
      await git(dir, 'rev-list', '--objects', '--no-object-names', '--all', `^${instance.baseCommit}`)
    ).split('\n');
    expect(future.length).toBeGreaterThan(4);
    expect(future.filter((object) => text.includes(object))).toEqual([]);
    const objects = await exec(root, 'git', ['cat-file', '--batch', '--batch-all-objects', '--unordered']);
    const files = readdirSync(join(root, '.git'), { recursive: true, encoding: 'utf8' })
      .map((name) => join(root, '.git', name))
      .filter((name) => statSync(name).isFile());
    const onRecord = [objects.stdout, ...files.map((name) => readFileSync(name, 'latin1'))].join('\n');
    expect(onRecord).toContain(instance.problem);
    expect(secrets.filter((secret) => onRecord.includes(secret))).toEqual([]);
    expect(existsSync(join(root, '.git/objects/info/alternates'))).toBe(false);
  });

  it('has what it did to files that grading brings left out, and all else kept, bytes included', async () => {
    const edits = `
iterations:
  - - edit: { path: tests/add.test, content: "exit 0\\n" }
    - edit: { path: tests/sub.test, content: "exit 0\\n" }
    - edit: { path: tests/own.test, content: "check own 1 1\\n" }
    - run: printf '\\000\\001' > data.bin; printf 'caf\\351\\n' > latin.txt; sed -i 's/2 - $1/1 - $2/; s/$1 - $1/$1 - $2/' src/calc.sh
    - message: Done.
`;
    const { made } = await attempt({ script: script(edits) });
    expect(made.paths).toEqual(['data.bin', 'latin.txt', 'src/calc.sh', 'tests/own.test']);
    expect(Buffer.from(made.patch.toString('utf8')).equals(made.patch)).toBe(true);
  });
});

describe('files for the official harness, and from it', () => {
  it('predictions of one instance are once in a file', () => {
    const one = { instanceId: 'a__a-1', model: 'm', patch: '' };
    expect(() => writePredictions(join(place, 'twice.jsonl'), [one, one])).toThrow(/Two predictions for a__a-1/);
    expect(existsSync(join(place, 'twice.jsonl'))).toBe(false);
    writePredictions(join(place, 'deep/er/preds.jsonl'), [one, { ...one, instanceId: 'a__a-2' }]);
    expect(readFileSync(join(place, 'deep/er/preds.jsonl'), 'utf8')).toMatch(/^\{.*\}\n\{.*\}\n$/);
  });

  it('a report is read from its file, or it is said what is wrong with it', () => {
    const file = (name: string, text: string): string => {
      writeFileSync(join(place, name), text);
      return join(place, name);
    };
    expect([...readOfficialReport(file('r.json', '{"resolved_ids": ["a__a-1"]}')).outcomes]).toEqual([
      ['a__a-1', 'resolved'],
    ]);
    const codeOf = (path: string): string => {
      try {
        readOfficialReport(path);
        return 'none';
      } catch (error) {
        return `${(error as { code: string }).code}: ${(error as Error).message.replace(`${place}/`, '')}`;
      }
    };
    expect(codeOf(file('x.json', '{'))).toBe('report.invalid: x.json is no JSON.');
    expect(codeOf(file('y.json', '{"a": 1}'))).toBe('report.invalid: y.json is no report of the official harness.');
    expect(codeOf(join(place, 'nowhere.json'))).toBe('file.missing: nowhere.json cannot be read (ENOENT).');
  });
});
