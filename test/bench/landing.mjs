import { execFileSync } from 'node:child_process';
import { inTurn, rows, timeProgram } from './measure.mjs';
import { makeRepository } from './world.mjs';

const APPEND = 'cat > /dev/null; echo "line $AMP_SESSIONS_ITERATION" >> agent.txt; echo Added a line.';

/** What all of these need: shell and program as timed cases, and a session of so many iterations. */
const inRepository = (world, repository) => {
  const { env } = world;
  const shell = (cwd, line) => () => timeProgram('/bin/sh', ['-c', line], { cwd, env });
  const ours = (...args) => timeProgram(process.execPath, world.program(...args, '-q'), { cwd: repository, env });
  const session = (name, iterations) => {
    const made = world.ask(repository, 'new', '--name', name, '-p', 'Add lines', '-a', `command:${APPEND}`);
    for (let n = 0; n < iterations; n++) ours('iterate', made.id);
    return made;
  };
  /** The session's commits once more, on a branch of a plain worktree, for git alone. */
  const twin = (made, name) => {
    const folder = `${world.folder('twins')}/${name}`;
    world.git(repository, 'worktree', 'add', '-q', '-b', name, folder, made.branch);
    const tip = world.git(folder, 'rev-parse', 'HEAD');
    return { folder, back: () => world.git(folder, 'reset', '-q', '--hard', tip) };
  };
  return { shell, ours, session, twin };
};

const number = (count) => count.toLocaleString('en-US');

const squash = async (world, rounds) => {
  const iterations = world.quick ? 20 : 100;
  const repository = makeRepository(world, 'landing-squash', 50);
  const { shell, ours, session, twin } = inRepository(world, repository);
  const made = session('squash', iterations);
  const bare = twin(made, 'bare-squash');
  const line = 'git reset -q --soft $(git merge-base main HEAD) && git commit -q -m squashed';
  const samples = await inTurn(rounds, {
    'git reset --soft && git commit': { run: shell(bare.folder, line), after: bare.back },
    squash: { run: () => ours('squash', made.id), after: () => ours('undo', made.id) },
    'undo of it': { before: () => ours('squash', made.id), run: () => ours('undo', made.id) },
    'node -e 0': shell(repository, 'node -e 0'),
  });
  return { name: 'landing', title: `\`squash\` of ${number(iterations)} iterations`, rows: rows(samples) };
};

/** So many commits on main, each with a file of its own among a hundred. */
const moveUpstream = (world, repository, commits) => {
  let stream = '';
  for (let n = 0; n < commits; n++) {
    const text = `upstream ${n}\n`;
    const from = n === 0 ? 'from refs/heads/main^0\n' : '';
    stream += `commit refs/heads/main\ncommitter Bench <bench@example.com> ${1_700_000_000 + n} +0000\ndata ${text.length}\n${text}\n`;
    stream += `${from}M 100644 inline up/${n % 100}.txt\ndata ${text.length}\n${text}\n`;
  }
  execFileSync('git', ['fast-import', '--quiet'], { cwd: repository, env: world.env, input: stream });
  world.git(repository, 'reset', '-q', '--hard', 'main');
};

const rebase = async (world, rounds) => {
  const [upstream, own] = world.quick ? [100, 3] : [1000, 10];
  const repository = makeRepository(world, 'landing-rebase', 50);
  const { shell, ours, session, twin } = inRepository(world, repository);
  const made = session('rebase', own);
  const bare = twin(made, 'bare-rebase');
  moveUpstream(world, repository, upstream);
  const samples = await inTurn(rounds, {
    'git rebase main': { run: shell(bare.folder, 'git rebase -q main'), after: bare.back },
    rebase: { run: () => ours('rebase', made.id), after: () => ours('undo', made.id) },
    'node -e 0': shell(repository, 'node -e 0'),
  });
  const title = `\`rebase\` of ${own} commits over ${number(upstream)} upstream ones`;
  return { name: 'landing', title, rows: rows(samples) };
};

const preflight = async (world, rounds) => {
  const files = world.quick ? 3000 : 50_000;
  const repository = makeRepository(world, 'landing-preflight', files);
  const { shell, ours, session } = inRepository(world, repository);
  const made = session('preflight', 2);
  moveUpstream(world, repository, 10);
  const samples = await inTurn(rounds, {
    'git merge-tree --write-tree': shell(repository, `git merge-tree --write-tree main ${made.branch}`),
    'git status': shell(repository, 'git status'),
    'git status, in both checkouts': shell(repository, `git status; git -C '${made.worktree}' status`),
    preflight: () => ours('preflight', made.id),
    'node -e 0': shell(repository, 'node -e 0'),
  });
  const lines = rows(samples).concat(
    rows({
      'git status, in both checkouts': samples['git status, in both checkouts'],
      preflight: samples.preflight,
    })[1],
  );
  return { name: 'landing', title: `\`preflight\`, ${number(files)} files`, rows: lines };
};

const merge = async (world, rounds, files) => {
  const repository = makeRepository(world, `landing-merge-${files}`, files);
  const { shell, ours, session } = inRepository(world, repository);
  const made = session('merge', 2);
  const folder = `${world.folder('twins')}/ff-${files}`;
  world.git(repository, 'worktree', 'add', '-q', '-b', 'bare-merge', folder, 'main');
  const base = world.git(repository, 'rev-parse', 'main');
  const back = () => world.git(folder, 'reset', '-q', '--hard', base);
  const samples = await inTurn(rounds, {
    'git merge --ff-only': { run: shell(folder, `git merge -q --ff-only ${made.branch}`), after: back },
    merge: { run: () => ours('merge', made.id), after: () => ours('undo', made.id) },
    'undo of it': { before: () => ours('merge', made.id), run: () => ours('undo', made.id) },
    'node -e 0': shell(repository, 'node -e 0'),
  });
  return { name: 'landing', title: `\`merge\` of 2 commits, ${number(files)} files`, rows: rows(samples) };
};

/** The verbs that land a session, as whole processes, against what git does in the same place. */
export const landing = async (world) => {
  const rounds = world.quick ? 3 : 10;
  return [
    await squash(world, rounds),
    await rebase(world, rounds),
    await preflight(world, rounds),
    await merge(world, rounds, 50),
    await merge(world, rounds, world.quick ? 3000 : 50_000),
  ];
};
