import { spawn } from 'node:child_process';

/** A child that is asked and answers for as long as it is wanted. It ends when we do: its input ends then. */
export interface Dialogue {
  write(text: string): void;
  /** While it is not held, it does not keep our program from ending. It is held at first. */
  hold(isNeeded: boolean): void;
  /** Ends its input; what it still says is heard. */
  end(): void;
}

export interface DialogueOptions {
  command: string;
  args: string[];
  cwd: string;
  /** The whole environment: nothing is inherited. */
  env: Record<string, string>;
}

export interface Listener {
  onOutput(chunk: Buffer): void;
  /** It is gone, or never came to be, or takes no more questions; may be called more than once. */
  onEnd(): void;
}

interface Handle {
  ref(): void;
  unref(): void;
}

/** In a session of its own, so that a Ctrl-C at the terminal does not reach it. What it says on stderr is dropped. */
export const startDialogue = ({ command, args, cwd, env }: DialogueOptions, listener: Listener): Dialogue => {
  const child = spawn(command, args, { cwd, env, detached: process.platform !== 'win32', windowsHide: true });
  const { stdin, stdout, stderr } = child;
  stdout.on('data', (chunk: Buffer) => listener.onOutput(chunk));
  stderr.resume();
  const onEnd = (): void => listener.onEnd();
  stdin.on('error', onEnd);
  child.on('error', onEnd);
  child.on('close', onEnd);
  return {
    write: (text) => {
      // What is asked in one go travels in one go.
      stdin.cork();
      stdin.write(text);
      process.nextTick(() => stdin.uncork());
    },
    hold: (isNeeded) => {
      for (const part of [child, stdin, stdout, stderr] as Handle[]) isNeeded ? part.ref() : part.unref();
    },
    end: () => void stdin.end(),
  };
};
