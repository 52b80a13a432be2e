import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';

/** How long a pipe may stay silent after its process ended, before we stop waiting for its other holders. */
const LULL_MS = 300;

/** What a pipe carries, to its end or to the moment we cut it; a cut is an end, not an error. */
export async function* readOutput(stream: Readable): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

/**
 * Ends a pipe whose process is gone, once nothing comes through it and nothing waits to be read: some other process
 * holds its far end, and would hold us.
 */
export const cutWhenQuiet = (stream: Readable): void => {
  const socket = stream as Socket;
  let seen = socket.bytesRead;
  const timer = setInterval(() => {
    if (stream.readableEnded || stream.destroyed) return clearInterval(timer);
    if (socket.bytesRead === seen && stream.readableLength === 0) stream.destroy();
    seen = socket.bytesRead;
  }, LULL_MS);
};
