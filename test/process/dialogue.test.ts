import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { startDialogue } from '../../src/process/dialogue.ts';
import { bundle } from '../support/bundle.ts';
import { exec } from '../support/repo.ts';

const env = { PATH: process.env['PATH']! };
const shell = (script: string) => ({ command: '/bin/sh', args: ['-c', script], cwd: '/', env });
const upper = shell('while read line; do echo "<$line>"; done; echo bye');

/** What it says, and when it has ended. */
const start = (options: Parameters<typeof startDialogue>[0]) => {
  const heard: string[] = [];
  let ends = 0;
  let wake = (): void => {};
  const dialogue = startDialogue(options, {
    onOutput: (chunk) => {
      heard.push(chunk.toString());
      wake();
    },
    onEnd: () => {
      ends += 1;
      wake();
    },
  });
  const until = async (done: (text: string) => boolean): Promise<void> => {
    while (!done(heard.join('')))
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  };
  return { dialogue, until, text: () => heard.join(''), ends: () => ends };
};

describe('a dialogue', () => {
  test('answers piece by piece, and what it says at its end is heard', async () => {
    const { dialogue, until, text, ends } = start(upper);
    dialogue.write('one\n');
    await until((all) => all === '<one>\n');
    dialogue.write('two\nthr');
    dialogue.write('ee\n');
    await until((all) => all.endsWith('<three>\n'));
    expect(ends()).toBe(0);
    dialogue.end();
    await until(() => ends() > 0);
    expect(text()).toBe('<one>\n<two>\n<three>\nbye\n');
  });

  test('much on stderr does not stop it', async () => {
    const { dialogue, until } = start(shell('read x; head -c 1000000 /dev/zero >&2; echo done'));
    dialogue.write('go\n');
    await until((all) => all === 'done\n');
  });

  test('one that never came to be, or went, is an end and no exception', async () => {
    const never = start({ ...upper, command: '/nonexistent/program' });
    await never.until(() => never.ends() > 0);
    never.dialogue.write('x\n');
    never.dialogue.end();
    const gone = start(shell('exit 3'));
    await gone.until(() => gone.ends() > 0);
    gone.dialogue.write('x\n');
    gone.dialogue.end();
    gone.dialogue.write('after the end\n');
    await turn();
    expect(gone.text()).toBe('');
  });

  test('gets no variable but those it is given, and is not in our process group', async () => {
    const { dialogue, until, text, ends } = start({
      ...shell('env; ps -o pgid= -p $$'),
      env: { ...env, ONLY: 'this' },
    });
    dialogue.end();
    await until(() => ends() > 0);
    expect(text()).toContain('ONLY=this');
    expect(text()).not.toContain('HOME=');
    const [ours] = /\d+/.exec((await exec('/', 'ps', ['-o', 'pgid=', '-p', String(process.pid)])).stdout)!;
    expect(text().trim().split('\n').at(-1)?.trim()).not.toBe(ours);
  });
});

describe('our own program', () => {
  const main = (lines: string) => `
    import { startDialogue } from './src/process/dialogue.ts';
    const talk = { onOutput: (chunk) => { process.stdout.write(chunk); after(); }, onEnd: () => process.stdout.write('end') };
    const dialogue = startDialogue({ command: 'cat', args: [], cwd: '/', env: { PATH: process.env.PATH } }, talk);
    ${lines}`;
  const runs = async (lines: string) => exec('/', process.execPath, [await bundle(main(lines))]);

  test('ends while nobody waits, hears the answer while somebody does, and takes its child along', async () => {
    expect(await runs('const after = () => {}; dialogue.hold(false);')).toMatchObject({ exitCode: 0, stdout: '' });
    const held =
      'const after = () => dialogue.hold(false); dialogue.hold(false); dialogue.hold(true); dialogue.write("x");';
    expect(await runs(held)).toMatchObject({ exitCode: 0, stdout: 'x' });
    expect(await runs('const after = () => dialogue.end(); dialogue.write("x");')).toMatchObject({ stdout: 'xend' });
  });
});
