import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { sessionLog } from '../../src/events/envelope.ts';
import { sync } from '../../src/workflows/sync/sync.ts';
import { made, privateKey } from '../redaction/corpus.ts';
import { git, makeRepo, tempDir } from '../support/repo.ts';
import { contextIn, make, runOnce } from '../support/sessions.ts';

/** Each known from another place: nothing about their shape gives them away. */
const SECRETS = {
  env: `env ${made('everywhere env', 14)}`.replace(' ', '~'),
  dotenv: `dot~${made('everywhere dotenv', 14)}`,
  late: `late~${made('everywhere late', 14)}`,
  store: `store~${made('everywhere store', 14)}`,
  team: `acme_${made('everywhere team', 12, '0123456789')}`,
};
const KEY = privateKey('EC ', 2).split('\n');
const SHORT = `${made('everywhere short', 18)}==`;
const all = Object.values(SECRETS);
const shell = process.platform === 'win32' ? describe.skip : describe;

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** Ways to write a value down, and the part of each that nothing else explains. */
const spelled = (value: string): { text: string; core: string }[] => {
  const inside = Buffer.from(`user:${value}:more`).toString('base64');
  return [
    { text: value, core: value },
    { text: encodeURIComponent(value), core: encodeURIComponent(value) },
    { text: JSON.stringify(JSON.stringify(`"${value}`)), core: value },
    { text: inside, core: inside.slice(8, 20) },
    { text: Buffer.from(value).toString('base64url'), core: Buffer.from(value).toString('base64url').slice(0, 16) },
  ];
};
/** A rule of a team knows a shape, not a value. */
const forms = ([name, value]: [string, string]) => (name === 'team' ? [{ text: value, core: value }] : spelled(value));
/** What is known before the agent begins. */
const early = all.filter((secret) => secret !== SECRETS.late);
const planted = Object.entries(SECRETS)
  .flatMap(forms)
  .map(({ text }) => text);
const cores = Object.entries(SECRETS)
  .flatMap(forms)
  .map(({ core }) => core);

