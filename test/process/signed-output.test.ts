import { describe, expect, it } from 'vitest';
import { SignedOutput } from '../../src/process/signed-output.ts';

const SIGN = 'amp-sessions-abc';

/** What comes through of pieces written one after the other. */
const through = async (pieces: (string | Buffer)[]) => {
  const output = new SignedOutput(SIGN);
  const chunks: Buffer[] = [];
  output.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise((resolve) => output.once('end', resolve));
  for (const piece of pieces) output.write(piece);
  output.end();
  const word = await output.started;
  await ended;
  return { word, words: output.words, text: Buffer.concat(chunks).toString('utf8'), told: output.told };
};

const WHOLE = `WARNING: noise\n${SIGN} up\nfirst\nhalf a line\n${SIGN} end 3 2\nafter`;

describe('the stderr of a container', () => {
  it('is what lies between the signs, wherever it is cut', async () => {
    for (let at = 0; at <= WHOLE.length; at++) {
      const seen = await through([WHOLE.slice(0, at), WHOLE.slice(at)]);
      expect(seen, `cut at ${at}`).toEqual({
        word: 'up',
        words: 'WARNING: noise',
        text: 'first\nhalf a line',
        told: { status: 3, survivors: 2 },
      });
    }
    expect((await through([...WHOLE])).text).toBe('first\nhalf a line');
  });

  it('keeps its bytes, whatever they are', async () => {
    const bytes = Buffer.from([0, 255, 10, 128, 13]);
    const output = new SignedOutput(SIGN);
    const chunks: Buffer[] = [];
    output.on('data', (chunk: Buffer) => chunks.push(chunk));
    const ended = new Promise((resolve) => output.once('end', resolve));
    output.end(Buffer.concat([Buffer.from(`${SIGN} up\n`), bytes]));
    await ended;
    expect(Buffer.concat(chunks)).toEqual(bytes);
  });

  it('comes at once: only what may be the beginning of the last line waits', async () => {
    const output = new SignedOutput(SIGN);
    const seen: string[] = [];
    output.on('data', (chunk: Buffer) => seen.push(chunk.toString()));
    output.write(`${SIGN} up\nready?`);
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen.join('')).toBe('ready?');
    output.write('\namp-sess');
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen.join('')).toBe('ready?');
    output.write('ion\n');
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen.join('')).toBe('ready?\namp-session');
    output.end();
    await new Promise((resolve) => output.once('end', resolve));
    expect(seen.join('')).toBe('ready?\namp-session\n');
  });

  it.each([
    ['a container that never came up', 'Error: No such image: x\n', undefined, 'Error: No such image: x\n'],
    ['a program that is not there', `${SIGN} missing\n`, 'missing', ''],
  ])('of %s tells why', async (_what, text, word, words) => {
    expect(await through([text])).toMatchObject({ word, words, told: undefined });
  });

  it('without a last line has no told end, and loses nothing', async () => {
    expect(await through([`${SIGN} up\ncut off\n${SIGN} en`])).toEqual({
      word: 'up',
      words: '',
      text: `cut off\n${SIGN} en`,
      told: undefined,
    });
  });

  it('with more noise than anybody needs keeps the end of it', async () => {
    const seen = await through([`${'x'.repeat(200_000)}\nlast words\n`]);
    expect(seen.words.length).toBeLessThanOrEqual(64 * 1024);
    expect(seen.words).toMatch(/last words\n$/);
  });
});
