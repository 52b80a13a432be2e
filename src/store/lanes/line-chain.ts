import { lineHash } from '../../events/codec.ts';
import { type Envelope, GENESIS } from '../../events/envelope.ts';

/** Where a writer's lines have come to. */
export interface ChainEnd {
  seq: number;
  /** Of that line. */
  hash: string;
  clock: number;
}

export const NO_LINES: ChainEnd = { seq: 0, hash: GENESIS, clock: 0 };

/** Follows one writer's lines of one log: numbers without a gap, each line with the hash of the one before. */
export class LineChain {
  #end: ChainEnd;

  /** @param end of the lines before; undefined where the first line may be any */
  constructor(end: ChainEnd) {
    this.#end = end;
  }

  get end(): ChainEnd {
    return this.#end;
  }

  /** Takes the next line. @returns what is wrong with it, as the end of a sentence; undefined when it follows */
  add({ seq, clock, prev }: Envelope, line: string | Uint8Array): string | undefined {
    const last = this.#end;
    const wrong =
      seq !== last.seq + 1
        ? seq <= last.seq
          ? `event ${seq} comes after event ${last.seq}`
          : `event ${last.seq + 1} is missing`
        : prev !== last.hash
          ? `event ${seq} does not follow from event ${last.seq} as that is: one of them was changed`
          : clock <= last.clock
            ? `the clock of event ${seq} does not rise`
            : undefined;
    if (wrong === undefined) this.#end = { seq, hash: lineHash(line), clock };
    return wrong;
  }
}
