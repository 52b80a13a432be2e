#!/usr/bin/env node

// Starts the program out of dist/. Plain old syntax at the top: a Node that is too old must get as far as the message.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`✗ amp-sessions needs Node 20.19 or newer; this is Node ${process.versions.node}.\n`);
  process.exit(2);
}
const fs = require('node:fs');
const path = require('node:path');

const root = path.dirname(__dirname);
const dist = path.join(root, 'dist');
const word = process.argv[2];

if (word === '--version' || word === '-v') {
  const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  process.stdout.write(`amp-sessions/${version} ${process.platform}-${process.arch} node-${process.version}\n`);
} else {
  const load = loader(codeCache(buildId()));
  if (word === 'complete') load(path.join(dist, 'complete-main.js'));
  else load(path.join(dist, 'main.js')).go(process.argv.slice(2));
}

function buildId() {
  try {
    return JSON.parse(fs.readFileSync(path.join(dist, 'build.json'), 'utf8')).id;
  } catch {
    process.stderr.write(
      `✗ amp-sessions is not built: ${dist} is missing.\n  → Run \`npm run build\` in ${root}, or install the package again.\n`,
    );
    process.exit(70);
  }
}

/**
 * Loads files of dist/ as CommonJS, with compiled code out of the cache: Node's own loader costs twice the time, and its
 * compile cache misses every function compiled after the load.
 */
function loader(cache) {
  const vm = require('node:vm');
  const loaded = new Map();
  const importModuleDynamically = vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  return function load(filename) {
    let module = loaded.get(filename);
    if (module) return module.exports;
    const folder = path.dirname(filename);
    const local = (id) => {
      if (id[0] === '.') return load(path.join(folder, id));
      return id.startsWith(dist) ? load(id) : require(id);
    };
    local.resolve = require.resolve;
    local.cache = require.cache;
    local.main = require.main;
    module = { exports: {}, id: filename, filename, require: local, children: [], paths: [], loaded: false };
    loaded.set(filename, module);
    const source = `(function(exports,require,module,__filename,__dirname){${fs.readFileSync(filename, 'utf8')}\n})`;
    const name = path.relative(dist, filename);
    const script = new vm.Script(source, { filename, cachedData: cache.get(name), importModuleDynamically });
    cache.loaded(name, script);
    script.runInThisContext().call(module.exports, module.exports, local, module, filename, folder);
    module.loaded = true;
    return module.exports;
  };
}

/**
 * Compiled code of one command's run, in one file of the user's cache folder for each build and version of V8. It is
 * written after the run, when it holds the functions that were really used. Whatever goes wrong, the program runs.
 *
 *     4 bytes check sum · 4 bytes length of the list · list as JSON [[file, length]…] · the pieces, each at a multiple of 8
 */
function codeCache(build) {
  const none = { get() {}, loaded() {} };
  const home = cacheHome();
  if (!home || process.env.NODE_DISABLE_COMPILE_CACHE) return none;
  const generations = path.join(home, 'code');
  const folder = path.join(generations, `${build}-${process.versions.v8}-${process.arch}`);
  const topic = /^[a-z][a-z-]{0,30}$/.test(word || '') ? word : '_';
  const file = path.join(folder, topic);
  // V8 forgets code that has not run for a while: what loads a file runs once, and would be missing the next time. It
  // takes compiled code only from runs with the same flags.
  require('node:v8').setFlagsFromString('--no-flush-bytecode');
  const { pieces, intact } = readPieces(file);
  const scripts = new Map();
  let stale = !intact;
  process.on('exit', () => {
    // A mistyped command leaves no file behind.
    const known = topic === '_' || [...scripts.keys()].some((name) => /^(cmd[\\/]|complete)/.test(name));
    if (stale && known) writePieces(file, scripts, generations);
  });
  return {
    get: (name) => pieces.get(name),
    loaded(name, script) {
      scripts.set(name, script);
      if (script.cachedDataRejected !== false) stale = true;
    },
  };
}

/** The program's cache folder, as src/config/paths.ts has it. */
function cacheHome() {
  const { XDG_CACHE_HOME, LOCALAPPDATA, HOME } = process.env;
  if (process.platform === 'win32') return LOCALAPPDATA && path.join(LOCALAPPDATA, 'amp-sessions', 'cache');
  if (XDG_CACHE_HOME && path.isAbsolute(XDG_CACHE_HOME)) return path.join(XDG_CACHE_HOME, 'amp-sessions');
  return HOME && path.join(HOME, '.cache', 'amp-sessions');
}

/** V8 trusts the bytes it is given, damaged ones crash the process: two words of each sector show a lost one. */
function checkSum(bytes) {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  let sum = bytes.length | 0;
  for (let at = 1; at < words.length; at += 64) sum = (Math.imul(sum, 31) + words[at]) | 0;
  return sum;
}

function readPieces(file) {
  const pieces = new Map();
  try {
    const fd = fs.openSync(file, 'r');
    try {
      const { uid, mode, size } = fs.fstatSync(fd);
      // Somebody else's file is somebody else's code.
      const foreign = process.getuid && (uid !== process.getuid() || (mode & 0o022) !== 0);
      const bytes = Buffer.allocUnsafeSlow(size);
      if (foreign || size < 8 || fs.readSync(fd, bytes, 0, size, 0) !== size) return { pieces, intact: false };
      if (bytes.readInt32LE(0) !== checkSum(bytes)) return { pieces, intact: false };
      let at = 8 + bytes.readUInt32LE(4);
      for (const [name, length] of JSON.parse(bytes.toString('utf8', 8, at))) {
        at = (at + 7) & ~7;
        pieces.set(name, bytes.subarray(at, at + length));
        at += length;
      }
      return { pieces, intact: true };
    } finally {
      fs.closeSync(fd);
    }
  } catch {
    return { pieces: new Map(), intact: false };
  }
}

function writePieces(file, scripts, generations) {
  const temporary = `${file}.${process.pid}`;
  try {
    const pieces = [...scripts].map(([name, script]) => [name, script.createCachedData()]);
    const list = Buffer.from(JSON.stringify(pieces.map(([name, data]) => [name, data.length])));
    const parts = [Buffer.alloc(8), list];
    let size = 8 + list.length;
    for (const [, data] of pieces) {
      const gap = -size & 7;
      parts.push(Buffer.alloc(gap), data);
      size += gap + data.length;
    }
    const bytes = Buffer.concat([...parts, Buffer.alloc(-size & 7)]);
    bytes.writeUInt32LE(list.length, 4);
    bytes.writeInt32LE(checkSum(bytes), 0);
    const folder = path.dirname(file);
    if (fs.mkdirSync(folder, { recursive: true, mode: 0o700 })) forgetOldBuilds(generations, folder);
    fs.writeFileSync(temporary, bytes, { mode: 0o600, flush: true });
    fs.renameSync(temporary, file);
  } catch {
    forget(temporary);
  }
}

function forget(file) {
  try {
    fs.rmSync(file, { recursive: true, force: true });
  } catch {
    // Then it stays.
  }
}

/** Keeps the newest build and three others. */
function forgetOldBuilds(generations, newest) {
  const others = fs.readdirSync(generations).map((name) => path.join(generations, name));
  const byAge = others.filter((folder) => folder !== newest).map((folder) => [fs.statSync(folder).mtimeMs, folder]);
  byAge.sort(([a], [b]) => b - a);
  for (const [, folder] of byAge.slice(3)) forget(folder);
}
