import { describe, expect, it } from 'vitest';
import { type BatchFile, batchFileSchema, secondsOf } from '../../src/batch/file-schema.ts';
import { itemsOf, lastOf, MOST_ITEMS, pick, type Refuse } from '../../src/batch/products.ts';

class Refused extends Error {}
const refuse: Refuse = ({ file, path }, what, says) => new Refused(`${file} ${path.join('.')} ${what}: ${says('it')}`);
const items = (...files: BatchFile[]) =>
  itemsOf(
    files.map((file) => batchFileSchema.parse(file)),
    refuse,
  );
const why = (...files: BatchFile[]): string => {
  try {
    items(...files);
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
  return 'accepted';
};
const values = (made: ReturnType<typeof items>, ...keys: Parameters<typeof pick>[1][]) =>
  made.map((item) => keys.map((key) => pick(item, key)?.value ?? null).join(' '));

describe('the items of a matrix', () => {
  it('are those that stand there, in order, and the defaults count where they say nothing', () => {
    const made = items({
      defaults: { repo: '.', agent: 'amp', retries: 2 },
      matrix: [{ prompt: 'a' }, { prompt: 'b', repo: '../b', agent: 'command:x', retries: 0 }],
    });
    expect(values(made, 'prompt', 'repo', 'agent', 'retries')).toEqual(['a . amp 2', 'b ../b command:x 0']);
    expect(pick(made[1]!, 'repo')!.spot).toEqual({ file: 0, path: ['matrix', 1, 'repo'] });
    expect(pick(made[0]!, 'retries')!.spot).toEqual({ file: 0, path: ['defaults', 'retries'] });
  });

  it('false and 0 are said as well as anything', () => {
    const [item] = items({ defaults: { repo: '.', mergeOnPass: true }, matrix: [{ prompt: 'a', mergeOnPass: false }] });
    expect(pick(item!, 'mergeOnPass')!.value).toBe(false);
  });
});

describe('products', () => {
  const three = {
    prompts: ['p', { prompt: 'q', name: 'Q' }],
    repos: ['a', { repo: 'b', name: 'B' }],
    agents: ['x', 'y'],
  };

  it('every prompt goes to every repository with every agent, the agent turning fastest', () => {
    expect(values(items(three), 'prompt', 'repo', 'agent')).toEqual([
      'p a x',
      'p a y',
      'p b x',
      'p b y',
      'q a x',
      'q a y',
      'q b x',
      'q b y',
    ]);
  });

  it('come after the matrix', () => {
    const made = items({ ...three, matrix: [{ prompt: 'm', repo: 'r' }] });
    expect(made.length).toBe(9);
    expect(values(made.slice(0, 1), 'prompt')).toEqual(['m']);
  });

  it('names tell only what differs', () => {
    const [first] = items({ prompts: ['p'], repos: ['a'], agents: ['x'] });
    expect(first!.names).toEqual({ prompt: null, repo: false, agent: false });
    const last = items(three).at(-1)!;
    expect(last.names).toMatchObject({ prompt: { value: 'Q' }, repo: { value: 'B' }, agent: true });
    expect(pick(last, 'name')).toBeUndefined();
  });

  it('a prompt says more of its item than its repository, that more than its agent, that more than the defaults', () => {
    const of = (prompt: object, repo: object, agent: object) =>
      items({
        defaults: { timeoutSec: 1 },
        prompts: [{ prompt: 'p', ...prompt }],
        repos: [{ repo: 'r', ...repo }],
        agents: [{ agent: 'a', ...agent }],
      });
    expect(values(of({}, {}, {}), 'timeoutSec')).toEqual(['1']);
    expect(values(of({}, {}, { timeoutSec: 2 }), 'timeoutSec')).toEqual(['2']);
    expect(values(of({}, { timeoutSec: 3 }, { timeoutSec: 2 }), 'timeoutSec')).toEqual(['3']);
    expect(values(of({ timeoutSec: 4 }, { timeoutSec: 3 }, { timeoutSec: 2 }), 'timeoutSec')).toEqual(['4']);
  });

  it('the repository of the defaults will do', () => {
    expect(values(items({ defaults: { repo: 'd' }, prompts: ['p'] }), 'prompt', 'repo')).toEqual(['p d']);
  });
});

describe('several files', () => {
  const base: BatchFile = { concurrency: 2, defaults: { repo: 'base', retries: 1 }, matrix: [{ prompt: 'first' }] };
  const top: BatchFile = { defaults: { repo: 'top' }, matrix: [{ prompt: 'second' }] };

  it('items of the included one come first, the last word has the other', () => {
    expect(values(items(base, top), 'prompt', 'repo', 'retries')).toEqual(['first top 1', 'second top 1']);
    expect(lastOf([base, top], 'concurrency')).toEqual({ value: 2, spot: { file: 0, path: ['concurrency'] } });
    expect(lastOf([base, { ...top, concurrency: 5 }], 'concurrency')!.value).toBe(5);
    expect(lastOf([base, top], 'runId')).toBeUndefined();
  });

  it('prompts of one go to repositories of the other', () => {
    expect(values(items({ prompts: ['p'] }, { repos: ['a', 'b'] }), 'prompt', 'repo')).toEqual(['p a', 'p b']);
  });
});

describe('what cannot be run', () => {
  it.each<[string, BatchFile, string]>([
    ['nothing at all', {}, '0  value: there is nothing to do in it.'],
    ['no prompt', { matrix: [{ repo: '.' }] }, '0 matrix.0 value: it has neither `prompt` nor `promptFile`.'],
    [
      'two prompts',
      { matrix: [{ repo: '.', prompt: 'a', promptFile: 'b' }] },
      '0 matrix.0.promptFile name: `prompt` and `promptFile` exclude each other.',
    ],
    ['no repository', { matrix: [{ prompt: 'a' }] }, '0 matrix.0 value: it has no `repo`.'],
    ['prompts without repositories', { prompts: ['a'] }, '0 prompts.0 value: it has no `repo`.'],
    [
      'repositories alone',
      { repos: ['a'], matrix: [{ repo: '.', prompt: 'a' }] },
      '0 repos name: it is for `prompts`, and there are none.',
    ],
    ['agents alone', { agents: ['amp'] }, '0 agents name: it is for `prompts`, and there are none.'],
  ])('%s', (_, file, message) => expect(why(file)).toBe(message));

  it('too many are told before they are made', () => {
    const many = Array.from({ length: 101 }, (_, at) => `p${at}`);
    expect(why({ prompts: many, repos: many })).toBe(`0 prompts name: it makes more than ${MOST_ITEMS} items.`);
    expect(items({ prompts: many.slice(0, 100), repos: many.slice(0, 100) }).length).toBe(MOST_ITEMS);
  });
});

describe('a time', () => {
  it.each([
    [90, 90],
    ['90s', 90],
    ['2h', 7200],
    ['1h30m', 5400],
    ['1h30m5s', 5405],
    ['0h1m', 60],
  ])('%j is %i s', (given, seconds) => {
    expect(batchFileSchema.parse({ budget: { wallClock: given } }).budget!.wallClock).toBe(given);
    expect(secondsOf(given)).toBe(seconds);
  });

  it.each(['', '0s', '5', 'h', '1d', '30m1h', ' 5m', '-5m', 0, 1.5])('%j is none', (given) => {
    expect(batchFileSchema.safeParse({ budget: { wallClock: given } }).success).toBe(false);
  });
});
