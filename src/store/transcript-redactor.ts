import { KeyLines } from '../redaction/private-keys.ts';
import { safeCut } from '../redaction/safe-cut.ts';
import type { Redact } from './drafts.ts';
import type { TranscriptDraft } from './log-store.ts';

interface Stream {
  key: KeyLines;
  /** The end of a part that goes on in the next one, not written yet: a secret may lie across. */
  held: Buffer;
}

type Content = Pick<TranscriptDraft, 'line' | 'bytes'>;

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes that are no UTF-8 are looked through as Latin-1, so that a secret among them is found too. */
const toText = (bytes: Buffer): { text: string; encoding: 'utf8' | 'latin1' } => {
  try {
    return { text: strict.decode(bytes), encoding: 'utf8' };
  } catch {
    return { text: bytes.toString('latin1'), encoding: 'latin1' };
  }
};

const toContent = (text: string, encoding: 'utf8' | 'latin1'): Content =>
  encoding === 'utf8' ? { line: text } : { bytes: Buffer.from(text, encoding).toString('base64') };

const bytesOf = ({ line, bytes }: Content): Buffer =>
  line === undefined ? Buffer.from(bytes ?? '', 'base64') : Buffer.from(line);

const without = ({ line: _line, bytes: _bytes, ...rest }: TranscriptDraft): TranscriptDraft => rest;

/**
 * Takes the secrets out of transcript lines, which come one by one: a private key goes over lines, and a line that is
 * longer than what fits into memory comes in parts, so each stream of an iteration is remembered.
 */
export class TranscriptRedactor {
  readonly #redact: Redact;
  readonly #streams = new Map<string, Stream>();

  constructor(redact: Redact) {
    this.#redact = redact;
  }

  async line(draft: TranscriptDraft): Promise<TranscriptDraft> {
    if (draft.line === undefined && draft.bytes === undefined) return draft;
    const stream = this.#stream(`${draft.iteration} ${draft.stream}`);
    if (draft.more || stream.held.length > 0) return this.#part(stream, draft);
    const { text, encoding } =
      draft.line === undefined ? toText(bytesOf(draft)) : { text: draft.line, encoding: 'utf8' as const };
    const clean = await this.#redact(text, stream.key.isBody(text) ? 'key-body' : undefined);
    return clean === text ? draft : { ...without(draft), ...toContent(clean, encoding) };
  }

  async #part(stream: Stream, draft: TranscriptDraft): Promise<TranscriptDraft> {
    const bytes = Buffer.concat([stream.held, bytesOf(draft)]);
    const { text, encoding } = toText(bytes);
    const cut = draft.more ? await safeCut(text, this.#redact) : text.length;
    const part = text.slice(0, cut);
    stream.held = bytes.subarray(Buffer.byteLength(part, encoding));
    return { ...without(draft), ...toContent(await this.#redact(part), encoding) };
  }

  #stream(name: string): Stream {
    const known = this.#streams.get(name);
    if (known) return known;
    const made = { key: new KeyLines(), held: Buffer.alloc(0) };
    this.#streams.set(name, made);
    return made;
  }
}
