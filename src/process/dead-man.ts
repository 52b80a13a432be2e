import { spawn } from 'node:child_process';
import type { EngineCall } from './engine.ts';
import { RUN_MARKER } from './marker.ts';

/**
 * A tiny shell that reads from us: a process group first, then the word that all is well. When we die before that,
 * its input ends, and it kills the group and, where /proc shows environments, everybody with the marker; also when we
 * died so early that it never heard of a group. A process that is just becoming another one shows no environment, so it
 * looks again a second later. A container is nobody's group: its engine ends it, asked again for a while, as one may just
 * be made.
 */
const SCRIPT = `read -r group || group=
[ "$group" = none ] && exit 0
if [ -n "$group" ]; then
  read -r word && exit 0
  kill -s KILL -- "-$group"
fi
if [ -n "$2" ]; then
  for round in 1 2 3 4 5; do
    "$2" kill "$3" && ended=yes
    "$2" rm --force "$3"
    [ -z "$ended" ] || break
    sleep 1
  done
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

/** A container that dies with us, by its name, and how its engine is asked. */
export interface Guarded {
  call: EngineCall;
  name: string;
}

export const startDeadMan = (marker: string | undefined, container?: Guarded): DeadMan => {
  const words = [
    marker ? `${RUN_MARKER}=${marker}` : '',
    ...(container ? [container.call.program, container.name] : []),
  ];
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'dead-man', ...words], {
    env: container ? (container.call.env as NodeJS.ProcessEnv) : { PATH: '/usr/bin:/bin' },
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
