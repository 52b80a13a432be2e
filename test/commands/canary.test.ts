import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Config } from '@oclif/core/config';
import { afterEach, expect, it, vi } from 'vitest';
import manifest from '../../oclif.manifest.json' with { type: 'json' };
import { program } from '../git/support.ts';
import { git, makeRepo, sh, tempDir } from '../support/repo.ts';
import { contextIn, make } from '../support/sessions.ts';
import { hostile } from '../workflows/hostile/support.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Settings that start a program, as an agent could write them into the repository's configuration. */
const KEYS =
  'core.fsmonitor core.pager core.editor core.askPass core.sshCommand core.alternateRefsCommand diff.external diff.evil.command diff.evil.textconv filter.evil.clean filter.evil.smudge filter.evil.process merge.evil.driver gpg.program gpg.ssh.program sequence.editor credential.helper interactive.diffFilter pager.log pager.diff remote.origin.uploadpack remote.origin.receivepack gc.recentObjectsHook trailer.evil.command hook.evil.command alias.status'.split(
    ' ',
  );
const HOOKS =
  'pre-commit prepare-commit-msg commit-msg post-commit post-checkout post-merge pre-push pre-rebase post-rewrite reference-transaction post-index-change pre-merge-commit pre-auto-gc push-to-checkout pre-receive update post-receive'.split(
    ' ',
  );

/** Every command, as a user gives it; none of them may start what a repository names. The order is that of a day. */
const ROWS: [id: string, argv: string[]][] = [
  ['new', ['--name', 'second', '-p', 'x', '-a', 'scripted:AGENT', '--iterate']],
  ['batch:start', ['--file', 'BATCH', '--trust']],
  ['batch:list', []],
  ['batch:status', ['canary']],
  ['batch:resume', ['canary']],
  ['batch:retry', ['canary', '--item', '001']],
  ['worker', ['canary', '--once']],
  ['batch:stop', ['canary', '--cancel']],
  ['batch:report', ['canary']],
  ['batch:export', ['canary', '--out', 'OUT']],
  ['bench:compare', ['RESULTS', 'RESULTS']],
  ['list', []],
  ['status', ['S']],
  ['metrics', ['S']],
  ['iterate', ['S']],
  ['logs', ['S']],
  ['timeline', ['S']],
  ['search', ['task']],
  ['diff', ['S']],
  ['blame', ['a.txt']],
  ['rename', ['S', '--name', 'other']],
  ['path', ['S']],
  ['preflight', ['S']],
  ['squash', ['S', '--message', 'one']],
  ['rebase', ['S', '--onto', 'main']],
  ['undo', ['S']],
  ['rewind', ['S', '--to', '0', '--dry-run']],
  ['merge', ['S', '--dry-run']],
  ['config:trust', ['--session', 'S']],
  ['merge', ['S']],
  ['undo', ['S']],
  ['report', []],
  ['sync', ['--remote', 'up']],
  ['verify', ['S', '--repair']],
  ['export', ['S', '--out', '-', '--format', 'csv']],
  ['import', ['none.ndjson']],
  ['doctor', []],
  ['history', []],
  ['bench', ['SUITE', '--agent', 'empty', '--trust']],
  ['bench:report', ['cases']],
  ['bench:init', ['--from-history', '--dry-run']],
  ['history:size', []],
  ['history:pack', ['--dry-run']],
  ['config:list', []],
  ['config:get', ['test']],
  ['config:set', ['test', 'true']],
  ['sql', ['select count(*) from events']],
  ['stop', ['S']],
  ['restore', ['S', '--list']],
  ['open', ['S']],
  ['archive', ['S']],
  ['prune', ['--dry-run']],
  ['rm', ['S', '--unmerged']],
  ['resume', ['S']],
  ['forget', ['S', '--unmerged', '--dry-run']],
  ['uninstall', ['--dry-run']],
];

/** Those that a day plays; TEST_ALL plays all. */
const DAILY = new Set(['new', 'iterate', 'preflight', 'config:trust', 'merge', 'sync']);
const played = ROWS.filter(([id]) => id in manifest.commands && (process.env['TEST_ALL'] || DAILY.has(id)));

/** What is refused by itself: the agent has changed the configuration; nothing runs that could be stopped. */
const REFUSED = new Set(['preflight 4', 'stop 1', 'import 2']);

/** These never look into the repository that the user stands in. */
const ELSEWHERE = ['autocomplete', 'autocomplete:create', 'autocomplete:script', 'demo', 'test-git', 'verify-amp'];

/** A topic that is a command too lies in its folder. */
const fileOf = (id: string): string => {
  const path = join(ROOT, 'commands', id.replace(':', '/'));
  return existsSync(`${path}.ts`) ? `${path}.ts` : join(path, 'index.ts');
};

