import { inTurn, rows, timeProgram } from './measure.mjs';
import { makeRepository } from './world.mjs';

const AGENT = 'command:true';

/** One repository: `new` with all it records, against the worktree alone. */
const measure = async (world, repository, rounds) => {
  const { env, git } = world;
  const cwd = repository;
  const sessions = [];
  const bare = (round) => [`../${world.label}-bare-${round}`, `bare-${round}`];
  const cases = {
    'git worktree add -b': {
      run: (round) => {
        const [folder, branch] = bare(round);
        return timeProgram('git', ['worktree', 'add', '-q', '-b', branch, folder], { cwd, env });
      },
      after: (round) => {
        const [folder, branch] = bare(round);
        git(cwd, 'worktree', 'remove', '--force', folder);
        git(cwd, 'branch', '-q', '-D', branch);
      },
    },
    new: {
      run: (round) => {
        const name = `task ${round}`;
        sessions.push(name);
        return timeProgram(process.execPath, world.program('new', '--name', name, '-a', AGENT, '-q'), { cwd, env });
      },
      after: () => world.ask(cwd, 'rm', sessions.pop()),
    },
    'node -e 0': () => timeProgram(process.execPath, ['-e', '0'], { cwd, env }),
  };
  return rows(await inTurn(rounds, cases));
};

export const newSession = async (world) => {
  const tables = [];
  const sizes = world.quick ? [50] : [50, 3000];
  for (const files of world.repo ? [] : sizes) {
    const repository = makeRepository(world, `new-${files}`, files);
    const title = `\`new\`, ${files.toLocaleString('en-US')} files`;
    tables.push({
      name: 'new',
      title,
      rows: await measure({ ...world, label: files }, repository, world.quick ? 5 : 15),
    });
  }
  if (world.repo) {
    const { path, title, rounds } = world.repo;
    tables.push({
      name: 'new',
      title: `\`new\`, ${title}`,
      rows: await measure({ ...world, label: 'repo' }, path, rounds),
    });
  }
  return tables;
};
