import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../src/redaction/redactor.ts';
import { SecretSources } from '../../src/redaction/sources.ts';
import { tempDir } from '../support/repo.ts';
import { made } from './corpus.ts';

const open = (root: string, stores: string[] = []) => {
  const warnings: string[] = [];
  const sources = new SecretSources({
    env: {},
    root,
    stores,
    elapsed: () => performance.now(),
    warn: (text) => warnings.push(text),
  });
  const redact = createRedactor({ env: {}, key: Buffer.alloc(32, 7), sources });
  return {
    sources,
    warnings,
    redact: async (text: string, kind?: 'name') => {
      await sources.refresh();
      return redact(text, kind);
    },
  };
};

const turn = () => setTimeout(1);
const [A, B, C, D] = ['a', 'b', 'c', 'd'].map((seed) => `pw-${made(seed, 20)}`) as [string, string, string, string];

describe('.env files', () => {
  it('of the main checkout, and of a worktree once it is watched and stands', async () => {
    const root = tempDir('amp-sources-');
    writeFileSync(join(root, '.env'), `A_PASSWORD=${A}\n`);
    writeFileSync(join(root, '.env.example'), `B_PASSWORD=${B}\n`);
    const { redact, sources } = open(root);
    expect(await redact(`${A} ${B}`)).toMatch(/^\[REDACTED:dotenv:[0-9a-f]{8}\] pw-/);
    const worktree = join(root, 'tree');
    sources.watch(worktree);
    expect(await redact(C)).toBe(C);
    mkdirSync(worktree);
    writeFileSync(join(worktree, '.env.local'), `C_PASSWORD="${C}"\n`);
    await turn();
    expect(await redact(`x ${Buffer.from(C).toString('base64')}`)).toMatch(/^x \[REDACTED:dotenv:/);
  });

  it('that come and change are read again, in one tick of the file system too; what was known stays known', async () => {
    const root = tempDir('amp-sources-');
    const { redact } = open(root);
    expect(await redact('nothing')).toBe('nothing');
    const values = Array.from({ length: 6 }, (_, n) => `pw-${made(`v${n}`, 20)}`);
    for (const value of values) {
      writeFileSync(join(root, '.env'), `A_PASSWORD=${value}\n`);
      await turn();
      expect(await redact(value)).toMatch(/^\[REDACTED:dotenv:/);
    }
    rmSync(join(root, '.env'));
    await turn();
    expect(await redact(values[3]!)).toMatch(/^\[REDACTED:dotenv:/);
  });

  it('that are no files, or too much, hold up nothing', async () => {
    const root = tempDir('amp-sources-');
    if (process.platform !== 'win32') {
      execFileSync('mkfifo', [join(root, '.env')]);
      symlinkSync('/dev/zero', join(root, '.env.zero'));
    }
    mkdirSync(join(root, '.env.folder'));
    writeFileSync(join(root, '.env.big'), `A_PASSWORD=${A}\n${'x'.repeat(2 << 20)}`);
    const many = Array.from({ length: 600 }, (_, n) => `K${n}_TOKEN=value-number-${n}x`).join('\n');
    writeFileSync(join(root, '.env.many'), many);
    const { redact, warnings } = open(root);
    expect(await redact(`${A} value-number-7x value-number-700x`)).toMatch(/^pw-.* \[REDACTED:dotenv:.*\] value-/);
    expect(warnings).toEqual([expect.stringMatching(/\.env\.many holds more values/)]);
  });
});

it('stores are read by their name; one that cannot be read is told once', async () => {
  const root = tempDir('amp-sources-');
  const [json, broken, absent] = ['a.json', 'b.json', 'c.json'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(json, JSON.stringify({ deep: { anything: D, host: 'localhost', port: 5432 } }));
  writeFileSync(broken, '{');
  const { redact, warnings } = open(root, [json, broken, absent]);
  expect(await redact(`${D} localhost 5432`)).toMatch(/^\[REDACTED:store:[0-9a-f]{8}\] localhost 5432$/);
  await turn();
  await redact('again');
  expect(warnings).toEqual([`${broken} cannot be read as what its name says: the secrets in it are not looked for.`]);
});

it('names that are looked for later lose only what the environment knows', async () => {
  const root = tempDir('amp-sources-');
  writeFileSync(join(root, '.env'), 'EVIL_TOKEN=amp/the-branch\n');
  writeFileSync(join(root, '.gitleaks.toml'), "[[rules]]\nid = 'all'\nregex = '.+'\n");
  const { redact } = open(root);
  expect(await redact('amp/the-branch', 'name')).toBe('amp/the-branch');
  expect(await redact('amp/the-branch')).toMatch(/^\[REDACTED:dotenv/);
  expect(await redact('whatever')).toMatch(/^\[REDACTED:gitleaks-all/);
  expect(await redact(`ghp_${made('n', 36)}`, 'name')).toMatch(/^\[REDACTED:github/);
});