afterEach(() => vi.restoreAllMocks());

const section = (key: string, value: string): string => {
  const [first, last] = [key.indexOf('.'), key.lastIndexOf('.')];
  const sub = first === last ? '' : ` "${key.slice(first + 1, last)}"`;
  return `[${key.slice(0, first)}${sub}]\n\t${key.slice(last + 1)} = ${value}\n`;
};

/** Takes what is printed, and says that it was written. */
const swallow = (_: unknown, second?: unknown, third?: unknown): boolean => {
  for (const done of [second, third]) if (typeof done === 'function') done();
  return true;
};

/** Shell lines that plant all of it below a git directory; whatever is started leaves a file in `hits`. */
const planting = (bin: string, who: string): string => {
  const canary = (name: string): string => {
    const safe = `${who}-${name}`.replace(/[^a-z0-9-]/gi, '_');
    return program(join(bin, safe), `touch '${bin}/hits/${safe}'; cat >/dev/null 2>&1 </dev/null; exit 0`);
  };
  const config = KEYS.map((key) => section(key, canary(key))).join('');
  mkdirSync(join(bin, who));
  for (const hook of HOOKS) program(join(bin, who, hook), `touch '${bin}/hits/${who}-${hook}'; exit 0`);
  const included = join(bin, `${who}.included`);
  writeFileSync(
    included,
    section('filter.more.clean', canary('included')) + section('filter.more.smudge', canary('more')),
  );
  const file = join(bin, `${who}.config`);
  writeFileSync(
    file,
    `${config}[include]\n\tpath = ${included}\n[commit]\n\tgpgSign = true\n[log]\n\tshowSignature = true\n`,
  );
  return [
    `cat '${file}' >> "$G/config"`,
    `mkdir -p "$G/hooks" "$G/info"; cp '${bin}/${who}/'* "$G/hooks/"`,
    'printf "* filter=evil diff=evil merge=evil\\nb.txt filter=more\\n" > "$G/info/attributes"',
  ].join('; ');
};

it('no command starts what a repository names, planted before it or by its agent, and all of them are here', async () => {
  const ids = new Set([...ROWS.map(([id]) => id), ...ELSEWHERE]);
  expect(Object.keys(manifest.commands).filter((id) => !ids.has(id))).toEqual([]);
  const dir = await makeRepo();
  const bin = tempDir('amp-canary-');
  mkdirSync(join(bin, 'hits'));
  const up = join(tempDir('amp-up-'), 'up.git');
  await git(dir, 'clone', '-q', '--bare', dir, up);
  await git(dir, 'remote', 'add', 'up', up);
  await sh(dir, `G=.git; ${planting(bin, 'before')}`);
  const lines = ['G="$R/.git"', planting(bin, 'agent'), 'date +%N >> a.txt; echo x > new.txt'];
  const agent = hostile(dir, [lines]);
  const ctx = await contextIn(dir);
  const made = await make(ctx, { agent: { name: 'scripted', mode: null, command: agent } });
  const batch = join(bin, 'batch.yaml');
  writeFileSync(batch, `runId: canary\nmatrix: [{ repo: ${dir}, prompt: x, agent: 'scripted:${agent}' }]\n`);
  const results = join(bin, 'results.json');
  const run = { case: 'a__a-1', agent: 'amp', repeat: 1, outcome: 'resolved' };
  writeFileSync(results, JSON.stringify({ runs: [run], resolved_ids: ['a__a-1'] }));
  const suite = join(bin, 'suite.yaml');
  const one = `{ id: one, repo: ${dir}, commit: main, prompt: x, test: 'true' }`;
  writeFileSync(suite, `suite: cases\ncases: [${one}]\n`);
  const config = await Config.load(ROOT);
  for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write').mockImplementation(swallow);
  vi.stubEnv('EDITOR', 'true');
  const ended: string[] = [];
  for (const [id, argv] of played) {
    const { default: Command } = await import(/* @vite-ignore */ fileOf(id));
    const given = argv.map((word) =>
      word === 'S'
        ? made.session.id
        : word
            .replace('AGENT', agent)
            .replace('BATCH', batch)
            .replace('OUT', bin)
            .replace('RESULTS', results)
            .replace('SUITE', suite),
    );
    process.exitCode = 0;
    await new Command([...given, '-C', dir], config)._run();
    ended.push(`${id} ${process.exitCode}`);
    process.exitCode = 0;
    expect([id, readdirSync(join(bin, 'hits'))]).toEqual([id, []]);
  }
  expect(ended.filter((line) => !line.endsWith(' 0') && !REFUSED.has(line))).toEqual([]);
  // The traps are good: the first plain git runs into them.
  await git(dir, 'status').catch(() => {});
  expect(readdirSync(join(bin, 'hits')).length).toBeGreaterThan(0);
});
