/**
 * Times the redactor over lines, against parsing or hashing the same lines.
 *
 *     node redact.mjs <engine> <rounds>
 *
 * Prints name to megabytes a second of each round.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeLine, streamLine } from './facts.mjs';

const engine = await import(process.argv[2]);
const rounds = Number(process.argv[3]);

const SECRETS = { API_TOKEN: 'b3Blbi1zZXNhbWU-not-a-real-one', DB_PASSWORD: 'correct-horse-battery' };
const redact = engine.createRedactor({ env: SECRETS, key: Buffer.alloc(32) });

/** A team's setting: 50 values in `.env`, 40 rules in `.gitleaks.toml`. */
const team = async () => {
  const root = mkdtempSync(join(tmpdir(), 'amp-bench-redact-'));
  const value = (k) => createHash('sha256').update(`value ${k}`).digest('base64url').slice(0, 32);
  const values = Array.from({ length: 50 }, (_, k) => `SERVICE_${k}_TOKEN=${value(k)}`);
  const rule = (k) =>
    `[[rules]]\nid='r${k}'\nkeywords=['vendor${k}']\nregex='''(?i)vendor${k}[\\w.-]{0,20}[\\s'"]{0,3}[=:][\\s'"]{0,5}([a-z0-9]{32})\\b'''\n`;
  writeFileSync(join(root, '.env'), values.join('\n'));
  writeFileSync(join(root, '.gitleaks.toml'), Array.from({ length: 40 }, (_, k) => rule(k)).join(''));
  const elapsed = () => performance.now();
  const sources = new engine.SecretSources({ env: SECRETS, root, stores: [], elapsed, warn: () => {} });
  await sources.refresh();
  rmSync(root, { recursive: true });
  return engine.createRedactor({ env: SECRETS, key: Buffer.alloc(32), sources });
};
const redactAsTeam = await team();

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

const through =
  (texts, by = redact) =>
  async () => {
    for (const text of texts) {
      const clean = by(text);
      if (typeof clean !== 'string') await clean;
    }
  };

const cases = {
  'JSON.parse of the stream': () => stream.forEach((line) => void JSON.parse(line)),
  'SHA-256 of the stream': () => stream.forEach((line) => void createHash('sha256').update(line).digest()),
  "redaction, an agent's stream": through(stream),
  'the same, 50 values of .env and 40 rules of .gitleaks.toml': through(stream, redactAsTeam),
  'redaction, source code': through(code),
  'source code, with those values and rules': through(code, redactAsTeam),
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
