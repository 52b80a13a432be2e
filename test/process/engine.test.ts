import { describe, expect, it } from 'vitest';
import { endContainer, listContainers } from '../../src/process/containers.ts';
import { lookAtEngine, lookAtImage, troubleOf } from '../../src/process/engine.ts';
import { type EngineState, IMAGE, IMAGE_ID, makeFakeEngine } from '../support/fake-engine/make-fake-engine.ts';

const callOf = (kind: 'docker' | 'podman' = 'docker', state: EngineState = {}) => {
  const engine = makeFakeEngine(kind, state);
  return { engine, call: { program: engine.program, env: process.env } };
};
const me = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;

describe('an engine', () => {
  it.each([
    ['docker', {}, { kind: 'docker', isRootless: false, user: ['--user', me] }],
    ['docker', { security: ['name=rootless'] }, { kind: 'docker', isRootless: true, user: ['--user', '0:0'] }],
    ['docker', { security: ['name=userns'] }, { kind: 'docker', user: ['--userns=host', '--user', me] }],
    ['podman', { rootless: false }, { kind: 'podman', isRootless: false, user: ['--user', me] }],
    [
      'podman',
      { rootless: true },
      { kind: 'podman', user: process.getuid?.() === 0 ? ['--user', me] : ['--userns=keep-id', '--user', me] },
    ],
  ] as const)('%s with %j runs as the user', async (kind, state, expected) => {
    expect(await lookAtEngine(callOf(kind, state as EngineState).call)).toMatchObject(expected);
  });

  it.each(['stopped', 'forbidden', 'broken'] as const)('that is %s is told apart', async (trouble) => {
    expect(await lookAtEngine(callOf('docker', { trouble }).call)).toMatchObject({ trouble });
    expect(await listContainers(callOf('docker', { trouble }).call, 'r')).toMatchObject({ trouble });
  });

  it('has an image or has it not, and fetches none', async () => {
    const { engine, call } = callOf();
    expect(await lookAtImage(call, IMAGE)).toEqual({ id: IMAGE_ID, variables: ['PATH', 'TOOL_HOME'] });
    expect(await lookAtImage(call, 'other:2')).toMatchObject({ trouble: 'image' });
    expect(engine.calls().map(([verb]) => verb)).toEqual(['image', 'image']);
  });

  it('that is not there is broken', async () => {
    expect(await lookAtEngine({ program: '/not/there', env: {} })).toMatchObject({ trouble: 'broken' });
  });
});

describe('what engines say', () => {
  it.each([
    ['stopped', 'ERROR: Cannot connect to the Docker daemon at tcp://x. Is the docker daemon running?'],
    [
      'stopped',
      'failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory',
    ],
    ['forbidden', 'permission denied while trying to connect to the docker API at unix:///var/run/docker.sock'],
    ['image', 'Error response from daemon: No such image: python:3.12'],
    ['image', 'Error: inspecting object: unable to inspect "x": x: image not known'],
    ['broken', 'Error: something else'],
  ] as const)('%s: %s', (trouble, stderr) => expect(troubleOf({ stderr }).trouble).toBe(trouble));

  it('is cut to its last line, without marks and advice', () => {
    const stderr =
      "WARNING: x\ndocker: Error response from daemon: bad.\n\nRun 'docker run --help' for more information\n";
    expect(troubleOf({ stderr }).words).toBe('Error response from daemon: bad.');
    const asked = 'permission denied while trying to connect at unix:///x: Get "http://%2Fx/info": dial unix /x: no';
    expect(troubleOf({ stderr: asked }).words).toBe('permission denied while trying to connect at unix:///x');
    expect(troubleOf({ stderr: '' }).words).toBe('it does not answer');
  });
});

describe('containers that are left', () => {
  it('are found by the repository, with session, iteration and state, and end one by one', async () => {
    const { engine, call } = callOf();
    engine.leave('amp-sessions-k3abc-2-m1', 'amp-sessions.repository=mine');
    engine.leave('amp-sessions-k3xyz-1-m2', 'amp-sessions.repository=mine');
    engine.leave('somebody-elses', 'amp-sessions.repository=mine');
    engine.leave('amp-sessions-k3abc-2-m3', 'amp-sessions.repository=another');
    const found = await listContainers(call, 'mine');
    expect(found).toEqual([
      expect.objectContaining({ name: 'amp-sessions-k3abc-2-m1', session: 'k3abc', iteration: 2, isRunning: false }),
      expect.objectContaining({ session: 'k3xyz', iteration: 1 }),
    ]);
    await endContainer(call, 'amp-sessions-k3abc-2-m1');
    await endContainer(call, 'amp-sessions-k3abc-2-m1');
    expect(engine.containers().sort()).toEqual([
      'amp-sessions-k3abc-2-m3',
      'amp-sessions-k3xyz-1-m2',
      'somebody-elses',
    ]);
  });
});
