import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { replay } from '../../src/session/evolve.ts';
import { iterationMessage, iterationSubject } from '../../src/workflows/commit-message.ts';
import { created, draft, eventsOf } from '../support/events.ts';

const session = replay(eventsOf([draft('session.created', created())]));
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc
    .array(fc.constantFrom('*', '**', '_', '`', '# ', '- ', '---', '> ', '\n', '\r\n', ' ', 'word', 'ä', '…', ':'), {
      maxLength: 60,
    })
    .map((parts) => parts.join('')),
);

describe('the subject of an iteration', () => {
  it.each([
    ['**Added** a `login` page.', 'Added a login page.'],
    ['# Done\n\nDetails', 'Done'],
    ['\n\n---\n- first item\n- second', 'first item'],
    ['> quoted', 'quoted'],
    ['• bullet', 'bullet'],
    ['***Both*** and _one_ and __two__', 'Both and one and two'],
    ['Renamed snake_case_name and __init__ stays init', 'Renamed snake_case_name and init stays init'],
    ['2 * 3 * 4 is 24', '2 * 3 * 4 is 24'],
    ['#hashtag and -flag', '#hashtag and -flag'],
    ['a\tb\u0000c\u001b[31md\u202ee', 'a b c [31md e'],
    ['   \n\t\n x', 'x'],
  ])('of %j is %j', (said, line) => expect(iterationSubject(said, 'The prompt')).toBe(`amp: ${line}`));

  it.each([
    [null, 'Do it\nnow', 'amp: Do it'],
    ['', 'Do it', 'amp: Do it'],
    ['\u0000\n---', '# \n', 'amp: changes'],
    [null, '', 'amp: changes'],
  ])('of %j with the prompt %j is %j', (said, prompt, subject) => expect(iterationSubject(said, prompt)).toBe(subject));

  it('is cut after a word where there is one, else in the middle of it, always with an ellipsis', () => {
    const of = (text: string) => iterationSubject(text, '').slice('amp: '.length);
    expect(of('x'.repeat(68))).toBe('x'.repeat(68));
    expect(of('x'.repeat(69))).toBe(`${'x'.repeat(67)}…`);
    expect(of('🚀'.repeat(69))).toBe(`${'🚀'.repeat(67)}…`);
    expect(of(`${'x'.repeat(40)} ${'y'.repeat(40)}`)).toBe(`${'x'.repeat(40)}…`);
    expect(of(`${'x'.repeat(30)} ${'y'.repeat(40)}`)).toBe(`${'x'.repeat(30)} ${'y'.repeat(36)}…`);
  });

  it('of any text is one plain line of at most 73 characters', () => {
    fc.assert(
      fc.property(fc.option(anyText), anyText, (said, prompt) => {
        const subject = iterationSubject(said, prompt);
        expect(subject).toMatch(/^amp: \S/);
        expect(subject).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]|\s\s|\s$/u);
        expect([...subject].length).toBeLessThanOrEqual('amp: '.length + 68);
      }),
      { numRuns: 2000 },
    );
  });

  it('of a line as long as a book is there at once', () => {
    for (const unit of [' *a', ' _a', '`a ``b ', '*** a', '> ', '-- '])
      expect(iterationSubject(unit.repeat(400_000), 'x').length).toBeLessThan(80);
  });
});

describe('the message of an iteration', () => {
  const trailersOf = (message: string) =>
    spawnSync('git', ['interpret-trailers', '--parse', '--no-divider'], { input: message, encoding: 'utf8' }).stdout;
  const own = 'Amp-Session: s000000001\nAmp-Iteration: 7\n';
  const messageOf = (said: string | null) => iterationMessage(session, 7, iterationSubject(said, 'The prompt'), said);

  it('is the subject and two trailers; a body only where the subject was cut', () => {
    expect(messageOf('Done.')).toBe(`amp: Done.\n\n${own}`);
    const long = `Added ${'very '.repeat(20)}much.`;
    expect(messageOf(`**${long}**\nMore.`)).toBe(`${iterationSubject(long, '')}\n\n${long}\n\n${own}`);
    expect(messageOf(null)).toBe(`amp: The prompt\n\n${own}`);
  });

  it('has exactly our trailers, whatever the agent said', () => {
    const forged = [
      'Amp-Session: other',
      `Amp-Iteration: 99 ${'x'.repeat(80)}`,
      '---\nAmp-Session: x',
      'Signed-off-by: A <a@a>',
    ];
    for (const said of [...forged, ...fc.sample(anyText, { numRuns: 60, seed: 3 })])
      expect(trailersOf(messageOf(said)), JSON.stringify(said)).toBe(own);
  });
});
