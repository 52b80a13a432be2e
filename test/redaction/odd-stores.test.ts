import { describe, expect, it } from 'vitest';
import { parseDotenv } from '../../src/redaction/dotenv.ts';
import { secretsAmong } from '../../src/redaction/environment-secrets.ts';
import { parseSecretFile } from '../../src/redaction/secret-file.ts';
import { made } from './corpus.ts';

const [A, B, C] = ['odd a', 'odd b', 'odd c'].map((seed) => made(seed, 24)) as [string, string, string];

const secrets = async (name: string, text: string): Promise<string[]> =>
  secretsAmong(await parseSecretFile(name, text), 'store');

describe('a netrc', () => {
  it.each([
    ['a login called account', `machine h login account password ${A}`],
    ['a login that ends in account', `machine h login service-account password ${A}`],
    ['a login called password', `machine h login password password ${A}`],
    ['a machine called password', `machine password login ann password ${A}`],
    ['a default', `default login anonymous password ${A}`],
    ['its words on lines of their own', `machine h\r\nlogin\tann\r\npassword\r\n${A}\r\n`],
    ['another word between', `machine h port 21 login ann password ${A}`],
    ['a last word without a value', `machine h login ann password ${A} account`],
  ])('with %s', async (_, text) => expect(await secrets('.netrc', text)).toEqual([A]));

  it('gives every account and password, in the order they stand', async () => {
    const text = `machine h login a password ${A} account ${B}\nmachine i password ${C}`;
    expect(await secrets('_netrc', text)).toEqual([A, B, C]);
  });

  it('takes a quoted value with what is escaped in it', async () => {
    const entries = await parseSecretFile('x.netrc', 'machine h password "a \\"b\\" c\\\\d" login x');
    expect(entries).toEqual([['password', 'a "b" c\\d']]);
  });

  it('takes a quote that never ends as it stands', async () => {
    expect(await parseSecretFile('.netrc', 'machine h password "abc')).toEqual([['password', '"abc']]);
  });
});

describe('INI and its kin', () => {
  it.each([
    ['=', `password=${A}`],
    ['spaces', `  password \t=  ${A}  `],
    [':', `password: ${A}`],
    ['quotes', `password = '${A}'`],
    ['quotes and a comment', `password = "${A}" ; the old one`],
    ['Windows line ends', `[x]\r\npassword=${A}\r\nuser=ann\r\n`],
    ['the line ends of old', `[x]\rpassword=${A}\ruser=ann\r`],
    ['a section that looks like one', `[a=b]\npassword=${A}`],
    ['a mark at the beginning', `\ufeffpassword=${A}`],
  ])('with %s', async (_, text) => expect(await secrets('app.ini', text)).toEqual([A]));

  it('a comment behind a bare value counts both ways: not every reader knows it', async () => {
    for (const mark of ['#', ';'])
      expect(await secrets('app.cfg', `token = ${A} ${mark} of prod`)).toEqual([`${A} ${mark} of prod`, A]);
  });

  it('a mark inside a value is no comment', async () => {
    expect(await secrets('app.conf', `token=${A}#${B}`)).toEqual([`${A}#${B}`]);
    expect(await secrets('app.conf', `token="${A} # ${B}"`)).toEqual([`${A} # ${B}`]);
  });

  it('only the first sign parts name and value', async () => {
    expect(await parseSecretFile('a.properties', `db.password: ${A}=${B}\ndb.token=${B}: x`)).toEqual([
      ['db.password', `${A}=${B}`],
      ['db.token', `${B}: x`],
    ]);
  });

  it('a registry of npm is cut to the name of what it sets', async () => {
    const text = `//r.test:8080/path/:_authToken=${A}\n//r.test/:_password="${B}"\nalways-auth=true\n`;
    expect(await parseSecretFile('.npmrc', text)).toEqual([
      ['_authToken', A],
      ['_password', B],
      ['always-auth', 'true'],
    ]);
  });

  it.each(['', '=', '= x', ': x', '[only]', '# a=b', ' ; a=b', 'neither'])('%j says nothing', async (line) =>
    expect(await parseSecretFile('.pypirc', line)).toEqual([]),
  );

  it('a megabyte of spaces takes no time', async () => {
    const spaces = ' '.repeat(1 << 20);
    expect(await parseSecretFile('credentials', `${spaces}password${spaces}=${spaces}${A}${spaces}x`)).toHaveLength(1);
    expect(await parseSecretFile('credentials', `password${spaces}`)).toEqual([]);
  });
});

