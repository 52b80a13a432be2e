import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LogName } from '../../src/events/envelope.ts';
import type { Repository } from '../../src/git/repository.ts';
import { eventsName, parseSegmentName, payloadName, transcriptName } from '../../src/store/blobs.ts';
import {
  assertLog,
  codeRef,
  eventsFile,
  laneRef,
  parseLaneRef,
  parseWalName,
  payloadDir,
  transcriptFile,
} from '../../src/store/layout.ts';

const repo: Repository = {
  root: '/r',
  commonDir: '/r/.git',
  bare: false,
  objectFormat: 'sha1',
  refFormat: 'files',
  here: null,
};
const lane = { log: 'sessions/k3x' as LogName, writer: 'w7y' };

describe('names of files', () => {
  test('are made and read back', () => {
    expect(basename(eventsFile(repo, lane))).toBe('sessions.k3x.w7y.ndjson');
    expect(parseWalName('sessions.k3x.w7y.ndjson')).toEqual({ ...lane, kind: 'events' });
    expect(parseWalName(basename(transcriptFile(repo, lane)))).toEqual({ ...lane, kind: 'transcript' });
    expect(parseWalName('batches.b1.w7y.ndjson')?.log).toBe('batches/b1');
    expect(basename(payloadDir(repo, lane))).toBe('sessions.k3x.w7y');
  });

  test.each([
    'sessions.k3x.w7y.ndjson.k1.tmp',
    'sessions.k3x.ndjson',
    'other.k3x.w7y.ndjson',
    'sessions...ndjson',
    'payloads',
    '.DS_Store',
  ])('%s is a stranger', (name) => expect(parseWalName(name)).toBeUndefined());
});

describe('names of refs', () => {
  test('are made and read back', () => {
    expect(laneRef(lane)).toBe('refs/amp/sessions/k3x/w7y');
    expect(parseLaneRef('refs/amp/sessions/k3x/w7y')).toEqual(lane);
    expect(parseLaneRef('refs/amp/batches/b1/w7y')).toEqual({ log: 'batches/b1', writer: 'w7y' });
    expect(codeRef('k3x', 'w7y')).toBe('refs/amp/code/k3x/w7y');
  });

  test.each([
    'refs/amp/code/k3x/w7y',
    'refs/amp/sessions/k3x',
    'refs/amp/sessions/k3x/w7y/more',
    'refs/amp/sessions/-x/w7y',
    'refs/amp/sessions/../w7y',
    'refs/heads/sessions/k3x/w7y',
  ])('%s is no lane', (ref) => expect(parseLaneRef(ref)).toBeUndefined());

  test('a log whose name could leave its folder is a bug', () => {
    expect(() => assertLog('sessions/k3x')).not.toThrow();
    for (const log of ['sessions/..', 'sessions/a/b', 'sessions/', 'other/x', 'sessions/a.b', 'sessions/-x'])
      expect(() => assertLog(log as LogName)).toThrow(log);
  });
});

describe('names inside a flush', () => {
  test('sort as their numbers do, and are read back', () => {
    const names = [1, 9, 10, 123, 9_999_999_999].map((seq) => eventsName(seq, 'k3x'));
    expect([...names].sort()).toEqual(names);
    expect(parseSegmentName(names[3]!)).toEqual({ kind: 'events', firstSeq: 123, id: 'k3x' });
    expect(parseSegmentName(transcriptName(7, 'k3x'))).toEqual({ kind: 'transcript', firstSeq: 7, id: 'k3x' });
    expect(parseSegmentName(payloadName('ab'))).toBeUndefined();
    expect(parseSegmentName('events-7-k3x.ndjson')).toBeUndefined();
  });
});
