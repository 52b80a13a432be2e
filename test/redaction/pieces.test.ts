import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutAtWord, shortSummary } from '../../src/agents/tool-text.ts';
import { RuleTimes } from '../../src/redaction/gitleaks/rule-times.ts';
import { findKeyBody, KeyLines } from '../../src/redaction/private-keys.ts';
import { createRedactor } from '../../src/redaction/redactor.ts';
import { safeCut } from '../../src/redaction/safe-cut.ts';
import { readPlainFile, WatchedFile, WatchedFolder } from '../../src/redaction/watched-file.ts';
import { tempDir } from '../support/repo.ts';
import { made, privateKey } from './corpus.ts';

const VALUE = `pw-${made('pieces', 30)}`;
const redact = createRedactor({ env: { DB_PASSWORD: VALUE }, key: Buffer.alloc(32, 7) });

describe('where a text may be cut', () => {
  it('property: what both sides give is what the whole gives', async () => {
    const word = fc.constantFrom('word', VALUE, '"', ' ', 'password: ', 'hunter22x', '\n', '://u:', '@h', 'ghp_');
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 5, maxLength: 30 }), async (words) => {
        const text = words.join(' ').repeat(60);
        const at = await safeCut(text, redact);
        expect(at).toBeLessThanOrEqual(text.length);
        expect((await redact(text.slice(0, at))) + (await redact(text.slice(at)))).toBe(await redact(text));
      }),
      { numRuns: 25 },
    );
  });

  it('of one long word it is told where to stop', async () => {
    expect(await safeCut('x'.repeat(100_000), redact)).toBe(100_000 - 8192);
    expect(await safeCut('short', redact)).toBe(0);
  });
});

describe('cut for a person', () => {
  it.each([
    ['one two three', 9, 'one two'],
    ['one two three', 50, 'one two three'],
    ['onetwothree', 5, 'onetw'],
    ['one 😀😀', 5, 'one'],
  ])('%j to %i', (text, most, cut) => expect(cutAtWord(text, most)).toBe(cut));

  it('a summary is cut to 120 characters, with a mark', () => {
    expect(shortSummary('a b')).toBe('a b');
    expect(shortSummary('x'.repeat(121))).toBe(`${'x'.repeat(119)}…`);
  });
});

describe('lines of a key', () => {
  const bodies = (text: string): string[] => {
    const key = new KeyLines();
    return text.split('\n').filter((line) => key.isBody(line));
  };
  const [begin, first, , last, end] = [...privateKey('RSA ', 3).split('\n')] as [
    string,
    string,
    string,
    string,
    string,
  ];

  it('are those between the marks, headers too', () => {
    const header = 'Proc-Type: 4,ENCRYPTED';
    expect(bodies([begin, header, '', first, last, 'abc=', end, first].join('\n'))).toEqual([
      header,
      first,
      last,
      'abc=',
    ]);
    expect(bodies([`${begin}\r`, `  ${first}\r`, `${end}\r`].join('\n'))).toEqual([`  ${first}\r`]);
  });

  it('are none after a public key, a whole key in one line, or four hundred of them', () => {
    expect(bodies(`-----BEGIN PUBLIC KEY-----\n${first}`)).toEqual([]);
    expect(bodies(`${begin}x${end}\n${first}`)).toEqual([]);
    expect(bodies([begin, ...Array.from({ length: 1_000 }, () => first)].join('\n'))).toHaveLength(400);
  });

  it('what stands around them stays', () => {
    expect(findKeyBody('  abc \n')).toEqual([{ start: 2, end: 5, rule: 'private-key' }]);
    expect(findKeyBody(' \n')).toEqual([]);
  });
});

describe('what is watched', () => {
  it('gives a text once, and again when it changed', () => {
    const path = join(tempDir('amp-watched-'), 'a');
    const file = new WatchedFile(path, 10);
    expect(file.news(0)).toBeNull();
    writeFileSync(path, 'one');
    expect([file.news(1), file.news(2), file.news(1000)]).toEqual(['one', null, null]);
    writeFileSync(path, 'two!');
    expect(file.news(2000)).toBe('two!');
    writeFileSync(path, 'x'.repeat(11));
    expect(file.news(3000)).toBeNull();
  });

  it('a folder, only what fits, and no folder at all', () => {
    const dir = tempDir('amp-watched-');
    const folder = new WatchedFolder(join(dir, 'sub'), (name) => name.startsWith('a'));
    expect(folder.names(0)).toEqual([]);
    mkdirSync(join(dir, 'sub'));
    writeFileSync(join(dir, 'sub', 'a1'), '');
    writeFileSync(join(dir, 'sub', 'b1'), '');
    expect(folder.names(1)).toEqual(['a1']);
    expect(readPlainFile(dir, 100)).toBeNull();
  });
});

describe('what rules cost', () => {
  const run = (speed: number, names: string[], rounds: number): string[] => {
    let now = 0;
    const told: string[] = [];
    const times = new RuleTimes(
      () => now,
      (problem) => told.push(problem),
    );
    for (let n = 0; n < rounds; n++)
      for (const name of names)
        if (!times.isRetired(name))
          times.during(name, 10_000, () => {
            now += 10_000 / speed;
          });
    return told;
  };

  it('a fast rule stays for ever, a slow one goes after a second', () => {
    expect(run(5_000, ['fast'], 2_000)).toEqual([]);
    expect(run(100, ['slow'], 20)).toEqual(['rule "slow" is not applied any more: it takes too long']);
  });

  it('many that are each fast enough, and together are not, go until the rest is', () => {
    const names = Array.from({ length: 40 }, (_, n) => `r${n}`);
    const told = run(700, names, 100);
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThan(40);
  });
});
