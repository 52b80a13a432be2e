import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Draft } from '../../../src/events/catalogue.ts';
import { replay } from '../../../src/session/evolve.ts';
import type { Session } from '../../../src/session/state.ts';
import { bounded, fenced, inertLine, inlineCode } from '../../../src/workflows/landing/inert-markdown.ts';
import { pullRequestBody, pullRequestTitle } from '../../../src/workflows/landing/pull-request-text.ts';
import { created, draft, eventsOf, finished, ID, started, tested } from '../../support/events.ts';

const sessionOf = (drafts: Draft[], over: Parameters<typeof created>[0] = {}): Session => ({
  ...replay(eventsOf([draft('session.created', created(over)), ...drafts])),
  id: 's000000001',
});
const usage = {
  iteration: 1,
  tokensInput: 10,
  tokensOutput: 20,
  tokensCacheRead: 30,
  tokensCacheWrite: 40,
  model: null,
};

describe('a pull request’s text', () => {
  it('says what was asked, done, tested, changed and paid', () => {
    const session = sessionOf([
      tested({ target: 'base', iteration: undefined, exitCode: 0 }),
      started(1),
      draft('usage.reported', usage),
      draft('cost.reported', { iteration: 1, costUsd: 0.5, costSource: 'billed', threadCostUsd: null }),
      finished(1),
      tested({ exitCode: 1, durationMs: 1234 }),
    ]);
    const files = [
      { path: 'src/login.ts', status: 'added' as const, insertions: 10, deletions: 0 },
      { path: 'logo.png', status: 'modified' as const, insertions: null, deletions: null },
    ];
    expect(pullRequestTitle(session)).toBe('add-login');
    const body = pullRequestBody(session, files);
    for (const part of [
      '## What was asked\n\n```text\nAdd a login page\n```\n',
      '- 1. `amp: Added a login page`, 2 files +10 −1, tests failed, and passed on the base\n',
      '`npm test` on cccccccccccc: **failed, and passed on the base** (exit code 1, 1.2 s).\nOn the base they passed.\n',
      '## 2 files changed\n\n- `src/login.ts` added, +10 −0\n- `logo.png` modified, binary\n',
      'Tokens: 10 in, 20 out, 30 cache read, 40 cache write; $0.50, as billed.',
      'Session `s000000001` of amp-sessions, agent `scripted`.',
    ])
      expect(body).toContain(part);
    expect(body).not.toContain('What people did');
  });

  it('does not say that what is unknown is nothing', () => {
    const body = pullRequestBody(sessionOf([started(1), finished(1, { commit: undefined, outcome: 'failed' })]), []);
    expect(body).toContain('Tokens unknown; cost unknown.');
    expect(body).toContain('- 1. no commit (failed)\n');
    expect(body).toContain('They have not run yet.');
    expect(pullRequestBody(sessionOf([], { test: null, prompt: null }), [])).toContain('There is no test command.');
  });

  it('names people’s commits apart, and the subject where the session has no name', () => {
    const manual = draft('manual-commit.found', {
      commit: ID('e'),
      parents: [ID('c')],
      author: { name: 'Ann', email: 'ann@example.com' },
      subject: 'By @ann',
      authoredAt: '2026-11-22T13:00:00.000Z',
      files: 1,
      insertions: 3,
      deletions: 2,
      origin: 'commit',
      beforeIteration: 2,
    });
    const session = sessionOf([started(1), finished(1), manual], { name: 'unnamed k3xyzabcde' });
    expect(pullRequestTitle(session)).toBe('Added a login page');
    expect(pullRequestBody(session, [])).toContain('## What people did\n\n- `By @ann`, +3 −2\n');
  });

  it('is bounded, whatever a session holds', () => {
    const many = Array.from({ length: 200 }, (_, i) => [
      started(i + 1),
      finished(i + 1, { subject: 'x'.repeat(5_000) }),
    ]);
    const files = Array.from({ length: 5_000 }, (_, i) => ({
      path: `${'d/'.repeat(2_000)}${i}`,
      status: 'added' as const,
      insertions: 1,
      deletions: 0,
    }));
    const session = sessionOf(many.flat(), { prompt: 'p'.repeat(60_000), name: 'n'.repeat(5_000) });
    const body = pullRequestBody(session, files);
    expect(body.length).toBeLessThan(40_000);
    expect(body).toContain('- … and 170 more');
    expect(body).toContain('- … and 4950 more');
    expect(pullRequestTitle(session)).toHaveLength(200);
  });
});

describe('inert Markdown', () => {
  it('shows code as it is, whatever it holds', () => {
    expect(inlineCode('a `b` c')).toBe('`` a `b` c ``');
    expect(inlineCode('``')).toBe('``` `` ```');
    expect(inlineCode('two\nlines\u001b[31m')).toBe('`two lines [31m`');
    expect(inlineCode(' \n ')).toBe('–');
    expect(fenced('a\r\n```\n/close\n')).toBe('````text\na\n```\n/close\n````');
    expect(bounded('abcdef', 4)).toBe('abc…');
    expect(bounded('ab😀f', 4)).toBe('ab…');
  });

  it('takes the meaning out of references in a title, and nothing else', () => {
    const title = 'Fix #12 and GH-7 for @alice, a@b.c, !3 — 50 % of C# & more #';
    const inert = inertLine(title, 200);
    expect(inert.replaceAll('\u2060', '')).toBe(title);
    for (const alive of [/#\d/, /@\w/, /!\d/, /GH-\d/]) expect(inert).not.toMatch(alive);
    expect(inert).toContain('50 % of C# & more #');
    expect(inertLine('a\nb\u202e', 10)).toBe('a b');
  });

  it('lets nothing out of its code, for any text', () => {
    const nasty = fc.array(
      fc.constantFrom('`', '``', '```', '\n', '@a', '#1', '/close', ' ', '\r', 'x', '\u2028', '~~~'),
      {
        maxLength: 30,
      },
    );
    fc.assert(
      fc.property(nasty, (parts) => {
        const text = parts.join('');
        const block = fenced(text).split('\n');
        const ticks = block.at(-1)!;
        expect(block[0]).toBe(`${ticks}text`);
        expect(block.slice(1, -1).every((line) => !line.trim().startsWith(ticks))).toBe(true);
        const line = inlineCode(text);
        expect(line).not.toContain('\n');
        const fence = /^`+/.exec(line)?.[0];
        const inside = fence === undefined ? '' : line.slice(fence.length, -fence.length);
        if (fence === undefined) expect(line).toBe('–');
        else expect(line.endsWith(fence)).toBe(true);
        expect((inside.match(/`+/g) ?? []).every((run) => run.length !== fence?.length)).toBe(true);
      }),
    );
  });
});
