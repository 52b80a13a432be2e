import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { itemsOf } from '../../../src/batch/products.ts';
import { AppError } from '../../../src/errors.ts';
import {
  type Files,
  fillFound,
  pathIn,
  promptOf,
  refuseIn,
  scopeOf,
  toldAt,
} from '../../../src/workflows/batch/fill-item.ts';
import { expandHome, readSources } from '../../../src/workflows/batch/include.ts';
import { errorOf } from '../../config/support.ts';
import { sh } from '../../support/repo.ts';
import { scene } from './support.ts';

const sources = (files: Record<string, string>, name = 'b.yaml', env = {}) => {
  const { dir } = scene(files);
  const read = readSources(join(dir, name), env);
  const names = read.sources.map(({ path }) => path.slice(dir.length + 1));
  return { dir, names, ...read };
};

describe('the files of a batch', () => {
  it('come in the order in which they build upon each other, each once', () => {
    const { names } = sources({
      'b.yaml': 'include: [one.yaml, two.yaml]\n',
      'one.yaml': 'include: base.yaml\n',
      'two.yaml': 'include: [base.yaml, one.yaml]\n',
      'base.yaml': 'concurrency: 1\n',
    });
    expect(names).toEqual(['base.yaml', 'one.yaml', 'two.yaml', 'b.yaml']);
  });

  it('are named as seen from the one that names them', () => {
    const { names, reading } = sources({
      'b.yaml': 'include: a/one.yaml\n',
      'a/one.yaml': 'include: b/two.yaml\n',
      'a/b/two.yaml': 'include: ../../three.yaml\n',
      'three.yaml': 'concurrency: 1\n',
    });
    expect(names).toEqual(['three.yaml', 'a/b/two.yaml', 'a/one.yaml', 'b.yaml']);
    expect(reading.outside).toEqual([]);
  });

  it('may lie in the home folder, and that is outside', () => {
    const home = scene({ 'mine.yaml': 'concurrency: 1\n' }).dir;
    const { reading } = sources({ 'b.yaml': 'include: ~/mine.yaml\n' }, 'b.yaml', { HOME: home });
    expect(reading.outside).toEqual([join(home, 'mine.yaml')]);
    expect(expandHome('~', { HOME: home })).toBe(home);
    expect(expandHome('~other/x', { HOME: home })).toBe('~other/x');
    expect(expandHome('a/~/x', { HOME: home })).toBe('a/~/x');
  });

  it('through a link are what the link leads to: the same file is no second one', () => {
    const { dir } = scene({ 'b.yaml': 'include: [x.yaml, y.yaml]\n', 'x.yaml': 'concurrency: 1\n' });
    symlinkSync('x.yaml', join(dir, 'y.yaml'));
    expect(readSources(join(dir, 'b.yaml'), {}).sources.length).toBe(2);
  });

  it('are refused where one includes itself through a link', async () => {
    const { dir } = scene({ 'b.yaml': 'include: y.yaml\n' });
    symlinkSync('b.yaml', join(dir, 'y.yaml'));
    const error = await errorOf(() => readSources(join(dir, 'b.yaml'), {}));
    expect(error.message).toBe(`${dir}/b.yaml:1:10: y.yaml includes this file again.`);
  });

  it.each([
    ['is not there', 'none.yaml', 'none.yaml is not there.'],
    ['is a folder', 'folder', 'folder is not a file.'],
    ['is a pipe that nobody writes to', 'pipe', 'pipe is not a file.'],
  ])('that %s is told where it is named', async (_, name, message) => {
    const { dir } = scene({ 'b.yaml': `name: x\ninclude:\n  - ${name}\n` });
    mkdirSync(join(dir, 'folder'));
    await sh(dir, 'mkfifo pipe');
    const error = await errorOf(() => readSources(join(dir, 'b.yaml'), {}));
    expect(error.message).toBe(`${dir}/b.yaml:3:5: ${dir}/${message}`);
    expect(error.details).toMatchObject({ line: 3, column: 5 });
  });

  it('what is wrong in one is told there', async () => {
    const { dir } = scene({ 'b.yaml': 'include: a.yaml\n', 'a.yaml': 'nmae: x\n' });
    const error = await errorOf(() => readSources(join(dir, 'b.yaml'), {}));
    expect(error.message).toBe(`${dir}/a.yaml:1:1: there is no key \`nmae\`.`);
    expect(error.hint).toBe('Did you mean `name`?');
  });

  it('are not without end', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 205 }, (_, at) => [`${at}.yaml`, at === 204 ? '' : `include: ${at + 1}.yaml\n`]),
    );
    const { dir } = scene(files);
    const error = await errorOf(() => readSources(join(dir, '0.yaml'), {}));
    expect(error.message).toContain('more than 200 files are included.');
  });
});

