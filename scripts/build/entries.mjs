import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const typescriptFiles = (dir) =>
  existsSync(dir)
    ? readdirSync(dir, { recursive: true })
        .map((name) => name.replaceAll('\\', '/'))
        .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
        .sort()
    : [];

/**
 * Every command by its id: `commands/config/get.ts` is `config:get`, `commands/config/index.ts` is `config`.
 * @returns {{ id: string, file: string }[]}
 */
export const commandFiles = (root) =>
  typescriptFiles(path.join(root, 'commands')).map((name) => ({
    id: name
      .replace(/\.ts$/, '')
      .replace(/\/index$/, '')
      .replaceAll('/', ':'),
    file: path.join(root, 'commands', name),
  }));

/** File of a command inside `dist/`. */
export const commandChunk = (id) => `cmd/${id.replaceAll(':', '-')}`;

/** Programs of their own (`src/agents/scripted-main.ts` becomes `dist/agents/scripted-main.js`). */
const programs = (root) =>
  typescriptFiles(path.join(root, 'src'))
    .filter((name) => name.endsWith('-main.ts'))
    .map((name) => [name.replace(/\.ts$/, ''), path.join(root, 'src', name)]);

export const MAIN = '\0main';

export const entries = (root) => ({
  main: MAIN,
  help: path.join(root, 'src/cli/help.ts'),
  ...Object.fromEntries(commandFiles(root).map(({ id, file }) => [commandChunk(id), file])),
  ...Object.fromEntries(programs(root)),
});

/** What the program needs to know of its package.json, so that it is not read at every start. */
const pjson = (root) => {
  const { name, version, description, bin, engines, oclif } = JSON.parse(
    readFileSync(path.join(root, 'package.json'), 'utf8'),
  );
  return { name, version, description, bin, engines, oclif };
};

/** Source of `dist/main.js`: the commands as lazy getters, so that only the one asked for is loaded. */
export const mainSource = (root) => {
  const getters = commandFiles(root).map(
    ({ id }) =>
      `lazy(${JSON.stringify(id)}, () => module.require(${JSON.stringify(`./${commandChunk(id)}.js`)}).default);`,
  );
  return `
import { start } from ${JSON.stringify(path.join(root, 'src/cli/main.ts'))};
export const COMMANDS = {};
const lazy = (id, get) => Object.defineProperty(COMMANDS, id, { enumerable: true, get });
${getters.join('\n')}
const program = { root: require('node:path').dirname(__dirname), commands: COMMANDS, pjson: ${JSON.stringify(pjson(root))} };
export const go = (argv) => start(argv, program);
`;
};
