import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'rolldown';
import { expect, it } from 'vitest';
import { createRedactor } from '../../src/redaction/redactor.ts';
import { loadSecretlint } from '../../src/redaction/secretlint.ts';
import { exec, tempDir } from '../support/repo.ts';
import { made, POSITIVES } from './corpus.ts';

const redact = createRedactor({ env: {}, key: Buffer.alloc(32, 7) });

/** A token that only secretlint knows. */
const token = ['gl', 'pat-', made('only', 20)].join('');

it('the text cannot switch the rules off', async () => {
  for (const text of [`secretlint-disable\n${token}`, `${token} // secretlint-disable-line`]) {
    expect(await redact(text)).toMatch(/\[REDACTED:gitlab:/);
    expect(await redact(text)).not.toContain(token);
  }
});

it('a text is either judged at once or, the first time, when the rules are there', async () => {
  const fresh = createRedactor({ env: {}, key: Buffer.alloc(32) });
  expect(fresh('nothing to see')).toBe('nothing to see');
  const first = fresh(token);
  expect(first).toBeInstanceOf(Promise);
  expect(await first).toMatch(/^\[REDACTED:gitlab:/);
  expect(typeof fresh(token)).toBe('string');
});

it('rules answer at once, so that none can be missed', async () => {
  const secretlint = await loadSecretlint();
  expect(secretlint(token)).toHaveLength(1);
  expect(secretlint('nothing')).toEqual([]);
});

it('this corpus holds nothing that scanners report', async () => {
  const secretlint = await loadSecretlint();
  for (const name of ['corpus.ts', 'redactor.test.ts', 'environment.test.ts', 'hostile.test.ts', 'secretlint.test.ts'])
    expect(secretlint(readFileSync(join(import.meta.dirname, name), 'utf8')), name).toEqual([]);
});

it('works bundled, with no configuration, no disk beyond its own files, and no network', {
  timeout: 60_000,
}, async () => {
  const dir = tempDir();
  const source = `
    import { createRedactor } from ${JSON.stringify(join(import.meta.dirname, '../../src/redaction/redactor.ts'))};
    import net from 'node:net';
    import dns from 'node:dns';
    const stop = (): never => { throw new Error('network'); };
    net.Socket.prototype.connect = stop as never;
    dns.lookup = stop as never;
    globalThis.fetch = stop as never;
    const redact = createRedactor({ env: {}, key: Buffer.alloc(32, 7) });
    const results: string[] = [];
    const run = async () => {
      for (const text of JSON.parse(process.argv[2]!)) results.push(await redact(text));
      console.log(JSON.stringify(results));
    };
    void run();`;
  writeFileSync(join(dir, 'entry.ts'), source);
  await build({
    input: join(dir, 'entry.ts'),
    platform: 'node',
    output: { dir: join(dir, 'out'), format: 'cjs' },
    logLevel: 'silent',
  });
  const program = join(dir, 'out/entry.js');
  const cwd = tempDir();
  const off = { rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', disabled: true }] };
  writeFileSync(join(cwd, '.secretlintrc.json'), JSON.stringify(off));
  writeFileSync(join(cwd, '.secretlintignore'), '**');
  const texts = POSITIVES.map(({ text }) => text);
  const guard = Number(process.versions.node.split('.')[0]) < 22 ? '--experimental-permission' : '--permission';
  const args = [guard, `--allow-fs-read=${dirname(program)}/*`, program, JSON.stringify(texts)];
  const ran = await exec(cwd, process.execPath, args, { PATH: process.env['PATH'] });
  expect(ran.exitCode, ran.stderr).toBe(0);
  expect(JSON.parse(ran.stdout)).toEqual(await Promise.all(texts.map((text) => redact(text))));
});
