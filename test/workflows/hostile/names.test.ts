import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sanitizeLine } from '../../../src/cli/sanitize.ts';
import { isAppError } from '../../../src/errors.ts';
import { isFullRef } from '../../../src/git/ids.ts';
import { resolveCommit } from '../../../src/git/refs.ts';
import { branchName } from '../../../src/session/slug.ts';
import { findSession } from '../../../src/workflows/find-session.ts';
import { makeRepo } from '../../support/repo.ts';
import { contextIn, make } from '../../support/sessions.ts';

/** What nobody would call a branch, a session or a file, and somebody does. */
const NASTY = [
  '-x',
  '--',
  '--output=pwned',
  '--output pwned',
  '-Opwned',
  '--upload-pack=touch pwned',
  '--exec=touch pwned',
  '-c core.pager=touch',
  '--git-dir=/tmp',
  '--help',
  '--version',
  '-h',
  '-C',
  '-C/tmp',
  '@',
  '@{-1}',
  '@{u}',
  '@{-9}',
  'HEAD@{999}',
  'HEAD~999',
  'HEAD^9',
  ':/nothing like it',
  ':(top)x',
  ':(exclude)*',
  '^HEAD',
  '..',
  '...',
  'a..b',
  'main...nothing',
  '~',
  '~root',
  '/',
  '//',
  '/etc/passwd',
  '../../etc/passwd',
  '..\\..\\x',
  'C:\\x',
  'CON',
  'aux',
  'nul.txt',
  'x.lock',
  'x.',
  'x/',
  '/x',
  '.x',
  'x/.y',
  'x//y',
  'refs/heads/',
  'refs/heads/-x',
  'refs/amp/',
  'refs/../x',
  '$(touch pwned)',
  '`touch pwned`',
  '; touch pwned',
  '| touch pwned',
  '&& touch pwned',
  '> pwned',
  '$HOME',
  '$IFS',
  '%s%n',
  '%00',
  '{{7*7}}',
  '<script>',
  "' OR 1=1",
  '"',
  "'",
  '\\',
  '*',
  '?',
  '[a]',
  'a b',
  ' a',
  'a ',
  '\t',
  'a\tb',
  'a\nb',
  '\n',
  '\r',
  'a\rb',
  '\u0000',
  'a\u0000b',
  '\u0007',
  '\u001b[31m',
  '\u001b]0;x\u0007',
  '\u009b31m',
  '\u202e',
  '\u202etxt.exe',
  '\u200b',
  '\u2066x',
  '\ufeff',
  '\ufffd',
  '\u00e9',
  'e\u0301',
  '\u0130',
  '\u00df',
  '\ud83d\ude00',
  '\ud800',
  '\udc80',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'undefined',
  'NaN',
  'true',
  '0',
  '-0',
  '-1',
  '1e400',
  '9007199254740993',
  '0x10',
  '0000000',
  'deadbeef',
  '0123456789',
  'x'.repeat(300),
  '-'.repeat(4096),
  'a/'.repeat(200),
];

describe('a name that somebody gives', () => {
  it('of a commit is looked up as it is, never read as an option, and makes no file', async () => {
    const dir = await makeRepo();
    const { repo } = await contextIn(dir);
    const before = readdirSync(dir);
    const strange: string[] = [];
    for (const name of NASTY)
      await resolveCommit(repo, name).then(
        (id) => strange.push(`${name} is ${id}`),
        (error) => expect([name, isAppError(error, 'ref.missing')]).toEqual([name, true]),
      );
    // `@` is git's own short word for HEAD.
    expect(strange.map((line) => line.split(' is ')[0])).toEqual(['@']);
    expect(readdirSync(dir)).toEqual(before);
  });

  it('of a session that is not there is told so, in words that are inert', async () => {
    const ctx = await contextIn(await makeRepo());
    await make(ctx, { name: 'plain' });
    for (const name of NASTY) {
      const error = await findSession(ctx, name, ctx.repo.root).catch((reason: unknown) => reason);
      expect([name, isAppError(error)]).toEqual([name, true]);
    }
  });

  it('of a session makes a branch that git takes', () => {
    for (const name of NASTY) {
      const branch = branchName({ prefix: 'amp', name, at: '2026-01-02T03:04:05.000Z', attempt: 0 });
      expect([name, isFullRef(`refs/heads/${branch}`), branch.length < 200]).toEqual([name, true, true]);
      expect(branch).toMatch(/^amp\/[^\s-][^\s]*\/20260102-030405$/);
    }
  });

  it('is shown inert', () => {
    for (const name of NASTY) expect(sanitizeLine(name)).not.toMatch(/[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
  });
});
