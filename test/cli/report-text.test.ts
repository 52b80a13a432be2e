import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Chalk } from 'chalk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answers } from '../../src/cli/answers/answers.ts';
import { reportAnswer, reportPlace, reportSaid, writeReport } from '../../src/cli/report-text.ts';
import { writeWhole } from '../../src/cli/whole-file.ts';
import { tempDir } from '../support/repo.ts';
import { aPage, aSession, facts, money } from '../support/report-facts.ts';

const color = new Chalk({ level: 0 });
const some = facts(money('1.500000', { sessions: 2, iterations: 1, costIsLowerBound: true }), {
  sessions: [aSession('s000000002'), aSession('s000000001')],
  pages: [aPage('s000000002')],
});
const coded = (code: string) => expect.objectContaining({ code });

describe('what is said of a report', () => {
  const said = (path: string | null, quiet = false): string =>
    reportSaid({ format: 'markdown', path, force: false }, { facts: some, text: '# R\n\nx\n', color, quiet });

  it('is the report itself on stdout, with -q too', () => {
    expect(said(null)).toBe('# R\n\nx');
    expect(said(null, true)).toBe('# R\n\nx');
  });

  it('is a line where it is in a file, and its name alone with -q', () => {
    expect(said('/a/r.md')).toBe('✓ /a/r.md: 2 sessions, 1 iteration, cost ≥ $1.50');
    expect(said('/a/r.md', true)).toBe('/a/r.md');
    expect(said('/a/\u001b[31mr\n.md')).toBe('✓ /a/r .md: 2 sessions, 1 iteration, cost ≥ $1.50');
  });

  it('is a document for programs, with the text only where no file has it', () => {
    const text = '# Ü\n';
    const onStdout = reportAnswer({ format: 'markdown', path: null, force: false }, some, text);
    expect(onStdout).toEqual({
      ...{ format: 'markdown', output: null, text, bytes: 5, pages: 1, costUsd: '1.500000' },
      sessions: ['s000000002', 's000000001'],
    });
    const inFile = reportAnswer({ format: 'html', path: '/a/r.html', force: true }, some, text);
    expect(inFile).toMatchObject({ format: 'html', output: '/a/r.html', bytes: 5 });
    expect(inFile).not.toHaveProperty('text');
    const schema = 'amp-sessions/report/v1';
    for (const answer of [onStdout, inFile])
      expect(answers.report.safeParse({ schema, ...answer }).error).toBeUndefined();
  });
});

describe('the file of a report', () => {
  it('is written as it is, over another only by force, and nothing is left beside it', () => {
    const dir = tempDir();
    const place = (force: boolean) => reportPlace({ output: 'r.html', force }, (given) => join(dir, given));
    const first = place(false);
    writeReport(first, 'one ✓\n');
    expect(() => place(false)).toThrow(coded('file.exists'));
    // Another process was faster: it was not there when this one looked.
    expect(() => writeReport(first, 'two')).toThrow(coded('file.exists'));
    expect(readFileSync(join(dir, 'r.html'), 'utf8')).toBe('one ✓\n');
    writeReport(place(true), 'three');
    expect([readFileSync(join(dir, 'r.html'), 'utf8'), readdirSync(dir)]).toEqual(['three', ['r.html']]);
  });

  it('is none where it goes to stdout', () => {
    const dir = tempDir();
    writeReport(
      reportPlace({ output: '-' }, (given) => join(dir, given)),
      'text',
    );
    expect(readdirSync(dir)).toEqual([]);
  });

  it('takes no place below a file, nor of a link that leads nowhere', () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'file'), 'x');
    for (const replace of [false, true])
      expect(() => writeWhole(join(dir, 'file', 'r.md'), 'y', { replace })).toThrow(
        expect.objectContaining({ code: 'file.missing', message: `${join(dir, 'file')} is no folder.` }),
      );
    symlinkSync(join(dir, 'nowhere'), join(dir, 'link'));
    expect(() => writeWhole(join(dir, 'link'), 'y')).toThrow(coded('file.exists'));
    expect(readdirSync(dir)).toEqual(['file', 'link']);
  });

  it.each([
    ['r.htm', 'html'],
    ['R.Html', 'html'],
    ['html', 'markdown'],
    ['r.html.md', 'markdown'],
    ['r.xhtml', 'markdown'],
  ])('%s is of %s', (output, format) =>
    expect(reportPlace({ output }, (given) => `/nowhere/${given}`).format).toBe(format),
  );

  describe('never takes the place', () => {
    const dir = tempDir();
    const server = createServer();
    beforeAll(() => new Promise<void>((done) => server.listen(join(dir, 'socket'), done)));
    afterAll(() => new Promise<void>((done) => void server.close(() => done())));

    it('of what is no file, by force neither', () => {
      const refused = expect.objectContaining({
        code: 'store.readonly',
        hint: 'Name another file, or - for stdout.',
      });
      expect(() => writeWhole(join(dir, 'socket'), 'x', { replace: true })).toThrow(refused);
      expect(() => writeWhole(dir, 'x', { replace: true })).toThrow(refused);
      expect(readdirSync(dir)).toEqual(['socket']);
    });
  });
});
