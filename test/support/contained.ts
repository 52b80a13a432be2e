import type { Container, Sandbox } from '../../src/process/sandbox.ts';
import { type FakeEngine, IMAGE, IMAGE_ID } from './fake-engine/make-fake-engine.ts';

/** A container of the stand-in's image, in which a folder can be written to. */
export const containedIn = (
  engine: Pick<FakeEngine, 'program'>,
  cwd: string,
  over: Partial<Omit<Sandbox, 'container'>> & { container?: Partial<Container> } = {},
): Sandbox & { container: Container } => ({
  home: '/home/nobody',
  readable: [],
  hidden: [],
  writable: [cwd],
  cwd,
  ...over,
  container: {
    engine: 'docker',
    program: engine.program,
    image: { name: IMAGE, id: IMAGE_ID },
    variables: ['PATH', 'TOOL_HOME'],
    user: ['--user', `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`],
    path: [],
    repository: 'some-repository',
    ...over.container,
  },
});
