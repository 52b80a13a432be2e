import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { mergeSession } from '../../../src/workflows/landing/merge.ts';
import { git, sh, tempDir } from '../../support/repo.ts';
import { makeWorld } from './world.ts';

const PATH = process.env['PATH'];
afterEach(() => {
  process.env['PATH'] = PATH;
});

/** A git that lets a person stage something in the very moment when main has moved and its checkout has not. */
const stagingGit = async (dir: string, file: string): Promise<string> => {
  const bin = tempDir();
  const real = (await sh(dir, 'command -v git')).stdout.trim();
  const done = join(bin, 'done');
  const lines = [
    '#!/bin/sh',
    `'${real}' "$@"; code=$?`,
    `case " $* " in *" update-ref "*)`,
    `  if [ ! -e '${done}' ] && [ "$('${real}' -C '${dir}' rev-parse main)" != '${await git(dir, 'rev-parse', 'main')}' ]; then`,
    `    touch '${done}'; echo mine > '${dir}/${file}'`,
    `    env -i PATH=/usr/bin:/bin '${real}' -C '${dir}' add '${file}'`,
    '  fi;; esac',
    'exit $code',
  ];
  writeFileSync(join(bin, 'git'), lines.join('\n'));
  chmodSync(join(bin, 'git'), 0o755);
  process.env['PATH'] = `${bin}:${PATH}`;
  return done;
};

it('what a person stages while main moves stays, and main goes back: to commit it takes nothing from anybody', async () => {
  const w = await makeWorld({ line: 'command:cat > /dev/null; echo agent > a.txt' });
  await w.upstream('a.txt', 'upstream\n');
  await git(w.worktree, 'merge', '-q', 'main');
  await w.iterate();
  const before = await w.rev('main');
  const done = await stagingGit(w.dir, 'a.txt');
  const merging = mergeSession(w.ctx, w.which, { squash: true, noFf: false, skipTests: false, dryRun: false });
  await expect(merging).rejects.toMatchObject({ code: 'worktree.blocked', message: expect.stringContaining('a.txt') });
  expect(existsSync(done)).toBe(true);
  expect(await w.rev('main')).toBe(before);
  expect(await git(w.dir, 'status', '--porcelain')).toBe('M  a.txt');
  expect(await git(w.dir, 'show', ':a.txt')).toBe('mine');
  expect((await w.session()).openOperation).toBeNull();
});