shell('secrets from every place, planted everywhere', () => {
  let repo: string;
  let shown: string[];

  beforeAll(async () => {
    repo = await makeRepo();
    const store = join(tempDir('amp-store-'), 'secrets.json');
    writeFileSync(store, JSON.stringify({ service: { key: SECRETS.store } }));
    writeFileSync(join(repo, '.env'), `DB_PASSWORD='${SECRETS.dotenv}'\n`);
    writeFileSync(join(repo, '.gitleaks.toml'), "[[rules]]\nid = 'acme'\nregex = '''acme_[0-9]{12}'''\n");
    writeFileSync(join(repo, '.gitignore'), '.env*\n');
    await git(repo, 'add', '.gitignore');
    await git(repo, 'commit', '-qm', 'ignore');
    const env = { ...process.env, API_KEY: SECRETS.env, AMP_SESSIONS_REDACTION_STORES: store };
    const printed = planted.map((text) => `echo 'x ${text} y'`);
    const before = Object.entries(SECRETS)
      .filter(([name]) => name !== 'late')
      .flatMap(forms)
      .map(({ text }) => `echo 'x ${text} y'`);
    const program = join(tempDir('amp-agent-'), 'agent.sh');
    const lines = [
      // Written while the agent runs, and printed at once.
      `echo "LATE_TOKEN=${SECRETS.late}" > .env.local`,
      ...printed,
      `printf '%s' '${SECRETS.dotenv.slice(0, 7)}'; sleep 0.1; echo '${SECRETS.dotenv.slice(7)} in two chunks'`,
      ...[...KEY.slice(0, -1), SHORT, KEY.at(-1)!].map((line) => `echo '${line}'`),
      `echo '${all.join(' ')}' >&2`,
      'echo done > work.txt; git add -A; ',
      `git -c user.name=a -c user.email=a@b.test commit -qm 'with ${SECRETS.dotenv}'`,
      'echo more >> work.txt',
      `echo 'last words: ${all.join(' ')}'`,
    ];
    writeFileSync(program, lines.join('\n'));
    const tests = join(tempDir('amp-tests-'), 'tests.sh');
    const noise = `i=0; while [ $i -lt 300 ]; do echo "${'noise '.repeat(9)}$i"; i=$((i+1)); done`;
    writeFileSync(tests, [...before, noise, ...before, `touch 'left-${SECRETS.dotenv}'`, 'exit 1'].join('\n'));

    const ctx = await contextIn(repo, env);
    shown = ctx.warnings;
    const { session } = await make(ctx, {
      name: `task ${SECRETS.dotenv}`,
      prompt: `Use ${early.join(' and ')}`,
      agent: { name: 'command', mode: null, command: `sh ${program}` },
      test: `sh ${tests}`,
    });
    const ran = await runOnce(ctx, session.id, {
      prompt: `Again ${early.join(', ')}`,
      onLine: (line) => shown.push(JSON.stringify(line)),
      onTestOutput: (text) => shown.push(text),
    });
    shown.push(
      ...ran.events.map((event) => JSON.stringify(event)),
      JSON.stringify(ran.failure),
      ran.iteration.subject ?? '',
    );
    expect(existsSync(join(repo, session.worktree, '.env.local'))).toBe(true);
    // What never came to a flush lies in the write-ahead files.
    const text = `late ${all.join(' ')}`;
    await ctx.store.append(sessionLog(session.id), [
      { type: 'agent-message.received', by: 'agent', data: { iteration: 1, text } },
    ]);
  });

  test('what a person is shown holds none, and says what stood there', () => {
    const text = shown.join('\n');
    for (const secret of cores) expect(text).not.toContain(secret);
    for (const part of [...KEY.slice(1, -1), SHORT]) expect(text).not.toContain(part);
    for (const kind of ['env', 'dotenv', 'store', 'gitleaks-acme', 'private-key'])
      expect(text).toMatch(new RegExp(`\\[REDACTED:${kind}:[0-9a-f]{8}\\]`));
    expect(text).toMatch(/\[REDACTED:dotenv:[0-9a-f]{8}\] in two chunks/);
  });

  test('no git object but the agent’s own commit holds one, raw or spelled otherwise', async () => {
    const { stdout } = await gitBytes(repo);
    // The agent's own commit is kept as it made it; its message is what `sync` refuses to send.
    const text = stdout.replaceAll(`with ${SECRETS.dotenv}`, '');
    for (const secret of [...cores, ...KEY.slice(1, -1), SHORT]) expect(text).not.toContain(secret);
    expect(text).toContain('[REDACTED:dotenv:');
  });

  test('nor any file of ours: write-ahead files, payloads, caches, locks', () => {
    const files = filesBelow(join(repo, '.git', 'amp'));
    expect(files.some((file) => file.includes('wal'))).toBe(true);
    for (const file of files) {
      const text = `${file}\n${readFileSync(file, 'latin1')}`;
      for (const secret of [...cores, SHORT]) expect(text, file).not.toContain(secret);
    }
  });

  test('nor a ref, a note or a branch', async () => {
    const refs = `${await git(repo, 'for-each-ref')}\n${await git(repo, 'log', '--all', '--notes=amp', '--format=%N')}`;
    for (const secret of all) expect(refs).not.toContain(secret);
  });

  test('what the agent put into its own commit does not leave: sync says where it is', async () => {
    const ctx = await contextIn(repo, { ...process.env, API_KEY: SECRETS.env });
    await git(repo, 'remote', 'add', 'origin', await makeRepo({ bare: true }));
    const wish = { push: true, pull: true, historyOnly: false, dryRun: false, directory: repo };
    const { held } = await sync(ctx, wish);
    expect(held.map(({ ref }) => ref)).toEqual([expect.stringContaining('refs/amp/code/')]);
    expect(JSON.stringify(held)).not.toContain(SECRETS.dotenv);
  });
});

const gitBytes = async (repo: string): Promise<{ stdout: string }> => {
  const ids = (await git(repo, 'cat-file', '--batch-all-objects', '--batch-check=%(objectname) %(objecttype)'))
    .split('\n')
    .map((line) => line.split(' '));
  const parts: string[] = [];
  for (const [id, type] of ids) if (id && type !== 'tree') parts.push(await git(repo, 'cat-file', type!, id));
  return { stdout: parts.join('\n') };
};
