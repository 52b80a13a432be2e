import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadGitleaks } from '../../src/redaction/gitleaks/load.ts';
import { createRedactor } from '../../src/redaction/redactor.ts';
import { createScanner } from '../../src/redaction/scanner.ts';
import { SecretSources } from '../../src/redaction/sources.ts';
import { tempDir } from '../support/repo.ts';
import { HEX, made } from './corpus.ts';

const load = (toml: string, files: Record<string, string> = {}, elapsed = () => performance.now()) => {
  const root = tempDir('amp-gitleaks-');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  const problems: string[] = [];
  const rules = loadGitleaks(toml, {
    root,
    tell: (problem) => problems.push(problem),
    elapsed,
  });
  return {
    problems,
    found: (text: string, path?: string) => rules.find(text, path).map(({ start, end }) => text.slice(start, end)),
    rules,
  };
};

const ACME = "[[rules]]\nid = 'acme-key'\nregex = '''\\b(acme_[a-z0-9]{12})\\b'''\n";
const key = `acme_${made('acme', 12, HEX)}`;

describe('a rule', () => {
  it.each([
    ['the first group', `regex = '''(?i)acme[ =]+([a-z0-9]{8})'''`, 'ACME = abcd1234', ['abcd1234']],
    ['the whole match without one', `regex = 'acme-[0-9]{4}'`, 'x acme-1234 acme-5678', ['acme-1234', 'acme-5678']],
    ['the group it names', `regex = '(user) ([a-z]+) (pw [a-z]+)'\nsecretGroup = 3`, 'user ann pw abc', ['pw abc']],
    ['its keywords, in any case', `regex = '[a-z]{3}-[0-9]{3}'\nkeywords = ['Acme']`, 'ACME abc-123', ['abc-123']],
    ['no text without one', `regex = '[a-z]{3}-[0-9]{3}'\nkeywords = ['acme']`, 'abc-123', []],
    ['entropy above', `regex = 'k=([a-z0-9]+)'\nentropy = 3`, 'k=aaaaaaaaaaaa k=a1b2c3d4e5f6', ['a1b2c3d4e5f6']],
    ['stop words', `regex = 'k=([a-z]+)'\n[rules.allowlist]\nstopwords = ['Sample']`, 'k=mysample k=other', ['other']],
    ['allowed secrets', `regex = 'k=([a-z]+)'\n[[rules.allowlists]]\nregexes = ['^te']`, 'k=test k=other', ['other']],
    [
      'allowed lines',
      `regex = 'k=([a-z]+)'\n[[rules.allowlists]]\nregexTarget = 'line'\nregexes = ['# fine$']`,
      'k=one # fine\nk=two # not',
      ['two'],
    ],
    [
      'both of a list',
      `regex = 'k=([a-z]+)'\n[[rules.allowlists]]\ncondition = 'AND'\nregexes = ['^a']\nstopwords = ['z']`,
      'k=abc k=xyz k=abz',
      ['abc', 'xyz'],
    ],
  ])('heeds %s', (_, rule, text, found) => expect(load(`[[rules]]\nid = 'r'\n${rule}\n`).found(text)).toEqual(found));

  it('with a path is for such files, and for text that is no file; a list of paths spares files', () => {
    const { found } = load(
      `[[rules]]\nid='p'\nregex='k=[a-z]+'\npath='\\.env$'\n[[rules.allowlists]]\npaths=['^test/']\n`,
    );
    expect([found('k=abc'), found('k=abc', 'a/.env'), found('k=abc', 'a.ts'), found('k=abc', 'test/.env')]).toEqual([
      ['k=abc'],
      ['k=abc'],
      [],
      [],
    ]);
  });

  it('is for object ids no rule: they are what a log is made of', () => {
    const { found } = load("[[rules]]\nid='hex'\nregex='[0-9a-f]{40}'\n");
    expect(found(`commit ${made('c', 40, HEX)}`)).toEqual([]);
  });

  it('finds what lies across the windows in which a long text is read', () => {
    const { found } = load(ACME);
    for (let at = 12_200; at < 16_500; at += 397)
      expect(found(`${' '.repeat(at)}${key}${' '.repeat(30_000)}`)).toContain(key);
  });
});

