import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exec, tempDir } from './repo.ts';

/** Every way a process may leave its parent. `scrubbed` also throws away its environment. */
export const KINDS = ['background', 'nohup', 'setsid', 'double-fork', 'scrubbed'] as const;
export type Kind = (typeof KINDS)[number];

const LAUNCH: Record<Kind, string> = {
  background: '"$dir/stay.sh" background "$dir" >/dev/null 2>&1 &',
  nohup: 'nohup "$dir/stay.sh" nohup "$dir" >/dev/null 2>&1 &',
  setsid: 'setsid "$dir/stay.sh" setsid "$dir" >/dev/null 2>&1 &',
  'double-fork': '( setsid "$dir/stay.sh" double-fork "$dir" >/dev/null 2>&1 & ) &',
  scrubbed: '( env -i PATH="$PATH" setsid "$dir/stay.sh" scrubbed "$dir" >/dev/null 2>&1 & ) &',
};

const STAY = `#!/bin/sh
trap '' INT TERM HUP
echo here > "$2/$1.started"
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do sleep 1; done
`;

export interface Brood {
  /** A shell command that starts the descendants, waits until each runs, and then does `after`. */
  command(after: string): string;
  /** Kinds of which a process is alive, by the command line that names our folder. */
  alive(): Promise<string[]>;
  /** Waits until all have started. */
  started(): Promise<void>;
  /** Ends what is left, for tests that leave some on purpose. */
  clear(): Promise<void>;
}

const until = async (isTrue: () => boolean): Promise<void> => {
  for (let i = 0; i < 1000 && !isTrue(); i++) await sleep(10);
};

/** Prepares descendants that live half a minute and ignore every signal that can be ignored. POSIX. */
export const makeBrood = (kinds: readonly Kind[]): Brood => {
  const dir = tempDir('amp-brood-');
  writeFileSync(path.join(dir, 'stay.sh'), STAY);
  chmodSync(path.join(dir, 'stay.sh'), 0o755);
  const markers = kinds.map((kind) => path.join(dir, `${kind}.started`));
  const hasStarted = () => markers.every((file) => existsSync(file) && readFileSync(file).length > 0);
  const processes = async () => {
    const { stdout } = await exec('/', 'ps', ['-A', '-o', 'pid=,stat=,args=']);
    return stdout.split('\n').flatMap((line) => {
      const found = new RegExp(`^\\s*(\\d+)\\s+[^Z]\\S*\\s.*${dir}/stay\\.sh ([a-z-]+) `).exec(line);
      return found ? [{ pid: Number(found[1]), kind: found[2]! }] : [];
    });
  };
  return {
    command: (after) => {
      const wait = markers.map((file) => `until [ -s '${file}' ]; do sleep 0.02; done`).join('; ');
      return [`dir='${dir}'`, ...kinds.map((kind) => LAUNCH[kind]), wait, after].join('\n');
    },
    alive: async () => [...new Set((await processes()).map(({ kind }) => kind))],
    started: () => until(hasStarted),
    clear: async () => {
      for (const { pid } of await processes()) process.kill(pid, 'SIGKILL');
    },
  };
};
