import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createWriter } from '../../src/cli/print.ts';

const failing = (code: string) =>
  new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })) });

const collecting = () => {
  const chunks: string[] = [];
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      chunks.push(String(chunk));
      done();
    },
  });
  return { chunks, stream };
};

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a writer', () => {
  it('writes lines, and knows a width when there is no terminal', async () => {
    const { chunks, stream } = collecting();
    const writer = createWriter(() => stream as never);
    writer.line('a');
    writer.line();
    writer.write(Buffer.from('b'));
    await writer.flush();
    expect(chunks.join('')).toBe('a\n\nb');
    expect([writer.isTerminal, writer.columns, writer.closed]).toEqual([false, 80, false]);
  });

  it('does not touch the stream before something is written', async () => {
    const writer = createWriter(() => {
      throw new Error('touched');
    });
    await writer.flush();
    expect(() => writer.line('x')).toThrow('touched');
  });

  it.each(['EPIPE', 'EIO'])('goes quiet on %s, says so, and flush does not hang', async (code) => {
    const writer = createWriter(() => failing(code) as never);
    let told = 0;
    writer.onClosed(() => {
      told += 1;
    });
    writer.line('lost');
    await settle();
    writer.line('lost too');
    await writer.flush();
    expect([writer.closed, told]).toEqual([true, 1]);
  });

  it('any other error is an error', async () => {
    const stream = failing('ENOSPC');
    const writer = createWriter(() => stream as never);
    const thrown = new Promise((resolve) => process.once('uncaughtException', resolve));
    const listeners = process.rawListeners('uncaughtException').slice(0, -1);
    for (const listener of listeners) process.off('uncaughtException', listener as never);
    writer.line('x');
    const error = await thrown;
    for (const listener of listeners) process.on('uncaughtException', listener as never);
    expect(error).toMatchObject({ code: 'ENOSPC' });
  });
});
