import { describe, expect, it } from 'vitest';
import { Outputs } from '../../../src/analysis/tables/outputs.ts';
import { transcriptRows, transcripts } from '../../../src/analysis/tables/transcripts.ts';
import type { TranscriptLine } from '../../../src/store/log-store.ts';

const AT = '2026-11-22T10:00:00.000Z';

let n = 0;
const line = (text: string, over: Partial<TranscriptLine> = {}): TranscriptLine => {
  n += 1;
  return { iteration: 1, n, at: AT, stream: 'stdout', line: text, ...over };
};

/** A line of an agent that answers for a tool. */
const answered = (...results: unknown[]): TranscriptLine =>
  line(
    JSON.stringify({
      type: 'user',
      message: { content: results.map((content, at) => ({ type: 'tool_result', tool_use_id: `t${at}`, content })) },
    }),
  );

const outputsOf = (lines: TranscriptLine[]) => {
  const found = Outputs.of(lines);
  return lines.map((each) => found.get(each)?.text ?? null);
};

describe('what a tool answered', () => {
  it.each([
    ['a text', 'two\nlines', 'two\nlines'],
    ['blocks of text', [{ type: 'text', text: 'one' }, { type: 'text', text: 'two' }, { type: 'image' }], 'one\ntwo\n'],
    ['JSON with its output', '{"output":"3 passed","exitCode":0}', '3 passed'],
    ['JSON in blocks', [{ type: 'text', text: '{"output":"x","more":["y",{"z":"w"}],"n":1}' }], 'x\ny\nw'],
    ['an object', { stdout: 'out', nested: [{ stderr: 'err' }] }, 'out\nerr'],
    ['broken JSON', '{"output": oops', '{"output": oops'],
    ['nothing', '', null],
    ['null', null, null],
  ])('is found as %s', (_, content, expected) => expect(outputsOf([answered(content)])).toEqual([expected]));

  it('of several calls in one line is one text, of the first of them', () => {
    const both = answered('one', 'two');
    expect(Outputs.of([both]).get(both)).toEqual({ text: 'one\ntwo', toolCallId: 't0' });
  });

  it('is all of a message that counts: what the agent says itself is in the events', () => {
    const messages = [
      { type: 'system', subtype: 'init', session_id: 'T-1' },
      { type: 'assistant', message: { content: [{ type: 'text', text: 'I am done' }] } },
      { type: 'user', message: { content: [{ type: 'text', text: 'the prompt' }] } },
      { type: 'user', message: null },
      { type: 'result', result: 'I am done' },
    ];
    expect(outputsOf(messages.map((each) => line(JSON.stringify(each))))).toEqual([null, null, null, null, null]);
  });
});

describe('what a program wrote that speaks no protocol', () => {
  it('goes together, at its first line, up to a message, another stream or another iteration', () => {
    const lines = [
      line('one'),
      line('{"level":"info"}'),
      answered('tool'),
      line('three'),
      line('four', { stream: 'stderr' }),
      line('five', { stream: 'stderr' }),
      line('six', { stream: 'stderr', iteration: 2, n: 1 }),
      line('', { n: 2, iteration: 2 }),
    ];
    expect(outputsOf(lines)).toEqual(['one\n{"level":"info"}', null, 'tool', 'three', 'four\nfive', null, 'six', null]);
  });

  it('goes together in parts of 200 lines, and of 64 KiB', () => {
    const many = outputsOf(Array.from({ length: 450 }, (_, at) => line(`line ${at}`)));
    expect(many.flatMap((text, at) => (text === null ? [] : [[at, text.split('\n').length]]))).toEqual([
      [0, 200],
      [200, 200],
      [400, 50],
    ]);
    const long = outputsOf(Array.from({ length: 10 }, () => line('x'.repeat(20_000))));
    expect(long.filter(Boolean).map((text) => text!.length)).toEqual([80_003, 80_003, 40_001]);
  });

  it('that is no UTF-8 has no text, and parts its neighbours', () => {
    const bytes: TranscriptLine = { iteration: 1, n: 2, at: AT, stream: 'stdout', bytes: '/w==' };
    expect(outputsOf([line('a'), bytes, line('b')])).toEqual(['a', null, 'b']);
  });
});

describe('rows', () => {
  it('have every column, whatever a line is', () => {
    const lines = [
      line('plain', { n: 1 }),
      { iteration: 1, n: 2, at: 'soon', stream: 'stderr', bytes: '/w==', more: true } as TranscriptLine,
      { iteration: 1e20, n: 3 } as TranscriptLine,
      { ...answered('found \ud800 it'), n: 4 },
    ];
    const rows = transcriptRows({ session: 's', writer: 'w' }, lines);
    for (const row of rows) expect(Object.keys(row)).toEqual(transcripts.columns.map(({ name }) => name));
    expect(rows[0]).toMatchObject({
      session: 's',
      writer: 'w',
      iteration: 1,
      n: 1,
      at: AT,
      stream: 'stdout',
      text: 'plain',
    });
    expect(rows[0]).toMatchObject({ base64: null, goes_on: false, tool_call_id: null, output: 'plain' });
    expect(rows[1]).toMatchObject({ at: null, text: null, base64: '/w==', goes_on: true, output: null });
    expect(rows[2]).toMatchObject({ iteration: null, stream: null, text: null });
    expect(rows[3]).toMatchObject({ tool_call_id: 't0', output: 'found \ufffd it' });
  });
});
