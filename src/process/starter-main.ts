import { startInGroup } from './group-child.ts';
import type { FromStarter, StartWish, ToStarter } from './starter-messages.ts';

/** Resolves when it is written: whoever prints waits until we have read what it printed before. */
const say = (message: FromStarter): Promise<void> =>
  new Promise((resolve) => {
    if (process.connected) process.send!(message, () => resolve());
    else resolve();
  });

const atWork = new Map<number, (name: NodeJS.Signals) => void>();

const relay = async (id: number, stream: 'stdout' | 'stderr', source: AsyncIterable<Buffer>): Promise<void> => {
  for await (const bytes of source) await say({ id, stream, bytes });
  await say({ id, stream, bytes: null });
};

const start = async (id: number, wish: StartWish): Promise<void> => {
  try {
    const child = await startInGroup({ ...wish, stdin: wish.stdin ?? 'ignore' });
    atWork.set(id, child.signal);
    void say({ id, pid: child.pid });
    const reading = [relay(id, 'stdout', child.stdout), relay(id, 'stderr', child.stderr)];
    const { exitCode, signal } = await child.ended;
    atWork.delete(id);
    void say({ id, end: { exitCode, signal } });
    await Promise.all(reading);
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    void say({ id, error: { message, code } });
  }
};

/** Starts what it is told to, and tells what comes of it. Started by `starter.ts`, and gone when that is. */
process.on('message', (message: ToStarter) => {
  if ('start' in message) void start(message.id, message.start);
  else atWork.get(message.id)?.(message.signal);
});
process.on('disconnect', () => process.exit());
