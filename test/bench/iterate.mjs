import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inTurn, rows, timeProgram } from './measure.mjs';
import { makeRepository, ROOT } from './world.mjs';

const FAKE_AMP = path.join(ROOT, 'test/support/fake-amp/amp.mjs');
const COMMIT = 'git add -A && git commit -q -m work';
const SYNCED = COMMIT.replaceAll('git ', 'git -c core.fsync=all ');

/** Three text files to edit, none large. */
const filesToEdit = (world, repository) => {
  const all = world
    .git(repository, 'ls-files')
    .split('\n')
    .filter((name) => /\.(txt|md|js|ts|py|c|go|rs|java)$/.test(name) && !/['"\\ ]/.test(name))
    .filter((name) => statSync(path.join(repository, name)).size < 50_000);
  return [0.2, 0.5, 0.8].map((part) => all[Math.floor(all.length * part)]);
};

/** A folder for PATH with the stand-in `amp`, which makes these edits at every run. */
const fakeAmp = (world, files) => {
  const dir = world.folder(`${world.label}-amp`);
  const edits = files.map((name) => ({ edit: { path: name, append: 'one more line\n' } }));
  const actions = [{ say: 'I will change these files.' }, ...edits, { say: 'Changed the files as asked.' }];
  writeFileSync(path.join(dir, 'scenario.json'), JSON.stringify({ runs: [{ silenceMs: 0, actions }] }));
  writeFileSync(path.join(dir, 'package.json'), '{"name":"@ampcode/stand-in","version":"0.0.1"}');
  const program = path.join(dir, 'amp');
  const start = `process.env.FAKE_AMP_DIR = ${JSON.stringify(dir)};\nimport(${JSON.stringify(FAKE_AMP)});\n`;
  writeFileSync(program, `#!${process.execPath}\n${start}`);
  chmodSync(program, 0o755);
  return { ...world, env: { ...world.env, PATH: `${dir}${path.delimiter}${world.env.PATH}`, AMP_API_KEY: 'none' } };
};

/** A session and worktrees beside it: in each the same edit and commit by hand. */
const prepare = (world, repository, agent) => {
  const { id } = world.ask(repository, 'new', '--name', `task ${world.label} ${agent.slice(0, 7)}`, '-a', agent);
  const worktree = (name) => {
    const folder = path.join(world.dir, `${world.label}-${name}`);
    world.git(repository, 'worktree', 'add', '-q', '-b', `${world.label}-${name}`, folder);
    return folder;
  };
  return { session: id, worktree };
};

const measure = async ({ world, repository, rounds, agent, bare, prefix }) => {
  const { env } = world;
  const { session, worktree } = prepare(world, repository, agent);
  const shell = (cwd, line) => () => timeProgram('/bin/sh', ['-c', line], { cwd, env });
  const cases = {
    [`${bare.name}, git add && commit`]: shell(worktree(`${prefix}-plain`), `${bare.line} && ${COMMIT}`),
    [`iterate, ${bare.name}`]: () =>
      timeProgram(process.execPath, world.program('iterate', session, '-p', 'Do it', '-q'), { cwd: repository, env }),
    [`${bare.name}, git add && commit, core.fsync=all`]: shell(worktree(`${prefix}-sync`), `${bare.line} && ${SYNCED}`),
    'node -e 0': () => timeProgram(process.execPath, ['-e', '0'], { cwd: repository, env }),
  };
  return rows(await inTurn(rounds, cases));
};

const tablesFor = async (world, repository, { title, rounds, label }) => {
  const files = filesToEdit(world, repository);
  const line = `echo more >> ${files[0]}`;
  const place = { ...world, label };
  const simple = { name: 'an echo', line };
  const tables = [
    {
      name: 'iterate',
      title: `\`iterate\`, ${title}, agent: one line with echo`,
      rows: await measure({ world: place, repository, rounds, agent: `command:${line}`, bare: simple, prefix: 'echo' }),
    },
  ];
  if (!existsSync(FAKE_AMP) || process.platform === 'win32') return tables;
  const amp = { name: 'the agent', line: 'echo Do it | amp -x --stream-json --no-archive-after-execute > /dev/null' };
  tables.push({
    name: 'iterate',
    title: `\`iterate\`, ${title}, agent: the stand-in amp, three files edited`,
    rows: await measure({ world: fakeAmp(place, files), repository, rounds, agent: 'amp', bare: amp, prefix: 'amp' }),
  });
  return tables;
};

/** `iterate` as a whole process, against the same work done by a shell and committed with git. */
export const iterate = async (world) => {
  if (world.repo) return tablesFor(world, world.repo.path, { ...world.repo, label: 'repo' });
  const tables = [];
  for (const files of world.quick ? [50] : [50, 3000]) {
    const repository = makeRepository(world, `iterate-${files}`, files);
    const rounds = world.quick ? 5 : 15;
    const title = `${files.toLocaleString('en-US')} files`;
    tables.push(...(await tablesFor(world, repository, { title, rounds, label: `iterate-${files}` })));
  }
  return tables;
};
