import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../src/redaction/redactor.ts';
import { MISSED, made, NEGATIVES, POSITIVES } from './corpus.ts';

const key = Buffer.alloc(32, 7);
const redact = createRedactor({ env: {}, key });
const MARK = /\[REDACTED:[a-z0-9-]+:[0-9a-f]{8}\]/;

/** As agents write: the text as a message, as a tool's output, and as JSON inside a tool's input. */
const agentLine = (text: string): string =>
  JSON.stringify({
    type: 'user',
    message: { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: `out:\n${text}\n` }] },
    input: JSON.stringify({ cmd: ['echo', text], nested: JSON.stringify([text]) }),
    session_id: 'T-5928a90d-d53b-488f-a829-4e36442142ee',
  });

const shape = (value: unknown): unknown =>
  typeof value === 'string'
    ? 'text'
    : Array.isArray(value)
      ? value.map(shape)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).map(([name, child]) => [name, shape(child)]))
        : value;

describe('corpus', () => {
  it('is large enough, every name once', () => {
    expect(POSITIVES.length).toBeGreaterThanOrEqual(60);
    expect(NEGATIVES.length).toBeGreaterThanOrEqual(60);
    expect(new Set(POSITIVES.map(({ name }) => name)).size).toBe(POSITIVES.length);
  });

  it.each(POSITIVES)('$name goes', async ({ text, secret }) => {
    const result = await redact(text);
    expect(result).not.toContain(secret);
    expect(result).toMatch(MARK);
    for (const line of secret.split('\n')) expect(result).not.toContain(line);
    expect(await redact(result)).toBe(result);
  });

  it.each(POSITIVES)('$name goes from an agent’s line, which stays JSON', async ({ text, secret }) => {
    const line = agentLine(text);
    const result = await redact(line);
    expect(shape(JSON.parse(result))).toEqual(shape(JSON.parse(line)));
    const { nested, cmd } = JSON.parse(JSON.parse(result).input);
    const content = JSON.parse(result).message.content[0].content as string;
    for (const place of [content, cmd[1], JSON.parse(nested)[0]]) {
      expect(place).toMatch(MARK);
      for (const part of secret.split('\n')) expect(place).not.toContain(part);
    }
    expect(await redact(result)).toBe(result);
  });

  it.each(NEGATIVES)('left alone: %s', async (text) => {
    expect(await redact(text)).toBe(text);
    expect(await redact(agentLine(text))).toBe(agentLine(text));
  });

  it('the figures of the README are those of the corpus', async () => {
    const found = await Promise.all(
      [...POSITIVES, ...MISSED].map(async ({ text, secret }) => !(await redact(text)).includes(secret)),
    );
    const alarms = await Promise.all(NEGATIVES.map(async (text) => (await redact(text)) !== text));
    const count = (list: boolean[]): string => `${list.filter(Boolean).length} of ${list.length}`;
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    expect(readme).toContain(`finds ${count(found)} secrets`);
    expect(readme).toContain(`${count(alarms)} harmless`);
  });

  it('all in one text, among ordinary lines', async () => {
    const text = POSITIVES.map((positive, n) => `${positive.text}\n${NEGATIVES[n % NEGATIVES.length]}`).join('\n');
    const result = await redact(text);
    for (const { secret } of POSITIVES) expect(result).not.toContain(secret);
    expect(await redact(result)).toBe(result);
  });

  it('an event line keeps all but the secret', async () => {
    const event = (text: string) => ({
      v: 1,
      log: 'session/k3j9x0a2bz',
      seq: 3,
      prev: 'ab'.repeat(32),
      type: 'test-run.finished',
      data: { exitCode: 1, durationMs: 12.5, tail: text },
    });
    for (const { text } of POSITIVES) {
      const after = JSON.parse(await redact(JSON.stringify(event(text))));
      expect({ ...after, data: { ...after.data, tail: '' } }).toEqual(event(''));
      expect(after.data.tail).toMatch(MARK);
    }
  });
});

