/**
 * oclif starts in 30 ms when everything it could ever need is loaded first. Here, at build time and never in
 * node_modules: what this program does not use becomes a stub, the rest is required when it is first touched.
 * Figures: `npm run bench`. Every patch that finds nothing to patch fails the build.
 */
const CORE = '@oclif/core/lib/';

/** Packages of oclif that only serve plugins on disk, TypeScript at run time, spinners and debug logs. */
const UNUSED_PACKAGES = ['minimatch', 'tinyglobby', 'lilconfig', 'get-package-type', 'cli-spinners', 'wsl-utils'];

const unused = (name) => `
module.exports = new Proxy({}, {
  get: (_, key) => { if (key === '__esModule') return false; throw new Error(${JSON.stringify(`${name} is not part of this build`)}); },
});`;

/** Templates in help texts: \`<%= config.bin %>\` and the like, a path of names and nothing else. */
const EJS = `
const look = (data, path) => path.split('.').reduce((value, key) => value?.[key], data);
exports.render = (text, data) => text.replace(/<%[-=]\\s*([\\w.]+)\\s*%>/g, (_, path) => String(look(data, path) ?? ''));
`;

const NO_DEBUG = `
const silent = () => {};
const logger = { child: () => logger, debug: silent, error: silent, info: silent, namespace: 'oclif', trace: silent, warn: silent };
exports.getLogger = () => logger;
exports.makeDebug = () => silent;
exports.setLogger = silent;
exports.clearLoggers = silent;
`;

const NO_PERFORMANCE = `
exports.OCLIF_MARKER_OWNER = '@oclif/core';
exports.Performance = { mark: () => undefined, collect: async () => {}, debug: () => {}, enabled: false };
`;

/** oclif asks PowerShell who its parent is, at every start on Windows. */
const OS = `
const os = require('node:os');
exports.getHomeDir = () => os.homedir();
exports.getPlatform = async () => process.platform;
exports.getShell = async () => (process.env.SHELL || (process.platform === 'win32' ? 'powershell' : 'unknown')).split('/').pop();
`;

/** Commands come out of dist/main.js, which is CommonJS. */
const MODULE_LOADER = `
exports.load = async (config, file) => require(file);
exports.loadWithData = async (config, file) => ({ filePath: file, isESM: false, module: require(file) });
exports.isPathModule = () => false;
`;

const STUBS = {
  'logger.js': NO_DEBUG,
  'performance.js': NO_PERFORMANCE,
  'util/os.js': OS,
  'module-loader.js': MODULE_LOADER,
  'config/ts-path.js': `exports.TS_CONFIGS = {}; exports.tsPath = async (root, target) => require('node:path').join(root, target);`,
  'util/find-root.js': `exports.findRoot = async (name, root) => root;`,
  'ux/action/spinner.js': `exports.default = class { start() {} stop() {} };`,
  'ux/action/simple.js': `exports.default = class { start() {} stop() {} };`,
};

/** oclif's plugins import the whole of the core; these are the parts they use. */
const PLUGINS = '@oclif/plugin-';
const IN_PLUGINS = {
  '@oclif/core': `
export { Command } from '@oclif/core/command';
export * as Args from '@oclif/core/args';
export * as Flags from '@oclif/core/flags';
export { ux } from '@oclif/core/ux';`,
  debug: 'export default () => () => {};',
};

const PATCHES = {
  // process.stdout is made when something is printed; \`src/cli/print.ts\` minds EPIPE.
  'command.js': [["process.stdout.on('error', (err) => {", '((_) => {})((err) => {']],
  // An absent argument is absent: it is not waited for on stdin.
  'parser/parse.js': [['const readStdin = async () => {', 'const readStdin = async () => {\n    return null;']],
  // One small file, the manifest: node:fs/promises costs more than reading it.
  'util/fs.js': [['await (0, promises_1.readFile)(', '(0, node_fs_1.readFileSync)(']],
  'config/plugin.js': [
    // The first localeCompare loads ICU: 6 to 10 ms.
    ['a.id.localeCompare(b.id)', '(a.id < b.id ? -1 : 1)'],
    // The manifest of this very build, not the one that was committed.
    ['}oclif.manifest.json`', '}dist/oclif.manifest.json`'],
  ],
};

const REQUIRE = /^(?:const|var) (\w+_\d+) = (__importDefault\()?require\((["'][^"']+["'])\)\)?;$/gm;

/** `const x_1 = require("y")` becomes a function that requires at the first use; TypeScript's output makes that easy. */
const lazily = (code) => {
  const names = [];
  const head = code.replace(REQUIRE, (_, name, wrap, spec) => {
    names.push(name);
    return `let $${name}; const lazy_${name} = () => ($${name} ??= ${wrap ?? ''}require(${spec})${wrap ? ')' : ''});`;
  });
  if (names.length === 0) return code;
  const any = names.join('|');
  return head
    .replace(new RegExp(`\\bnew (${any})((?:\\.\\w+)+)\\(`, 'g'), 'new (lazy_$1()$2)(')
    .replace(new RegExp(`(?<![\\w$])(${any})(?=[.)\\]])`, 'g'), 'lazy_$1()');
};

const patched = (name, code) => {
  let text = code;
  for (const [from, to] of PATCHES[name] ?? []) {
    if (!text.includes(from))
      throw new Error(`@oclif/core has changed: ${name} holds no ${from}. Look at scripts/build/slim-oclif.mjs.`);
    text = text.replaceAll(from, to);
  }
  return text;
};

export const slimOclif = () => {
  const found = new Set();
  return {
    name: 'slim-oclif',
    resolveId(id, importer) {
      const from = importer?.replaceAll('\\', '/') ?? '';
      if (from.includes(PLUGINS) && IN_PLUGINS[id]) return `\0plugin:${id}`;
      if (!from.includes(CORE)) return null;
      if (id === 'ejs') return '\0stub:ejs';
      return UNUSED_PACKAGES.includes(id) ? `\0stub:${id}` : null;
    },
    load(id) {
      if (id.startsWith('\0plugin:')) return { code: IN_PLUGINS[id.slice(8)], moduleType: 'js' };
      if (id === '\0stub:ejs') return { code: EJS, moduleType: 'js' };
      if (id.startsWith('\0stub:')) return { code: unused(id.slice(6)), moduleType: 'js' };
      const name = nameInCore(id);
      if (name === undefined || STUBS[name] === undefined) return null;
      found.add(name);
      return { code: `exports.__esModule = true;${STUBS[name]}`, moduleType: 'js' };
    },
    transform(code, id) {
      const name = nameInCore(id);
      if (name === undefined || STUBS[name] !== undefined) return null;
      if (PATCHES[name]) found.add(name);
      return { code: lazily(patched(name, code)) };
    },
    buildEnd() {
      const lost = [...Object.keys(STUBS), ...Object.keys(PATCHES)].filter((name) => !found.has(name));
      if (lost.length > 0)
        throw new Error(`@oclif/core has changed: no ${lost.join(', ')}. Look at scripts/build/slim-oclif.mjs.`);
    },
  };
};

const nameInCore = (id) => {
  const normal = id.replaceAll('\\', '/');
  const at = normal.lastIndexOf(CORE);
  return at < 0 ? undefined : normal.slice(at + CORE.length);
};
