import { beforeAll, describe, expect, it } from 'vitest';
import { toReport } from '../../src/cli/report-error.ts';
import { AppError, EXIT } from '../../src/errors.ts';
import { bundle } from '../support/bundle.ts';
import { exec, type Ran } from '../support/repo.ts';

/** Each line of its input is one way to fail. */
const PROGRAM = `
  import { CLIError } from './node_modules/@oclif/core/lib/errors/index.js';
  import { ExitError } from './node_modules/@oclif/core/lib/errors/index.js';
  import { reportError } from './src/cli/report-error.ts';
  import { AppError } from './src/errors.ts';
  const errors = {
    ours: new AppError('session.busy', 'Busy \\x1b[31mred\\x1b[0m.', { hint: 'Wait \\x1b]0;title\\x07here.', details: { pid: 7 }, answer: { session: 'k1' } }),
    bare: new AppError('git.failed', 'No.'),
    oclif: new CLIError('Unexpected argument: x\\nSee more help with --help'),
    many: new AppError('batch.invalid', 'f:1:1: no.', { hint: 'Mend it.', details: { problems: [{ message: 'f:1:1: no.' }, { message: 'f:2:1: nor \\x1b[31mthis.', hint: 'Mend it.' }, { message: 'f:3:1: nor that.', hint: 'Other.' }, 'f:4:1: plain.', 7] } }),
    exit: new ExitError(4),
    exitless: Object.assign(new Error('EEXIT: 0'), { code: 'EEXIT', oclif: {} }),
    bug: new TypeError('undefined is not a function\\nsecond line'),
    string: 'thrown as text',
  };
  const [name, json] = process.argv.slice(2);
  process.exitCode = reportError(errors[name], { schema: 'amp-sessions/list/v1', json: json === 'json', command: 'config:get' });
`;
let file = '';
beforeAll(async () => {
  file = await bundle(PROGRAM);
});
const run = (args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> => {
  const clean = { PATH: process.env['PATH'], NODE_PATH: process.env['NODE_PATH'] };
  return exec('/', process.execPath, [file, ...args], { ...clean, ...env });
};

describe('what a failed command prints', () => {
  it('for a person: the sentence and the next step on stderr, inert, nothing on stdout', async () => {
    expect(await run(['ours'])).toEqual({ exitCode: 1, stdout: '', stderr: '✗ Busy red.\n  → Wait here.\n' });
    expect(await run(['bare'])).toEqual({ exitCode: 1, stdout: '', stderr: '✗ No.\n' });
  });

  it('for a program: one document on stdout, nothing on stderr', async () => {
    const { exitCode, stdout, stderr } = await run(['ours', 'json']);
    expect([exitCode, stderr, stdout.split('\n').length]).toEqual([1, '', 2]);
    expect(JSON.parse(stdout)).toEqual({
      schema: 'amp-sessions/list/v1',
      error: { code: 'session.busy', message: expect.any(String), hint: expect.any(String), pid: 7 },
      session: 'k1',
    });
  });

  it('of several things wrong with a file the rest follows, with what comes next where that is another', async () => {
    const { exitCode, stderr } = await run(['many']);
    expect([exitCode, stderr]).toEqual([
      2,
      '✗ f:1:1: no.\n  → Mend it.\n✗ f:2:1: nor this.\n✗ f:3:1: nor that.\n  → Other.\n✗ f:4:1: plain.\n',
    ]);
  });

  it('DEBUG adds the stack, and with --json the person’s text on stderr', async () => {
    const plain = await run(['bug']);
    expect(plain).toMatchObject({ exitCode: 70, stdout: '' });
    expect(plain.stderr).toMatch(
      /^✗ amp-sessions met a bug of its own: undefined is not a function\n {2}→ Run it again with DEBUG=1[^\n]*\n$/,
    );
    const { stderr } = await run(['bug'], { DEBUG: '1' });
    expect(stderr).toContain('second line');
    expect(stderr).toMatch(/\n\s+at .*program\.mjs/);
    const both = await run(['bare', 'json'], { DEBUG: '1' });
    expect(JSON.parse(both.stdout)).toMatchObject({ error: { code: 'git.failed', hint: null } });
    expect(both.stderr).toContain('✗ No.\nAppError');
    expect((await run(['string'], { DEBUG: '1' })).stderr).not.toContain('undefined');
  });

  it('wrong usage is 2 and names the command’s help; a silent exit is silent', async () => {
    expect(await run(['oclif'])).toEqual({
      exitCode: EXIT.usage,
      stdout: '',
      stderr: '✗ Unexpected argument: x.\n  → Run `amp-sessions config get --help` for its arguments and flags.\n',
    });
    for (const format of ['', 'json'])
      expect(await run(['exit', format])).toEqual({ exitCode: 4, stdout: '', stderr: '' });
    expect(await run(['exitless'])).toMatchObject({ exitCode: 70 });
  });

  it('colours are only for those who want them', async () => {
    expect((await run(['ours'], { FORCE_COLOR: '1' })).stderr).toBe(
      '\u001b[31m✗\u001b[39m Busy red.\n  \u001b[2m→\u001b[22m Wait here.\n',
    );
    expect((await run(['ours'], { FORCE_COLOR: '0' })).stderr).not.toContain('\u001b');
  });
});

describe('sentences out of what oclif says', () => {
  const said = (message: string, command?: string) =>
    toReport(Object.assign(new Error(message), { oclif: { exit: 2 } }), command);

  it.each([
    ['Flag --jobs expects a value', 'Flag --jobs expects a value.'],
    ['Is this it?', 'Is this it?'],
    ['No such thing!', 'No such thing!'],
    ['a. b', 'a. b.'],
    [
      'The following things are wrong:\n  --a=x cannot also be provided\n  --b  is     missing\n\nSee more help with --help  \n',
      'The following things are wrong: --a=x cannot also be provided --b: is: missing.',
    ],
    ['See more help with --help and more', 'See more help with --help and more.'],
    ['x\n\n\nSee more help with --help', 'x.'],
    ['Parsing --since \n\t"x" is no time.\nSee more help with --help', '--since: "x" is no time.'],
    ['Not Parsing --since \n\tx', 'Not Parsing --since x.'],
  ])('%j', (message, sentence) =>
    expect(said(message)).toMatchObject({ code: 'usage.invalid', exit: 2, message: sentence }),
  );

  it('name the help of the command, or of the program', () => {
    expect(said('x').hint).toBe('Run `amp-sessions --help` for its arguments and flags.');
    expect(said('x', 'a:b:c').hint).toBe('Run `amp-sessions a b c --help` for its arguments and flags.');
  });

  it('an error that only has an exit status by accident of shape is a bug', () => {
    expect(toReport(Object.assign(new Error('x'), { oclif: { exit: '2' } })).code).toBe('program.bug');
    expect(toReport({ oclif: { exit: 2 }, message: 'x' }).code).toBe('program.bug');
    expect(toReport(new Error('')).message).toBe('amp-sessions met a bug of its own: an error without a message');
    expect(toReport(null).message).toContain('null');
    expect(toReport(new AppError('git.failed', 'Parsing --x \n\tin our own words')).message).toBe(
      '--x: in our own words',
    );
  });
});
