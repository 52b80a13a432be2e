import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from '../repo.ts';

export interface FakeEngine {
  /** Folder with the program, to be put before the PATH. */
  bin: string;
  program: string;
  /** How its program was called. */
  calls(): string[][];
  /** Names of the containers that it keeps on record. */
  containers(): string[];
  /** Changes how it behaves from now on. */
  set(state: EngineState): void;
  /** A container that is on record and does not run, as after a start of the machine. */
  leave(name: string, label: string): void;
}

export interface EngineState {
  images?: Record<string, { id: string; env: string[] }>;
  trouble?: 'stopped' | 'forbidden' | 'broken';
  /** What `run` fails with. */
  fails?: string;
  /** What `run` says before the container is up. */
  noise?: string;
  /** What `run` exits with, whatever the container says. */
  exits?: number;
  /** Further security options of a Docker. */
  security?: string[];
  rootless?: boolean;
}

export const IMAGE = 'tools:1';
export const IMAGE_ID = `sha256:${'c0ffee'.repeat(10)}feed`;

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** A strict stand-in for an engine, by its own program in a folder of its own; it has the image `tools:1`. */
export const makeFakeEngine = (kind: 'docker' | 'podman' = 'docker', first: EngineState = {}): FakeEngine => {
  const dir = tempDir('amp-engine-');
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  mkdirSync(join(dir, 'containers'));
  const program = join(bin, kind);
  const entry = join(import.meta.dirname, 'engine.mjs');
  const line = [process.execPath, entry, kind, dir].map(quoted).join(' ');
  writeFileSync(program, `#!/bin/sh\nexec ${line} "$@"\n`);
  chmodSync(program, 0o755);
  const images = { [IMAGE]: { id: IMAGE_ID, env: ['PATH=/usr/local/bin:/usr/bin:/bin', 'TOOL_HOME=/usr/share/tool'] } };
  const set = (state: EngineState): void =>
    writeFileSync(join(dir, 'state.json'), JSON.stringify({ images, ...state }));
  set(first);
  const calls = join(dir, 'calls.ndjson');
  return {
    bin,
    program,
    calls: () =>
      existsSync(calls)
        ? readFileSync(calls, 'utf8')
            .trim()
            .split('\n')
            .map((one) => JSON.parse(one))
        : [],
    containers: () => readdirSync(join(dir, 'containers')).map((name) => name.replace(/\.json$/, '')),
    set,
    leave: (name, label) =>
      writeFileSync(
        join(dir, 'containers', `${name}.json`),
        JSON.stringify({ id: name.replaceAll('-', ''), name, labels: [label], state: 'exited', holder: 0 }),
      ),
  };
};
