import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../errors.ts';
import type { Environment } from './agent-env.ts';
import { findProgram } from './find-program.ts';
import { asObject, asString, parseJson } from './json.ts';

export interface AmpSearch {
  /** The configured program: a path, relative to the repository, or a name on the PATH. */
  configured: string | undefined;
  env: Environment;
  /** Top of the repository: no program inside it is run. */
  root: string;
}

const INSTALL = 'Install it with `npm install -g @ampcode/cli`, or set agents.amp.path in your configuration.';
const REINSTALL = 'Install it again with `npm install -g @ampcode/cli`, with install scripts allowed.';

const isFile = (file: string): boolean => statSync(file, { throwIfNoEntry: false })?.isFile() === true;

/** npm's fallback starts the real program and keeps signals from it: look past it. */
const nativeOf = (file: string): string => {
  if (path.basename(file) !== 'cli-wrapper.cjs') return file;
  const platform = `cli-${process.platform}-${process.arch}`;
  const name = process.platform === 'win32' ? 'amp.exe' : 'amp';
  const places = [
    path.join(path.dirname(file), '..', platform, name),
    path.join(path.dirname(file), 'node_modules', '@ampcode', platform, name),
  ];
  return places.find(isFile) ?? file;
};

const missing = (what: string, refused: string[] = []): AppError => {
  const where = refused.length > 0 ? ` (${refused[0]} is inside the repository, and nothing in there is run)` : '';
  return new AppError('agent.missing', `${what}${where}.`, { hint: INSTALL });
};

/**
 * The Amp program to start.
 * @throws AppError `agent.missing`
 */
export const findAmp = ({ configured, env, root }: AmpSearch): string => {
  if (configured !== undefined && /[\\/]/.test(configured)) {
    const file = path.resolve(root, configured);
    if (!isFile(file)) throw missing(`There is no Amp program at ${file}`);
    return nativeOf(file);
  }
  const name = configured ?? 'amp';
  const { file, refused } = findProgram(name, { path: env['PATH'] ?? env['Path'] ?? '', refused: [root] });
  if (file === undefined) throw missing(`No program \`${name}\` was found on the PATH`, refused);
  return nativeOf(file);
};

/** Start of a file, as latin1. */
const head = (file: string, bytes: number): string => {
  const fd = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(bytes);
    return buffer.subarray(0, readSync(fd, buffer, 0, bytes, 0)).toString('latin1');
  } finally {
    closeSync(fd);
  }
};

/**
 * npm leaves a text of 141 bytes where the program should be when install scripts were not allowed.
 * @throws AppError `agent.stub`
 */
export const refuseStub = (file: string): void => {
  if (statSync(file).size > 4096 || !/native binary not installed/i.test(head(file, 4096))) return;
  throw stubError(file);
};

export const stubError = (file: string): AppError =>
  new AppError('agent.stub', `${file} is only a stand-in that npm left: Amp's own program was never installed.`, {
    hint: REINSTALL,
  });

/** The version that npm's package beside the program names; undefined when it was installed in another way. */
export const packagedVersion = (file: string): string | undefined => {
  for (const dir of [path.dirname(file), path.dirname(path.dirname(file))])
    try {
      const manifest = asObject(parseJson(readFileSync(path.join(dir, 'package.json'), 'utf8')));
      if (asString(manifest?.['name'])?.startsWith('@ampcode/')) return asString(manifest?.['version']);
    } catch {
      // No package there.
    }
  return undefined;
};
