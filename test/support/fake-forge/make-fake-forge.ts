import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { tempDir } from '../repo.ts';

export interface FakePull {
  url: string;
  repository: string;
  owner?: string;
  branch: string;
  base: string;
  title: string;
  body: string;
  draft?: boolean;
  state: 'OPEN' | 'MERGED' | 'opened';
}

export interface FakeWorld {
  loggedIn: string[];
  /** `owner/name` to the bare repository that stands for it. */
  repositories: Record<string, string>;
  pulls: FakePull[];
  /** What a verb fails with. */
  fails?: Record<string, string>;
}

export interface FakeCall {
  name: string;
  argv: string[];
  inRepository: boolean;
  git?: string;
}

/** `gh` and `glab` at the front of the PATH, with a world of their own. */
export const makeFakeForge = (over: Partial<FakeWorld> = {}, tools = ['gh', 'glab']) => {
  const dir = tempDir('amp-forge-');
  const bin = join(dir, 'bin');
  const file = join(dir, 'world.json');
  mkdirSync(bin);
  for (const tool of tools) {
    // Started by a shell, so that node takes it for a module whatever its name.
    copyFileSync(join(import.meta.dirname, 'fake-forge.mjs'), join(bin, `${tool}.mjs`));
    writeFileSync(join(bin, tool), `#!/bin/sh\nexec '${process.execPath}' '${join(bin, tool)}.mjs' "$@"\n`);
    chmodSync(join(bin, tool), 0o755);
  }
  const set = (world: Partial<FakeWorld>) => writeFileSync(file, JSON.stringify({ ...read(), ...world }));
  const read = (): FakeWorld =>
    existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { loggedIn: [], repositories: {}, pulls: [] };
  set(over);
  const calls = (): FakeCall[] =>
    existsSync(`${file}.calls`)
      ? readFileSync(`${file}.calls`, 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
      : [];
  const env = { FAKE_FORGE: file, PATH: `${bin}${delimiter}${process.env['PATH']}` };
  return { bin, env, set, read, calls };
};
