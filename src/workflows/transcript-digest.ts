import { createHash } from 'node:crypto';
import { sessionLog } from '../events/envelope.ts';
import type { Iteration } from '../session/state.ts';
import type { TranscriptLine } from '../store/log-store.ts';
import type { Context } from './context.ts';

export interface Digest {
  lines: number;
  bytes: number;
  sha256: string;
}

/** Lines, bytes and SHA-256 over an iteration's transcript as it is kept, each line with a newline: for `verify`. */
export class TranscriptDigest {
  private readonly hash = createHash('sha256');
  private lines = 0;
  private bytes = 0;

  add(kept: TranscriptLine[]): void {
    for (const entry of kept) {
      const content =
        entry.bytes === undefined ? Buffer.from(entry.line ?? '', 'utf8') : Buffer.from(entry.bytes, 'base64');
      this.hash.update(content).update('\n');
      this.lines += 1;
      this.bytes += content.length + 1;
    }
  }

  result(): Digest | null {
    return this.lines === 0 ? null : { lines: this.lines, bytes: this.bytes, sha256: this.hash.digest('hex') };
  }
}

/** The digest of an iteration whose own process is gone, made from what was kept. */
export const digestKept = async (
  ctx: Context,
  session: string,
  { iteration, writer }: Pick<Iteration, 'iteration' | 'writer'>,
): Promise<Digest | null> => {
  const digest = new TranscriptDigest();
  for await (const entry of ctx.store.transcript(sessionLog(session), iteration, writer)) digest.add([entry]);
  return digest.result();
};