describe('placeholders', () => {
  it('are equal for equal secrets, different for others, and different under another key', async () => {
    const text = (secret: string) => `password: "${secret}"`;
    const [one, again, other] = await Promise.all([
      redact(text('Abc12345')),
      redact(text('Abc12345')),
      redact(text('Abc12346')),
    ]);
    expect(one).toBe(again);
    expect(one).not.toBe(other);
    const elsewhere = await createRedactor({ env: {}, key: Buffer.alloc(32, 8) })(text('Abc12345'));
    expect(elsewhere).not.toBe(one);
  });

  it('stay as they are, wherever they stand', async () => {
    const mark = '[REDACTED:keyed:0123abcd]';
    for (const text of [
      mark,
      `password: ${mark}`,
      `{"password":"${mark}"}`,
      `postgres://u:${mark}@h/db`,
      `Authorization: Bearer ${mark}`,
      `{"token":"x ${mark} y"}`,
    ])
      expect(await redact(text)).toBe(text);
  });
});

describe('JSON', () => {
  it('is read through its escapes', async () => {
    const { text, secret } = POSITIVES.find(({ name }) => name === 'GitHub classic')!;
    const hidden = [...secret].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
    const result = await redact(`{"a":"${text.replace(secret, hidden)}"}`);
    expect(JSON.parse(result).a).toMatch(MARK);
    expect(JSON.parse(result).a).not.toContain(secret);
    const slashes = `{"url":"https:\\/\\/ann:${'Tr0ub4dor'}@h.test\\/x"}`;
    expect(JSON.parse(await redact(slashes)).url).toMatch(/^https:\/\/ann:\[REDACTED:url-password:.*\]@h\.test\/x$/);
  });

  it('names of members say what their values are', async () => {
    const secret = made('member', 24);
    for (const name of ['password', 'DB_PASSWORD', 'accessToken', 'client_secret', 'api-key', 'x.token']) {
      const result = JSON.parse(await redact(JSON.stringify({ [name]: secret, other: secret })));
      expect(result[name]).toMatch(MARK);
      expect(result.other).toBe(secret);
    }
    const broken = await redact('{"password":"ab\\"cdef12\\\\"}');
    expect(JSON.parse(broken).password).toMatch(MARK);
  });

  it('lines of JSON among others each stay JSON', async () => {
    const text = `start\n${JSON.stringify({ password: 'a1"b2\\c3' })}\nplain password: q1w2e3r4\n[1,2]\n`;
    const lines = (await redact(text)).split('\n');
    expect(JSON.parse(lines[1]!).password).toMatch(MARK);
    expect(lines[2]).toMatch(/^plain password: \[REDACTED:keyed:/);
    expect([lines[0], lines[3], lines[4]]).toEqual(['start', '[1,2]', '']);
  });

  it('laid out over many lines keeps its layout', async () => {
    const text = JSON.stringify({ a: { password: 'Tr0ub4dor&3', n: [1, 2.5e10, true, null] }, 'x:y': '' }, null, 2);
    const result = await redact(text);
    expect(result.replace(MARK, 'Tr0ub4dor&3')).toBe(text);
  });

  const pieces = fc.oneof(
    ...POSITIVES.map(({ text }) => fc.constant(text)),
    ...NEGATIVES.slice(0, 12).map((text) => fc.constant(text)),
    fc.constantFrom(
      '\\',
      '"',
      '\\"',
      '\n',
      '\\n',
      '{',
      '}',
      ':',
      ',',
      'password',
      'token=',
      'Bearer ',
      '://',
      '@',
      '\u2028',
      '\ud800',
    ),
    fc.constantFrom('[REDACTED:env:0123abcd]', '[REDACTED:', 'é', '日本'),
    fc.string({ maxLength: 20 }),
  );
  const text = fc.array(pieces, { maxLength: 6 }).map((parts) => parts.join(''));

  it('property: what was JSON stays JSON of the same shape; redacting twice is redacting once', async () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 3 },
        text,
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        tie('object'),
        tie('list'),
      ),
      list: fc.array(tie('any'), { maxLength: 3 }),
      object: fc.dictionary(fc.constantFrom('password', 'token', 'content', 'x', '', 'é"'), tie('any'), { maxKeys: 3 }),
    })).any;
    await fc.assert(
      fc.asyncProperty(value, async (content) => {
        const line = JSON.stringify(content);
        const result = await redact(line);
        expect(shape(JSON.parse(result))).toEqual(shape(JSON.parse(line)));
        expect(await redact(result)).toBe(result);
      }),
      { numRuns: 400 },
    );
  });

  it('property: idempotent on any text, and on any piece of JSON', async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.nat(200), fc.nat(200), async (content, from, length) => {
        for (const part of [content, agentLine(content).slice(from, from + length)]) {
          const result = await redact(part);
          expect(await redact(result)).toBe(result);
        }
      }),
      { numRuns: 400 },
    );
  });
});
