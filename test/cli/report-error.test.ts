import { CLIError } from '@oclif/core/errors';
import { describe, expect, it } from 'vitest';
import { errorDocument, toReport } from '../../src/cli/report-error.ts';
import { AppError } from '../../src/errors.ts';

describe('errors as reports', () => {
  it('an error of the closed set keeps its code, sentence, next step and exit status', () => {
    const error = new AppError('session.busy', 'Session k3 is held by process 7.', {
      hint: 'Stop it with `amp-sessions stop k3`.',
      details: { holder: { pid: 7 } },
      answer: { session: 'k3' },
    });
    const report = toReport(error);
    expect(report).toMatchObject({ code: 'session.busy', exit: 1, message: 'Session k3 is held by process 7.' });
    expect(errorDocument('amp-sessions/iterate/v1', report)).toEqual({
      schema: 'amp-sessions/iterate/v1',
      error: {
        code: 'session.busy',
        message: 'Session k3 is held by process 7.',
        hint: 'Stop it with `amp-sessions stop k3`.',
        holder: { pid: 7 },
      },
      session: 'k3',
    });
  });

  it('absent hints are null in the document', () => {
    const document = errorDocument('amp-sessions/list/v1', toReport(new AppError('git.failed', 'No.')));
    expect(document['error']).toEqual({ code: 'git.failed', message: 'No.', hint: null });
  });

  it('what oclif refuses is wrong usage, in one sentence', () => {
    const error = new CLIError('Missing 1 required arg:\nsession  Id or name\nSee more help with --help');
    expect(toReport(error, 'config:get')).toMatchObject({
      code: 'usage.invalid',
      exit: 2,
      message: 'SESSION is missing.',
      hint: 'Run `amp-sessions config get --help` for its arguments and flags.',
    });
  });

  it('our own refusal of a flag’s value comes through what oclif wraps around it', () => {
    const error = new AppError('usage.invalid', '"5x" is not a duration.', { hint: 'Write 5m.' });
    error.message = `Parsing --timeout \n\t${error.message}\nSee more help with --help`;
    expect(toReport(error).message).toBe('--timeout: "5x" is not a duration.');
  });

  it.each([
    ['EACCES', 'store.readonly', '/r/.git/amp may not be read or written (EACCES).'],
    ['EROFS', 'store.readonly', '/r/.git/amp may not be read or written (EROFS).'],
    ['EPERM', 'store.readonly', '/r/.git/amp may not be read or written (EPERM).'],
    ['ENOSPC', 'store.full', '/r/.git/amp is on a full disk.'],
    ['EDQUOT', 'store.full', '/r/.git/amp is on a full disk.'],
  ])('what the disk has against it is no bug of ours: %s', (code, named, message) => {
    const error = Object.assign(new Error(`${code}: mkdir`), { code, syscall: 'mkdir', path: '/r/.git/amp' });
    expect(toReport(error)).toMatchObject({
      code: named,
      exit: 1,
      message,
      hint: expect.stringMatching(/^[A-Z].*\.$/),
    });
  });

  it.each([
    { code: 'EACCES', syscall: 'spawn git', path: 'git' },
    { code: 'EACCES', syscall: 'listen' },
    { code: 'ENOENT', syscall: 'open', path: '/r' },
    { code: 'constructor', syscall: 'open', path: '/r' },
  ])('other errors of the machine may be one: %j', (fields) => {
    expect(toReport(Object.assign(new Error('x'), fields)).code).toBe('program.bug');
  });

  it('anything else is our bug: 70, the first line only, no stack', () => {
    const report = toReport(new TypeError('x is not a function\n    at secret.ts'));
    expect(report).toMatchObject({ code: 'program.bug', exit: 70 });
    expect(report.message).toBe('amp-sessions met a bug of its own: x is not a function');
    expect(toReport('a string').message).toContain('a string');
    expect(toReport(undefined).exit).toBe(70);
  });
});
