import { text } from 'node:stream/consumers';
import type { ScriptedPart } from './scripted-part.ts';
import { ScriptedPlayer } from './scripted-player.ts';

/** Plays one part, given as JSON on stdin, and prints Amp's stream on stdout. Started by `scripted.ts`. */
const main = async (): Promise<void> => {
  const part = JSON.parse(await text(process.stdin)) as ScriptedPart;
  const player = new ScriptedPlayer(part, { cwd: process.cwd(), write: (line) => process.stdout.write(line) });
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (!player.isStubborn) process.stdout.write(player.cancelled(), () => process.exit(130));
    });
  process.exitCode = await player.play();
};

void main();
