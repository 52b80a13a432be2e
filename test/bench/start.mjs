import { inTurn, rows, timeProgram } from './measure.mjs';
import { makeRepository } from './world.mjs';

/** Whole processes, the program's code cache warm, as it is from the second start on. */
export const start = async (world) => {
  const { env } = world;
  const cwd = makeRepository(world, 'start', 10);
  const run = (...args) => timeProgram(process.execPath, args, { cwd, env });
  const ours = (...args) => run(...world.program(...args));
  const cases = {
    'node -e 0': () => run('-e', '0'),
    '--version': () => ours('--version'),
    '--help': () => ours('--help'),
    'config get agent': () => ours('config', 'get', 'agent'),
    'list, no session': () => ours('list'),
    'git --version': () => timeProgram('git', ['--version'], { cwd, env }),
  };
  for (const warm of Object.values(cases)) warm();
  const samples = await inTurn(world.quick ? 10 : 40, cases);
  const limits = { '--version': { limit: { ratio: 2 } } };
  return [{ name: 'start', title: 'Start-up, whole processes', rows: rows(samples, limits) }];
};
