import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { silentProgress } from '../../src/cli/progress.ts';
import { plainProgress } from '../../src/cli/progress-plain.ts';
import { createTerminalProgress } from '../../src/cli/progress-terminal.ts';

/** Goes on by a second at each look. */
const ticking = () => {
  let now = 0;
  return () => (now += 1000);
};

describe('in a pipe', () => {
  const record = () => {
    const lines: string[] = [];
    return { lines, progress: plainProgress({ line: (text) => lines.push(text), elapsed: ticking() }) };
  };

  it('says one line per change', async () => {
    const { lines, progress } = record();
    const result = await progress.step('agent', async () => {
      progress.detail('Bash ls');
      progress.detail('Bash ls');
      progress.note('a note');
      return 7;
    });
    expect(result).toBe(7);
    expect(lines).toEqual(['… agent', '  Bash ls', 'a note', '✓ agent (1.0s)']);
  });

  it('marks a failed step and throws on', async () => {
    const { lines, progress } = record();
    await expect(progress.step('tests', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(lines.at(-1)).toBe('✗ tests (1.0s)');
  });

  it('shows agent text inert, on one line', async () => {
    const { lines, progress } = record();
    progress.detail('evil\x1b[2J\ntext');
    expect(lines).toEqual(['  evil text']);
  });
});

describe('on a terminal', () => {
  const ERASE = '\r\x1b[2K';
  const record = (columns = 40) => {
    const written: string[] = [];
    const writer = {
      write: (text: string) => written.push(text),
      line: (text = '') => written.push(`${text}\n`),
      columns,
    };
    const color = new Chalk({ level: 0 });
    const progress = createTerminalProgress({ writer: writer as never, color, elapsed: ticking() });
    return { written, progress };
  };
  const shown = (written: string[]): string[] => written.map((text) => text.replaceAll(ERASE, ''));

  it('draws title, running time and detail, and leaves one line', async () => {
    const { written, progress } = record();
    await progress.step('agent', async () => progress.detail('Bash npm test'));
    const lines = shown(written);
    expect(lines[0]).toBe('⠋ agent  1.0s');
    expect(lines[1]).toBe('⠋ agent  2.0s  Bash npm test');
    expect(lines.at(-1)).toBe('✓ agent  3.0s\n');
    expect(written.every((text) => text.startsWith(ERASE))).toBe(true);
  });

  it('never wraps: a long detail is cut to the terminal', async () => {
    const { written, progress } = record(30);
    await progress.step('agent', async () => progress.detail('x'.repeat(100)));
    expect(Math.max(...shown(written).map((line) => line.length))).toBeLessThanOrEqual(30);
  });

  it('a note stays above the live line', async () => {
    const { written, progress } = record();
    await progress.step('agent', async () => progress.note('found a commit'));
    const lines = shown(written);
    const at = lines.indexOf('found a commit\n');
    expect(at).toBeGreaterThan(0);
    expect(lines[at + 1]).toContain('agent');
  });

  it('a step inside a step is a detail of it, and the old detail comes back', async () => {
    const { written, progress } = record();
    await progress.step('outer', async () => {
      progress.detail('before');
      await progress.step('inner', async () => {});
    });
    const details = shown(written).map((line) => line.split('s  ')[1]);
    expect(details.filter(Boolean)).toEqual(['before', 'inner', 'before']);
    expect(written.filter((text) => text.endsWith('\n'))).toHaveLength(1);
  });

  it('marks a failed step, throws the same error, and the next step works', async () => {
    const { written, progress } = record();
    const error = new Error('no');
    await expect(progress.step('tests', () => Promise.reject(error))).rejects.toBe(error);
    expect(shown(written).at(-1)).toMatch(/^✗ tests/);
    expect(await progress.step('next', async () => 1)).toBe(1);
  });
});

it('silence runs the step and gives its result', async () => {
  expect(await silentProgress.step('x', async () => 5)).toBe(5);
});