describe('filling in an item', () => {
  const filesOf = (text: string, more: Record<string, string> = {}): Files & { dir: string } => {
    const { dir } = scene({ 'b.yaml': text, ...more });
    return { ...readSources(join(dir, 'b.yaml'), { HOME: '/home/me' }), prompts: new Map(), dir };
  };
  const rawOf = (files: Files) =>
    itemsOf(
      files.sources.map(({ tree }) => tree),
      refuseIn(files),
    );
  const prompts = (files: Files): string[] =>
    rawOf(files).map((item) => promptOf(files, item, scopeOf(files, item)).prompt);

  it('variables of an item count more than those of its file, as they are written', () => {
    const files = filesOf(
      'vars: { a: 1.10, b: file, c: 0x1F }\nmatrix:\n  - { repo: ., prompt: "{{a}} {{b}} {{c}}", vars: { b: item } }\n',
    );
    expect(prompts(files)).toEqual(['1.10 item 0x1F']);
  });

  it('a prompt file is read once, and filled for each item', () => {
    const files = filesOf(
      'prompts: [{ promptFile: p.md, vars: { x: one } }, { promptFile: p.md, vars: { x: two } }]\nrepos: [.]\n',
      { 'p.md': '\n  Do {{x}} in {{file.dir}}.\n\n' },
    );
    expect(prompts(files)).toEqual([`Do one in ${files.dir}.`, `Do two in ${files.dir}.`]);
    expect(files.reading.files.map(({ path }) => path.slice(files.dir.length + 1))).toEqual(['b.yaml', 'p.md']);
  });

  it('the name of a prompt file may be a variable too', () => {
    const files = filesOf('vars: { which: p }\nmatrix: [{ repo: ., promptFile: "{{which}}.md" }]\n', { 'p.md': 'Do.' });
    expect(prompts(files)).toEqual(['Do.']);
  });

  it('paths are as the file has them', () => {
    const files = filesOf('matrix: [{ repo: ., prompt: x }]\n');
    const spot = { file: 0, path: ['matrix', 0, 'repo'] };
    expect(pathIn(files, spot, '../x')).toBe(join(files.dir, '../x'));
    expect(pathIn(files, spot, '/abs')).toBe('/abs');
    expect(pathIn(files, spot, '~/x')).toBe('/home/me/x');
  });

  it.each([
    ['a plain text', 'name: a {{b}}\n', 1, 9],
    ['a text in quotes', 'name: "a {{b}}"\n', 1, 10],
    ['the second of two', 'name: "{{a}} {{b}}"\n', 1, 14],
    ['one after braces that stay', 'name: "\\\\{{x}} {{b}}"\n', 1, 16],
  ])('the place of a wrong variable in %s', async (_, text, line, column) => {
    const files = filesOf(`${text}matrix: [{ repo: ., prompt: x }]\n`);
    const found = { value: files.sources[0]!.tree.name!, spot: { file: 0, path: ['name'] } };
    const error = await errorOf(() => fillFound(files, found, new Map([['a', '1']])));
    expect(error.details).toMatchObject({ line, column, key: 'name' });
    expect(error.message).toContain('there is no variable `b` here.');
  });

  it('a near name is offered, else how to write braces', async () => {
    const files = filesOf('name: x\nmatrix: [{ repo: ., prompt: x }]\n');
    const hint = async (value: string) =>
      (
        await errorOf(() =>
          fillFound(files, { value, spot: { file: 0, path: ['name'] } }, new Map([['repo.name', 'x']])),
        )
      ).hint;
    expect(await hint('{{repo.nam}}')).toBe('Did you mean `{{repo.name}}`?');
    expect(await hint('{{entirely}}')).toBe(
      'Give it a value below `vars:`, or write `\\{{` for the braces themselves.',
    );
    expect(await hint('{{')).toBe('Write `\\{{` for the braces themselves.');
  });

  it('what is wrong with something that is named is told at its place; our own bugs are not', async () => {
    const files = filesOf('name: x\nmatrix: [{ repo: ., prompt: x }]\n');
    const spot = { file: 0, path: ['matrix', 0, 'repo'] };
    const missing = new AppError('repository.missing', 'It is gone.', { hint: 'Look for it.' });
    const error = await errorOf(() => toldAt(files, spot, () => Promise.reject(missing)));
    expect([error.code, error.message, error.hint]).toEqual([
      'batch.invalid',
      `${files.dir}/b.yaml:2:18: It is gone.`,
      'Look for it.',
    ]);
    const bug = new TypeError('bug');
    expect(await errorOf(() => toldAt(files, spot, () => Promise.reject(bug)))).toBe(bug);
    expect(await toldAt(files, spot, async () => 7)).toBe(7);
  });
});
