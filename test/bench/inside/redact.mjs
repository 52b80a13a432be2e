/**
 * Times the redactor over lines, against parsing or hashing the same lines.
 *
 *     node redact.mjs <engine> <rounds>
 *
 * Prints name to megabytes a second of each round.
 */
import { createHash } from 'node:crypto';
import { codeLine, streamLine } from './facts.mjs';

const engine = await import(process.argv[2]);
const rounds = Number(process.argv[3]);

const SECRETS = { API_TOKEN: 'b3Blbi1zZXNhbWU-not-a-real-one', DB_PASSWORD: 'correct-horse-battery' };
const redact = engine.createRedactor({ env: SECRETS, key: Buffer.alloc(32) });

const lines = (of, bytes) => {
  const made = [];
  for (let k = 0, size = 0; size < bytes; k++) {
    made.push(of(k));
    size += made.at(-1).length + 1;
  }
  return made;
};
const BYTES = 8e6;
const stream = lines(streamLine, BYTES);
const code = lines(codeLine, BYTES);
// One line in a hundred holds something that has to go.
const secrets = code.map((line, k) => (k % 100 === 0 ? `${line} token=${SECRETS.API_TOKEN}` : line));

const through = (texts) => async () => {
  for (const text of texts) {
    const clean = redact(text);
    if (typeof clean !== 'string') await clean;
  }
};

const cases = {
  'JSON.parse of the stream': () => stream.forEach((line) => void JSON.parse(line)),
  'SHA-256 of the stream': () => stream.forEach((line) => void createHash('sha256').update(line).digest()),
  "redaction, an agent's stream": through(stream),
  'redaction, source code': through(code),
  'redaction, one line in 100 with a secret': through(secrets),
};

const samples = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
for (let round = -1; round < rounds; round++) {
  for (const [name, work] of Object.entries(cases)) {
    const began = performance.now();
    await work();
    if (round >= 0) samples[name].push(BYTES / 1000 / (performance.now() - began));
  }
}
process.stdout.write(JSON.stringify(samples));