describe('the file', () => {
  it('its list for all, or for the rules it names', () => {
    const other = "[[rules]]\nid='b'\nregex='b-[0-9]+'\n[[rules]]\nid='c'\nregex='c-[0-9]+'\n";
    expect(load(`${other}[allowlist]\nregexes=['-1$']\n`).found('b-1 c-1 b-2')).toEqual(['b-2']);
    expect(load(`${other}[[allowlists]]\ntargetRules=['b']\nregexes=['-1$']\n`).found('b-1 c-1')).toEqual(['c-1']);
  });

  it('builds upon another in the repository, and on no other', () => {
    const files = {
      'config/base.toml': `${ACME}[[rules]]\nid='off'\nregex='off'\n[[rules]]\nid='mine'\nregex='base'\n`,
    };
    const toml = "[extend]\npath='config/base.toml'\ndisabledRules=['off']\n[[rules]]\nid='mine'\nregex='own'\n";
    const { found, problems } = load(toml, files);
    expect([found(`${key} off base own`), problems]).toEqual([['own', key], []]);
    for (const path of ['../x.toml', '/etc/passwd', 'absent.toml'])
      expect(load(`[extend]\npath='${path}'\n`).problems).toEqual([
        expect.stringMatching(/^extend\.path is not followed/),
      ]);
  });

  it('keeps its own rules when the other is no TOML, and says so', () => {
    const { found, problems } = load(`[extend]\npath='base.toml'\n${ACME}`, { 'base.toml': '[[rules' });
    expect(found(key)).toEqual([key]);
    expect(problems).toEqual([expect.stringMatching(/^extend\.path is not followed: base\.toml: /)]);
  });

  it('may build upon gitleaks’ own rules without a word', () => {
    expect(load('[extend]\nuseDefault = true\n').problems).toEqual([]);
  });

  it('every rule that cannot be applied is told by name, and the others are', () => {
    const { found, problems } = load(
      `[[rules]]\nid='back'\nregex='(a)\\1'\n[[rules]]\nid='ahead'\nregex='(?=a)b'\n[[rules]]\nid='none'\n${ACME}[[rules.allowlists]]\nregexes=['(']\n`,
    );
    expect(found(key)).toEqual([key]);
    expect(problems).toEqual([
      'rule "none" has neither regex nor path',
      expect.stringMatching(/^rule "back" is not applied: .*escape/),
      expect.stringMatching(/^rule "ahead" is not applied: /),
      expect.stringMatching(/^an allowlist of rule "acme-key": /),
    ]);
  });

  it.each([
    ['no TOML', '[[rules'],
    ['too large', `# ${'x'.repeat(1 << 20)}`],
    ['too deep', `a = ${'['.repeat(5000)}`],
  ])('that is %s is an error and no end', (_, toml) => expect(() => load(toml)).toThrow());
});

describe('a hostile file', () => {
  const LONG = `${'a'.repeat(50)} ${'b'.repeat(50)}\n`.repeat(300);
  const rule = (id: number, regex: string) => `[[rules]]\nid='r${id}'\nregex='''${regex}'''\n`;

  it.each([
    ['stars in a star', '(a*)*b', ''],
    ['stars five deep', '(((((a*)*)*)*)*)*c', ''],
    ['two ways for each letter', '(a|aa)+$', ''],
    ['everything six times', '(.*)(.*)(.*)(.*)(.*)(.*)x', ''],
    ['counts in counts', '((a{1,100}){1,100}){1,100}', 'not applied'],
    ['a large count', 'a{1001}', 'not applied'],
    ['many large counts', `${'\\pL{900}|'.repeat(60)}a`, 'too large'],
    ['a long expression', `(?:${'x'.repeat(30_000)})`, 'too large'],
    ['deep brackets', '('.repeat(5000), 'not applied'],
  ])('with %s', { timeout: 20_000 }, (_, regex, told) => {
    const { found, problems } = load(rule(1, regex));
    found(LONG);
    expect(problems.join()).toContain(told);
  });

  it('whose rules are many and dear loses them one by one, and says so', () => {
    // Each look at the clock finds it a second later.
    let now = 0;
    const slow = () => (now += 1_000);
    const { found, problems } = load(`${rule(0, '[a-z]{7}')}${rule(1, 'b+')}${ACME}`, {}, slow);
    found(LONG);
    expect(found(`x ${key}`)).toEqual([]);
    expect(problems).toEqual(
      ['r0', 'r1', 'acme-key'].map((id) => `rule "${id}" is not applied any more: it takes too long`),
    );
  });
});

describe('in a redactor', () => {
  const world = async (toml: string) => {
    const root = tempDir('amp-gitleaks-');
    writeFileSync(join(root, '.gitleaks.toml'), toml);
    const warnings: string[] = [];
    const warn = (text: string) => warnings.push(text);
    const sources = new SecretSources({ env: {}, root, stores: [], elapsed: () => performance.now(), warn });
    await sources.refresh();
    return { sources, warnings, redact: createRedactor({ env: {}, key: Buffer.alloc(32), sources }) };
  };

  it('a rule takes out of text and JSON, also what only the JSON around it tells', async () => {
    const { redact } = await world(`${ACME}[[rules]]\nid='pin'\nregex='''"pin":\\s*"([0-9a-z]{6})"'''\n`);
    expect(await redact(`use ${key} now`)).toMatch(/^use \[REDACTED:gitleaks-acme-key:[0-9a-f]{8}\] now$/);
    const line = JSON.stringify({ text: `use ${key}`, pin: '12ab34', other: 'x 12ab34' });
    expect(JSON.parse((await redact(line)) as string)).toEqual({
      text: expect.stringMatching(/^use \[REDACTED:gitleaks-acme-key/),
      pin: expect.stringMatching(/^\[REDACTED:gitleaks-pin/),
      other: expect.stringMatching(/^x \[REDACTED:gitleaks-pin/),
    });
  });

  it('nothing in the file switches ours off', async () => {
    const off =
      "[extend]\ndisabledRules=['github','env']\n[allowlist]\nregexes=['.*']\npaths=['.*']\nstopwords=['g','a']\n";
    const { redact, sources } = await world(`${off}${ACME}`);
    const token = `ghp_${made('off', 36)}`;
    expect(await redact(`x ${token} gitleaks:allow`)).toMatch(/^x \[REDACTED:github/);
    expect(await createScanner(sources)(token, 'a.ts')).toHaveLength(1);
    expect(await redact(key)).toBe(key);
  });

  it('a file that is none is told, and the rest goes on', async () => {
    const { redact, warnings } = await world('[[rules');
    expect(warnings).toEqual([expect.stringMatching(/^\.gitleaks\.toml: it is not applied: /)]);
    expect(await redact(`ghp_${made('on', 36)}`)).toMatch(/^\[REDACTED:github/);
  });
});
