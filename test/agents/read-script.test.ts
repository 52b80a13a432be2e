import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readScript } from '../../src/agents/read-script.ts';
import { tempDir } from '../support/repo.ts';

const read = (yaml: string) => {
  const file = path.join(tempDir(), 'demo.yaml');
  writeFileSync(file, yaml);
  return readScript(file);
};
const one = (step: string): string => `iterations:\n  - - ${step}\n`;

describe('a script', () => {
  test('is read with its defaults', async () => {
    expect(await read(one('usage: { input: 3 }'))).toEqual({
      after: 'nothing',
      iterations: [[{ usage: { input: 3, output: 0, cacheRead: 0, cacheWrite: 0 } }]],
    });
  });

  test('may begin with a byte order mark and use anchors', async () => {
    const script = await read('\uFEFFiterations:\n  - &one\n    - message: a\n  - *one\n');
    expect(script.iterations).toHaveLength(2);
  });

  test.each([
    ['an unknown key', 'iterations:\n  - - message: a\nmodle: x\n', 'demo.yaml:3:1: the script has unknown `modle`'],
    ['an unknown step', one('mesage: a'), 'demo.yaml:2:7: iterations[0][0] has unknown `mesage`'],
    [
      'two steps in one',
      `${one('message: a')}      run: b\n`,
      'demo.yaml:2:7: iterations[0][0] must have exactly one of message',
    ],
    ['a number for a text', one('message: 7'), 'demo.yaml:2:16: iterations[0][0].message is invalid: expected string'],
    [
      'a path outside',
      one('edit: { path: ../x, content: a }'),
      'iterations[0][0].edit.path must be a relative path inside the worktree',
    ],
    ['an absolute path', one('edit: { path: /etc/passwd, content: a }'), 'edit.path must be a relative path'],
    ['a path into .git', one('edit: { path: a/.GIT/hooks/x, content: a }'), 'edit.path must be a relative path'],
    [
      'an edit that does nothing',
      one('edit: { path: x }'),
      'demo.yaml:2:13: iterations[0][0].edit must have exactly one of content, replace, append, delete, and has none',
    ],
    ['an edit that does two things', one('edit: { path: x, content: a, append: b }'), 'and has content and append'],
    ['replace without with', one('edit: { path: x, replace: a }'), 'needs `replace` and `with` together'],
    ['negative tokens', one('usage: { input: -1 }'), 'demo.yaml:2:23: iterations[0][0].usage.input'],
    ['an exit code that is none', one('exit: 256'), 'iterations[0][0].exit'],
    ['a code that no agent has', one('fail: { message: a, code: agent.bored }'), 'iterations[0][0].fail.code'],
    ['no iterations', 'iterations: []\n', 'demo.yaml:1:13: iterations'],
    ['nothing', '', 'demo.yaml:1:1: the script'],
    ['broken YAML', 'iterations:\n  - [a\n', 'demo.yaml:3:1: '],
    [
      'the same key twice',
      'after: repeat\nafter: repeat\niterations: [[]]\n',
      'demo.yaml:2:1: Map keys must be unique',
    ],
  ])('with %s is refused, and told where', async (_name, yaml, message) => {
    const error = await read(yaml).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'script.invalid' });
    expect((error as Error).message).toContain(message);
    expect((error as Error).message.endsWith('.')).toBe(true);
  });

  test('whose aliases explode is refused', async () => {
    const levels = Array.from(
      { length: 12 },
      (_, n) =>
        `x${n}: &x${n} [${Array(12)
          .fill(n === 0 ? '1' : `*x${n - 1}`)
          .join(', ')}]`,
    );
    await expect(read(`${levels.join('\n')}\niterations: *x11\n`)).rejects.toMatchObject({ code: 'script.invalid' });
  });
});
