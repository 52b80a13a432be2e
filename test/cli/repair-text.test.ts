import { Chalk } from 'chalk';
import { expect, test } from 'vitest';
import { repairText } from '../../src/cli/repair-text.ts';
import { verifyText } from '../../src/cli/verify-text.ts';

const plain = new Chalk({ level: 0 });
const one = {
  what: 'lines',
  log: 'sessions/k3',
  writer: 'w7',
  from: 11 as number | null,
  to: 20 as number | null,
  objects: 3,
  source: 'origin',
  kept: ['refs/amp-damaged/sessions/k3/w7/abc'],
};
const answer = { dryRun: false, repaired: [one], unrepaired: [] as { log: string; detail: string }[] };

test('what was put right: range, source, and where the damaged one is', () => {
  expect(repairText(answer, plain).split('\n')).toEqual([
    'put right',
    '  + sessions/k3: events 11 to 20, from origin',
    '    the damaged one is kept in refs/amp-damaged/sessions/k3/w7/abc',
  ]);
});

test.each([
  ['one line', { from: 5, to: 5 }, 'event 5, from origin'],
  ['a ref', { what: 'ref', from: null, to: null }, 'its ref, from origin'],
  ['a file', { what: 'file' }, 'its write-ahead file, from origin'],
  ['long texts', { what: 'long texts' }, 'long texts, from origin'],
  ['commits', { what: 'code', objects: 1 }, 'the commits it keeps, 1 object, from origin'],
  ['a code ref', { what: 'code', objects: 0 }, 'its code ref, from origin'],
  ['notes', { what: 'notes', objects: 2, source: 'the logs' }, '2 notes, from the logs'],
  ['a cache', { what: 'cache', source: 'the logs' }, 'the cache, from the logs'],
])('%s in words', (_, over, words) => {
  const text = repairText({ ...answer, repaired: [{ ...one, kept: [], ...over }] }, plain);
  expect(text).toBe(`put right\n  + sessions/k3: ${words}`);
});

test('a dry run says what would be, a loss is named, and nothing is nothing', () => {
  const unrepaired = [{ log: 'sessions/k3', detail: 'nobody has event 7 of sessions/k3 as it was written' }];
  expect(repairText({ dryRun: true, repaired: [{ ...one, kept: [] }], unrepaired }, plain).split('\n')).toEqual([
    'would be put right',
    '  + sessions/k3: events 11 to 20, would be taken from origin',
    '  ✗ sessions/k3: nobody has event 7 of sessions/k3 as it was written',
  ]);
  expect(repairText({ ...answer, repaired: [] }, plain)).toBe('Nothing had to be put right.');
});

test('names of others reach no terminal raw', () => {
  const source = 'evil\u001b]0;title\u0007';
  expect(repairText({ ...answer, repaired: [{ ...one, source }] }, plain)).not.toContain('\u001b');
});

test('signatures in words; unsigned sessions are passed over', () => {
  const signature = (status: string, signer: string | null, key: string | null = null) => ({
    session: 'k3',
    status,
    signer,
    key,
  });
  const signatures = [
    signature('good', 'Ann <ann@example.com>'),
    signature('unknown', null, 'SHA256:abc'),
    signature('bad', 'Ann\u001b[31m'),
    signature('unsigned', null),
  ];
  const text = verifyText({ logs: [], problems: [], events: 0, signatures }, plain);
  expect(text.split('\n').slice(0, 4)).toEqual([
    'signatures',
    '  ✓ session k3: signed by Ann <ann@example.com>',
    '  ! session k3: signed by an unknown signer, SHA256:abc',
    expect.stringMatching(/^ {2}✗ session k3: a bad signature, Ann/),
  ]);
  expect(text).not.toContain('\u001b');
});

test('what is not in git yet is counted and named, ten at most, and is not taken for proved', () => {
  const log = (session: string, notInGit: number) => ({ session, events: 9, notInGit, problems: [] });
  const said = (logs: ReturnType<typeof log>[]) =>
    verifyText({ logs, problems: [], events: 9, signatures: [] }, plain).split('\n');
  expect(said([log('k3', 0)])).toEqual(['✓ 1 of 1 log sound, 9 events looked at']);
  expect(said([log('k3', 2), log('k4', 0), log('k5\u001b[31m', 1)])).toEqual([
    expect.stringMatching(/^! 3 events not yet in git: k3 \(2\), k5\S* \(1\)$/),
    expect.stringContaining('is proved once a command or sync writes it there'),
    '✓ 3 of 3 logs sound, 9 events looked at',
  ]);
  const many = Array.from({ length: 12 }, (_, n) => log(`s${n}`, 1));
  expect(said(many)[0]).toMatch(/^! 12 events not yet in git: .*s9 \(1\), … 2 more$/);
});
