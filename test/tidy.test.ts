import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { answers } from '../src/cli/answers/answers.ts';
import { errorCodes } from '../src/errors.ts';
import { catalogue } from '../src/events/catalogue.ts';
import { exec } from './support/repo.ts';
import { lineCount, type Node, ROOT, type Source, sourcesIn } from './support/sources.ts';

const src = sourcesIn('src');
const commands = sourcesIn('commands');
const program = [...src, ...commands];
const build = sourcesIn('scripts', 'bin');
const tests = sourcesIn('test');

/** `src/git/refs.ts` is of the room `git`, `src/errors.ts` is a room of its own, a program of its own is a face. */
const roomOf = (name: string): string => {
  const [top, second, ...rest] = name.split('/');
  if (top !== 'src') return top!;
  if (rest.length > 0) return second!;
  return second!.endsWith('-main.ts') ? 'commands' : second!.replace(/\.ts$/, '');
};

describe('arrows', () => {
  const MAY: Record<string, string[]> = {
    errors: [],
    clock: [],
    events: [],
    redaction: [],
    config: [],
    session: ['events'],
    batch: ['events'],
    bench: ['batch'],
    process: ['clock'],
    git: ['process'],
    agents: ['events', 'process', 'clock'],
    store: ['events', 'git', 'redaction', 'clock'],
    workflows: [
      'session',
      'batch',
      'bench',
      'store',
      'git',
      'agents',
      'process',
      'redaction',
      'config',
      'analysis',
      'events',
      'clock',
    ],
    analysis: ['events', 'session', 'batch', 'store', 'git', 'config', 'clock'],
    cli: ['config', 'events', 'batch', 'bench', 'clock'],
    commands: ['cli', 'workflows', 'analysis', 'config', 'clock'],
  };

  it('imports go the way the rooms allow', () => {
    const wrong = program.flatMap(({ name, imports }) =>
      imports
        .filter((spec) => spec.startsWith('.') && !spec.includes('/node_modules/'))
        .map((spec) => path.posix.join(path.posix.dirname(name), spec))
        .filter((target) => {
          const [from, to] = [roomOf(name), roomOf(target)];
          return from !== to && to !== 'errors' && !MAY[from]?.includes(to);
        })
        .map((target) => `${name} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('every room has its line in the table', () => {
    expect([...new Set(program.map(({ name }) => roomOf(name)))].filter((room) => !MAY[room])).toEqual([]);
  });

  it.each([
    ['node:child_process', /^src\/process\//],
    ['@oclif/', /^(src\/cli|commands)\//],
    ['listr2', /^src\/cli\//],
    ['chalk', /^src\/cli\//],
    ['@duckdb/', /^src\/analysis\//],
    ['echarts/', /^src\/cli\/report\//],
    ['isomorphic-git', /^src\/store\//],
    ['@secretlint/', /^src\/redaction\//],
    ['re2js', /^src\/redaction\//],
    ['@duckdb/', /^src\/analysis\//],
    ['@pydantic/', /^src\/analysis\//],
    ['smol-toml', /^src\/redaction\//],
    ['yaml', /^src\/(config|agents|redaction)\//],
  ])('%s has one gate', (spec, gate) => {
    const users = program.filter(({ imports }) =>
      imports.some((given) => given === spec || (spec.endsWith('/') && given.startsWith(spec))),
    );
    const typesOnly = ({ text }: Source) =>
      !new RegExp(`^import (?!type )[^;]*'${spec}`, 'm').test(text) && !text.includes(`import('${spec}`);
    expect(
      users
        .filter(({ name }) => !gate.test(name))
        .filter((user) => !typesOnly(user))
        .map(({ name }) => name),
    ).toEqual([]);
  });

  it('events, session, batch, bench and the wire keep to themselves: no disk, no environment, no waiting', () => {
    const pure = src.filter(({ name }) => /^src\/(events|session|batch|bench)\//.test(name));
    const impure = pure.filter(
      ({ imports, text }) =>
        imports.some((spec) => /^node:(?!crypto)/.test(spec)) || /\bawait\b|process\.env/.test(text),
    );
    expect(impure.map(({ name }) => name)).toEqual([]);
  });

  it('local imports name a .ts file', () => {
    const wrong = program.flatMap(({ name, imports }) =>
      imports
        .filter((spec) => spec.startsWith('.') && !/\.ts$|\/node_modules\//.test(spec))
        .map((spec) => `${name}: ${spec}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe('sizes', () => {
  const tooLong = (sources: Source[], limit: number) =>
    sources.filter((source) => lineCount(source) > limit).map((source) => `${source.name}: ${lineCount(source)}`);

  it('no file is longer than 300 lines', () => expect(tooLong([...src, ...build], 300)).toEqual([]));
  it('no command is longer than 60 lines', () => expect(tooLong(commands, 60)).toEqual([]));

  it('no function is longer than 70 lines', () => {
    const long: string[] = [];
    for (const source of [...program, ...build]) {
      source.visit(({ type, start, end }) => {
        if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(type)) return;
        const lines = source.lineOf(end) - source.lineOf(start) + 1;
        if (lines > 70) long.push(`${source.name}:${source.lineOf(start)} has ${lines} lines`);
      });
    }
    expect(long).toEqual([]);
  });

  it('there is at least as much test as source', () => {
    const sum = (sources: Source[]) => sources.reduce((lines, source) => lines + lineCount(source), 0);
    expect(sum(tests)).toBeGreaterThanOrEqual(sum(program));
  });
});

describe('words', () => {
  const isMember = (node: Node, object: string, property: string | undefined): boolean =>
    node.type === 'MemberExpression' &&
    (node['object'] as Node)['name'] === object &&
    (property === undefined || (node['property'] as Node)['name'] === property);

  const places = (sources: Source[], matches: (node: Node) => boolean): string[] => {
    const found: string[] = [];
    for (const source of sources)
      source.visit((node) => {
        if (matches(node)) found.push(`${source.name}:${source.lineOf(node.start)}`);
      });
    return found;
  };
  const outside = (gate: RegExp) => program.filter(({ name }) => !gate.test(name));

  it('localeCompare is nowhere: it loads ICU', () => {
    const isLocale = (node: Node) =>
      node.type === 'MemberExpression' &&
      /^(localeCompare|toLocale\w+)$/.test(String((node['property'] as Node)['name']));
    expect(places(program, isLocale)).toEqual([]);
  });

  it('time and chance come from the clock', () => {
    const isChance = (node: Node) =>
      isMember(node, 'Date', 'now') ||
      isMember(node, 'Math', 'random') ||
      isMember(node, 'performance', 'now') ||
      (node.type === 'NewExpression' &&
        (node['callee'] as Node)['name'] === 'Date' &&
        (node['arguments'] as Node[]).length === 0);
    expect(places(outside(/^src\/clock\.ts$/), isChance)).toEqual([]);
  });

  it('only the face prints and ends the process, and programs of their own, and what starts the pager', () => {
    const gate = outside(/^src\/cli\/|-main\.ts$|^src\/agents\/scripted-player\.ts$|^src\/git\/pager\.ts$/);
    const isPrint = (node: Node) =>
      isMember(node, 'console', undefined) ||
      isMember(node, 'process', 'stdout') ||
      isMember(node, 'process', 'stderr');
    expect(places(gate, isPrint)).toEqual([]);
    expect(places(gate, (node) => isMember(node, 'process', 'exit'))).toEqual([]);
  });

  it('files are named in kebab-case, and exports have names, but for command classes', () => {
    const names = [...program, ...tests].map(({ name }) => path.posix.basename(name));
    expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.(ts|mts|mjs|js)$/.test(name))).toEqual([]);
    expect(places(src, ({ type }) => type === 'ExportDefaultDeclaration')).toEqual([]);
  });

  it('no work is left lying about', () => {
    const marked = [...program, ...build, ...tests].filter(({ text }) => /\b(TODO|FIXME|XXX|HACK)[:(]/.test(text));
    expect(marked.map(({ name }) => name).filter((name) => name !== 'test/tidy.test.ts')).toEqual([]);
  });

  it('no test is skipped without a condition or a reason, and none stands alone', () => {
    const lazy = tests.filter(
      ({ name, text }) =>
        name !== 'test/tidy.test.ts' && /\b(it|test|describe)\.(only|todo|skip(?!\(`SKIP ))\(|\.skip\(\)/.test(text),
    );
    expect(lazy.map(({ name }) => name)).toEqual([]);
  });
});

describe('everything said is used, everything used is said', () => {
  const usedOutside = (word: string, own: RegExp): boolean =>
    program.some(
      ({ name, text }) => !own.test(name) && new RegExp(`['"\`]${word.replaceAll('.', '\\.')}['"\`]`).test(text),
    );

  it('every event is written by somebody', () => {
    const own = /^src\/(events\/|cli\/|session\/evolve)/;
    expect(catalogue.map(({ type }) => type).filter((type) => !usedOutside(type, own))).toEqual([]);
  });

  it('every error code is used', () => {
    expect(errorCodes().filter((code) => !usedOutside(code, /^src\/errors\.ts$/))).toEqual([]);
  });

  it('every command has a summary and the shape of its answer, and every shape its command', () => {
    const ids = commands.map(({ name }) => name.replace(/^commands\/|(\/index)?\.ts$/g, '').replaceAll('/', ':'));
    const answering = ids.filter((id) => !id.startsWith('autocomplete'));
    expect(Object.keys(answers).sort()).toEqual(answering.sort());
    expect(commands.filter(({ text }) => !/static override summary =/.test(text)).map(({ name }) => name)).toEqual([]);
  });

  it.skipIf(!existsSync(path.join(ROOT, 'README.md')))('the README names every command that is not hidden', () => {
    const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
    const shown = commands.filter(({ text }) => !/static override hidden = true/.test(text));
    const topics = shown.map(({ name }) => name.replace(/^commands\/|(\/index)?\.ts$/g, '').split('/')[0]!);
    expect([...new Set(topics)].filter((word) => !readme.includes(word))).toEqual([]);
  });

  it('generated files are fresh', async () => {
    const { stderr, exitCode } = await exec(ROOT, process.execPath, ['scripts/build.mjs', '--check', '--quiet']);
    expect([stderr, exitCode]).toEqual(['', 0]);
  });
});
