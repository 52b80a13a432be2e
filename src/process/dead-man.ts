import { spawn } from 'node:child_process';
import { RUN_MARKER } from './marker.ts';

/**
 * A tiny shell that reads from us: a process group first, then the word that all is well. When we die before that,
 * its input ends, and it kills the group and, where /proc shows environments, everybody with the marker; also when we
 * died so early that it never heard of a group. A process that is just becoming another one shows no environment, so it
 * looks again a second later.
 */
const SCRIPT = `read -r group || group=
[ "$group" = none ] && exit 0
if [ -n "$group" ]; then
  read -r word && exit 0
  kill -KILL -- "-$group"
fi
[ -n "$1" ] || exit 0
for round in 1 2 3 4 5 last; do
  [ "$round" = last ] && sleep 1
  for file in $(grep -lsa "$1" /proc/[0-9]*/environ); do
    pid=\${file#/proc/}
    kill -KILL "\${pid%/environ}"
  done
done`;

export interface DeadMan {
  /** From now on our death is the death of this group. */
  guard(group: number): void;
  /** All is well: it goes without doing anything. */
  dismiss(): void;
}

export const startDeadMan = (marker: string | undefined): DeadMan => {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'dead-man', marker ? `${RUN_MARKER}=${marker}` : ''], {
    env: { PATH: '/usr/bin:/bin' },
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  shell.unref();
  (shell.stdin as unknown as { unref(): void }).unref();
  let isGuarding = false;
  return {
    guard: (group) => {
      isGuarding = true;
      shell.stdin.write(`${group}\n`);
    },
    dismiss: () => void shell.stdin.end(isGuarding ? 'done\n' : 'none\n'),
  };
};
