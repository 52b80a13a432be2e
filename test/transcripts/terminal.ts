import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect } from 'vitest';
import { PROGRAM } from '../support/cli.ts';
import { sh, tempDir } from '../support/repo.ts';

/** With this set, transcripts are written anew instead of compared. Read them before they are committed. */
const UPDATE = process.env['UPDATE_TRANSCRIPTS'] === '1';

/** Names for what differs from run to run, of the same length, in the order in which it is seen. */
const namer = (nameOf: (count: number) => string) => {
  const known = new Map<string, string>();
  return (found: string): string => {
    const key = found.slice(0, 7);
    if (!known.has(key)) known.set(key, nameOf(known.size + 1));
    return known.get(key)!.slice(0, found.length);
  };
};

const pad = (count: number, digits: number): string => String(count).padStart(digits, '0');

/** Commits of the same content made in the same second are one. */
const nextSecond = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000)));

/** Takes ids, times and paths out of what is shown. */
const normaliser = (home: string) => {
  const commit = namer((count) => `c${pad(count, 2)}c0de${'0'.repeat(57)}`);
  const ids = new Map<string, string>();
  const branches = new Map<string, string>();
  const session = (id: string): string => {
    if (!ids.has(id)) ids.set(id, `session${pad(ids.size + 1, 3)}`);
    return ids.get(id)!;
  };
  const branch = (stamp: string): string => {
    if (!branches.has(stamp)) branches.set(stamp, `20260101-${pad(branches.size + 1, 2)}0000`);
    return branches.get(stamp)!;
  };
  return (text: string): string => {
    for (const [, id] of text.matchAll(/(?:\.worktrees\/|^session |amp-sessions [a-z]+ )([a-z][a-z0-9]{9})\b/gm))
      session(id!);
    let plain = text.replaceAll(home, '~').replaceAll(/\b20\d{6}-\d{6}(-\d+)?\b/g, (stamp) => branch(stamp));
    for (const [id, name] of ids) plain = plain.replaceAll(id, name);
    return plain
      .replaceAll(/\bT-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'T-thread')
      .replaceAll(/\b(?!20260101-)[0-9a-f]{7,64}\b/g, commit)
      .replaceAll(/\b\d+(\.\d+)? ?m?s\b/g, '0.1s')
      .replaceAll(/ +0\.1s\b/g, ' 0.1s')
      .replaceAll(/\b(now|0\.1s ago|\d+m ago)\b/g, 'now')
      .replaceAll(/\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?/g, '2026-01-01 00:00')
      .replaceAll(/\b\d\d:\d\d:\d\d\b/g, '00:00:00');
  };
};

/**
 * A terminal of a person in a repository of theirs, `~/app`. What is typed is a line of shell in which `amp-sessions`
 * is the built program; what is shown are both streams, in their order, and the exit status where it is not 0.
 */
export const openTerminal = async (name: string, agent: string) => {
  const home = tempDir('amp-home-');
  const dir = join(home, 'app');
  const bin = join(home, 'bin');
  for (const folder of [dir, bin]) mkdirSync(folder);
  writeFileSync(join(bin, 'amp-sessions'), `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`, {
    mode: 0o755,
  });
  writeFileSync(join(home, 'agent.yaml'), agent);
  writeFileSync(join(home, '.gitconfig'), '[user]\n\tname = Ann\n\temail = ann@example.com\n');
  const env = { ...process.env, HOME: home, USERPROFILE: home, PATH: `${bin}${delimiter}${process.env['PATH']}` };
  const normal = normaliser(home);
  const shown: string[] = [];
  const quietly = async (line: string): Promise<string> => {
    const { stdout, stderr, exitCode } = await sh(dir, line, env);
    if (exitCode !== 0) throw new Error(`${line}: ${stderr}`);
    return stdout.trimEnd();
  };
  await quietly("git init -q -b main; printf 'one\\ntwo\\nthree\\n' > list.txt; git add -A; git commit -q -m 'A list'");
  return {
    dir,
    /** Without a trace. */
    quietly,
    /** A remark for the reader. */
    say: (text: string) => void shown.push(`# ${text}`),
    type: async (line: string): Promise<string> => {
      if (/amp-sessions (merge|rebase|squash) /.test(line)) await nextSecond();
      const { stdout, exitCode } = await sh(dir, `{ ${line}\n} 2>&1`, env);
      const status = exitCode === 0 ? [] : [`[exit ${exitCode}]`];
      shown.push([`$ ${line}`, ...(stdout === '' ? [] : [stdout.trimEnd()]), ...status, ''].join('\n'));
      return stdout;
    },
    /** Holds all that was shown against the transcript. */
    close: () => {
      const text = `${normal(shown.join('\n')).trimEnd()}\n`;
      const file = join(import.meta.dirname, `${name}.txt`);
      if (UPDATE) writeFileSync(file, text);
      expect(existsSync(file), `${file}; UPDATE_TRANSCRIPTS=1 writes it`).toBe(true);
      expect(text).toBe(readFileSync(file, 'utf8'));
    },
  };
};
