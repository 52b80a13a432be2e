import { lintSource } from '@secretlint/core';
import { creator, rules } from '@secretlint/secretlint-rule-preset-recommend';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { hidesCharacters, mayHoldSecret } from '../../src/redaction/prefilter.ts';
import { RULES } from '../../src/redaction/rules.ts';
import { loadSecretlint } from '../../src/redaction/secretlint.ts';
import { NEGATIVES, POSITIVES } from './corpus.ts';

/** Rules that are not run: they switch others off, or read files. */
const NOT_RUN = ['filter-comments', 'gcp'];

const context = {
  createTranslator: () => () => ({ message: '', messageId: '', data: {} }),
  report: () => {},
  ignore: () => {},
};

type Creator = { meta: { id: string }; create(context: unknown, options: object): { file?(source: object): unknown } };

/** The very expressions that secretlint's rules match with, caught in the act. */
const caught = (): { rule: string; pattern: RegExp }[] => {
  const found: { rule: string; pattern: RegExp }[] = [];
  let rule = '';
  const matchAll = vi.spyOn(String.prototype, 'matchAll').mockImplementation((pattern) => {
    if (pattern instanceof RegExp) found.push({ rule, pattern });
    return [][Symbol.iterator]() as never;
  });
  for (const creator of rules as unknown as Creator[]) {
    rule = creator.meta.id.replace(/^.*secretlint-rule-/, '');
    if (NOT_RUN.includes(rule)) continue;
    creator.create(context, {}).file?.({ content: 'x', filePath: undefined, ext: '', contentType: 'text' });
  }
  matchAll.mockRestore();
  return found;
};

/** What may stand before or after is left away: the generator does not know it, and the pattern itself is asked after. */
const generator = (pattern: RegExp): fc.Arbitrary<string> => {
  const source = pattern.source
    .replaceAll(/\(\?<?[!=](?:\[[^\]]*\]|[^()[\]])*\)/g, '')
    .replaceAll('\\b', '')
    .replaceAll(/\(\?<[a-zA-Z]\w*>/g, '(')
    .replaceAll('[ ]', ' ')
    .replaceAll(/\{(\d+),(\d+)\}/g, (_, low, high) => `{${low},${Math.min(Number(high), Number(low) + 12)}}`)
    .replaceAll(/\{(\d+),\}/g, (_, low) => `{${low},${Number(low) + 12}}`);
  return fc.stringMatching(new RegExp(`^(?:${source})$`), { size: 'small' });
};

/** Of connection strings only those with a password are reported. */
const withPassword = (pattern: RegExp): RegExp => new RegExp(pattern.source.replace('@)?', '@)'), pattern.flags);

const detects = (pattern: RegExp, text: string): boolean =>
  new RegExp(pattern.source, pattern.flags.replace('g', '')).test(text);

const check = (pattern: RegExp, runs: number): number => {
  let seen = 0;
  const around = fc.constantFrom(['', ''], [' ', ' '], ['"', '"'], ['\\n', '\\n'], ['=', ';'], ['é', '\n']);
  fc.assert(
    fc.property(generator(pattern), around, (sample, [before, behind]) => {
      const text = `${before}${sample}${behind}`;
      if (!detects(pattern, text)) return;
      seen++;
      expect(mayHoldSecret(text), text).toBe(true);
      const escaped = JSON.stringify(text);
      expect(mayHoldSecret(escaped) || hidesCharacters(escaped), escaped).toBe(true);
    }),
    { numRuns: runs },
  );
  return seen;
};

describe('the prefilter never says no to what a rule would find', () => {
  const patterns = caught();

  it('all of secretlint’s rules but two were caught', () => {
    const ids = (rules as unknown as Creator[]).map(({ meta }) => meta.id.replace(/^.*secretlint-rule-/, ''));
    expect(new Set(patterns.map(({ rule }) => rule))).toEqual(new Set(ids.filter((id) => !NOT_RUN.includes(id))));
    expect(patterns.length).toBeGreaterThanOrEqual(30);
  });

  it.each(patterns)('secretlint $rule $pattern', ({ pattern }) => {
    expect(check(withPassword(pattern), 150)).toBeGreaterThan(50);
  });

  it.each(RULES.filter((rule) => rule.pattern).map((rule) => ({ name: rule.name, pattern: rule.pattern! })))(
    'ours: $name $pattern',
    ({ pattern }) => {
      expect(check(pattern, 150)).toBeGreaterThan(50);
    },
  );

  it('and yes to every positive sample', () => {
    for (const { name, text } of POSITIVES) expect(mayHoldSecret(text), name).toBe(true);
  });

  it('says no to most of what agents write', () => {
    const plain = NEGATIVES.filter((text) => !mayHoldSecret(text));
    expect(plain.length).toBeGreaterThan(NEGATIVES.length / 3);
  });
});

describe('secretlint’s rules without its core', () => {
  const official = async (content: string): Promise<string[]> => {
    const { messages } = await lintSource({
      source: { content, filePath: 'package.json', ext: '.txt', contentType: 'text' },
      options: {
        noPhysicFilePath: true,
        config: { rules: [{ id: creator.meta.id, rule: creator }] },
      },
    });
    return messages
      .map(({ ruleId }) => ruleId.replace(/^.*secretlint-rule-/, ''))
      .filter((rule) => rule !== 'privatekey');
  };

  it('find what they find with it', async () => {
    const secretlint = await loadSecretlint();
    for (const { name, text } of POSITIVES) {
      const expected = (await official(text)).sort();
      expect(
        secretlint(text)
          .map(({ rule }) => rule)
          .sort(),
        name,
      ).toEqual(expected);
    }
  });

  it('give the place of the secret itself, where a rule gives another', async () => {
    const secretlint = await loadSecretlint();
    const { text, secret } = POSITIVES.find(({ name }) => name === 'AWS secret')!;
    const [finding] = secretlint(`key:\n${text}\n`);
    expect(`key:\n${text}\n`.slice(finding!.start, finding!.end)).toBe(secret);
    const mongo = POSITIVES.find(({ name }) => name === 'MongoDB')!;
    const found = secretlint(mongo.text);
    expect(found.map(({ start, end }) => mongo.text.slice(start, end))).toContain(mongo.secret);
  });
});