describe('TOML', () => {
  it('is read as such: tables in a line, lists, comments, texts over lines', async () => {
    const text = [
      `password = "${A}" # of prod`,
      `db = { token = '${B}', hosts = ["localhost"] }`,
      '[[deep.list]]',
      `secret = """`,
      `${C}"""`,
      'port = 5432',
      'since = 2026-11-22T10:00:00Z',
    ].join('\n');
    expect(await secrets('secrets.toml', text)).toEqual([A, B, C]);
  });

  it('that is none is an error, and so is one that is too deep', async () => {
    await expect(parseSecretFile('a.toml', 'password = ')).rejects.toThrow();
    await expect(parseSecretFile('a.toml', `a = ${'['.repeat(5_000)}`)).rejects.toThrow();
  });
});

describe('JSON and YAML', () => {
  it.each([
    ['JSON with a mark at the beginning', 'a.json', `\ufeff{"token":"${A}"}`],
    ['a text alone', 'a.json', JSON.stringify(A)],
    ['YAML that is broken further down', 'a.yml', `token: ${A}\nbad: [`],
    ['a tag nobody knows', 'a.yaml', `token: !vault ${A}`],
    ['a name that is given twice', 'a.yaml', `token: x\ntoken: ${A}`],
    ['an alias', 'a.yaml', `a: &a ${A}\ntoken: *a`],
  ])('%s', async (_, name, text) => expect(await secrets(name, text)).toEqual([A]));

  it('numbers stay as they are written in YAML, and lists have the name of what holds them', async () => {
    expect(await parseSecretFile('a.yml', 'pin: 012345678\npass: [1.0, yes]')).toEqual([
      ['pin', '012345678'],
      ['pass', '1.0'],
      ['pass', 'yes'],
    ]);
    expect(await parseSecretFile('a.json', '{"pin":[12,"x",null,true,{"k":1e3}]}')).toEqual([
      ['pin', '12'],
      ['pin', 'x'],
      ['k', '1000'],
    ]);
  });

  it('what is deeper than any store is passed over', async () => {
    const nest = (depth: number) => `${'['.repeat(depth)}"${A}"${']'.repeat(depth)}`;
    expect(await secrets('a.json', nest(32))).toEqual([A]);
    expect(await secrets('a.json', nest(33))).toEqual([]);
  });

  it('is read for what its name says in any case, wherever it lies', async () => {
    for (const name of ['/a.ini/Secrets.JSON', 'C.Json']) expect(await secrets(name, `{"x":"${A}"}`)).toEqual([A]);
  });
});

describe('a .env', () => {
  it('a comment alone is no value, a value may begin with its mark', () => {
    const text = 'A_PASSWORD= # set me, please\nB_PASSWORD=#hunter2hunter2\nC_PASSWORD: # later\nD=\t# x';
    expect(parseDotenv(text)).toEqual([
      ['A_PASSWORD', ''],
      ['B_PASSWORD', '#hunter2hunter2'],
      ['C_PASSWORD', ''],
      ['D', ''],
    ]);
  });

  it.each([
    ['an equals sign in the value', 'A=b=c==', ['A', 'b=c==']],
    ['what stands behind a quote', 'A="b" # c', ['A', 'b']],
    ['an escaped end of the quote', 'A="b\\\\" # "', ['A', 'b\\']],
    ['a backslash before another quote', "A='b\\' # '", ['A', 'b\\']],
    ['other variables', 'A="$B \\$C"', ['A', '$B $C']],
    ['dots and dashes in the name', 'a.b-c = d', ['a.b-c', 'd']],
  ])('heeds %s', (_, text, entry) => expect(parseDotenv(text)).toEqual([entry]));

  it('a quote ends within four hundred lines or is none, and the lines behind it count', () => {
    const within = `A="${'x\n'.repeat(400)}"\nB=2`;
    const beyond = `A="${'x\n'.repeat(401)}"\nB=2`;
    expect(parseDotenv(within).map(([name, value]) => [name, value.length])).toEqual([
      ['A', 800],
      ['B', 1],
    ]);
    expect(parseDotenv(beyond)).toEqual([
      ['A', '"x'],
      ['B', '2'],
    ]);
  });
});
