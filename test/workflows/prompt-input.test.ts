import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openInEditor } from '../../src/workflows/editor.ts';
import { type PromptFlags, promptFrom } from '../../src/workflows/prompt-input.ts';
import { cliJson, PROGRAM } from '../support/cli.ts';
import { exec, makeRepo, sh, tempDir } from '../support/repo.ts';
import { contextIn } from '../support/sessions.ts';

const MAX = 4 * 1024 * 1024;
let dir = '';
beforeAll(async () => {
  dir = await makeRepo();
});
const CLEAN = { ...process.env, EDITOR: '', VISUAL: '' };

const ask = async (flags: PromptFlags, env: NodeJS.ProcessEnv = CLEAN, start?: string) =>
  promptFrom(await contextIn(dir, env), flags, { cwd: dir, start });
/** A program that stands for a person at an editor; `$1` is the file. */
const editor = (body: string): string => {
  const file = join(tempDir('amp editor '), "ed'itor");
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return `'${file.replaceAll("'", "'\\''")}'`;
};
const edit = (body: string, start?: string) =>
  ask({ 'prompt-editor': true }, { ...CLEAN, EDITOR: editor(body) }, start);
const ours = () => readdirSync(tmpdir()).filter((name) => /^amp-sessions-.{6}$/.test(name)).length;

describe('a prompt on the command line', () => {
  it('is trimmed; none is none', async () => {
    expect(await ask({ prompt: '  Do\n it \n' })).toBe('Do\n it');
    expect(await ask({})).toBeNull();
    expect(await ask({ 'prompt-editor': false })).toBeNull();
  });
  it.each(['', '   ', '\n\t', '\ufeff', 'a\0b'])('of %j is refused', async (prompt) => {
    await expect(ask({ prompt })).rejects.toMatchObject({
      code: 'usage.invalid',
      message: '--prompt holds no prompt.',
      hint: expect.any(String),
    });
  });
});

describe('a prompt in a file', () => {
  const file = (content: string | Buffer): PromptFlags => {
    const path = join(tempDir(), 'task.md');
    writeFileSync(path, content);
    return { 'prompt-file': path };
  };
  it('is read as it is, without a byte order mark; the rest of it stays', async () => {
    expect(await ask(file('\ufeff# Título\n\n\tDo.\r\n'))).toBe('# Título\n\n\tDo.');
    expect(await ask(file('a\ufeffb'))).toBe('a\ufeffb');
  });
  it('is sought from where the user stands', async () => {
    writeFileSync(join(dir, 'here.md'), 'Here.');
    expect(await ask({ 'prompt-file': 'here.md' })).toBe('Here.');
  });
  it('has at most 4 MiB', async () => {
    expect((await ask(file('x'.repeat(MAX))))!.length).toBe(MAX);
    await expect(ask(file('x'.repeat(MAX + 1)))).rejects.toMatchObject({
      code: 'usage.invalid',
      message: expect.stringContaining(String(MAX + 1)),
    });
  });
  it.each([
    ['no-such.md', 'ENOENT'],
    ['src', 'EISDIR'],
  ])('that is %s is refused by name', async (name, why) => {
    await expect(ask({ 'prompt-file': name })).rejects.toMatchObject({
      code: 'file.missing',
      message: expect.stringMatching(new RegExp(`${name}.*${why}`)),
    });
  });
  it('that is empty or binary is refused by name', async () => {
    for (const content of ['', ' \n', Buffer.from([0x50, 0, 0x51])])
      await expect(ask(file(content))).rejects.toMatchObject({ message: expect.stringContaining('task.md holds no') });
  });
});

describe('a prompt from standard input', () => {
  const pipe = (command: string) =>
    sh(dir, `${command} | '${process.execPath}' '${PROGRAM}' new -P - -a command:true --json`, process.env);
  it('in many pieces, with a mark in front, is one prompt', async () => {
    const { stdout } = await pipe(`{ printf '\\357\\273\\277Two '; sleep 0.2; printf 'pieces\\303'; printf '\\251'; }`);
    expect(JSON.parse(stdout)).toMatchObject({ name: 'Two pieces\u00e9' });
  });
  it.each([
    ['true', 'holds no prompt'],
    ["printf 'a\\0b'", 'holds no prompt'],
    [`head -c ${MAX + 1} /dev/zero | tr '\\0' x`, 'at most'],
  ])('of `%s` is refused before anything is made', async (command, why) => {
    const { stdout } = await pipe(command);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'usage.invalid',
      message: expect.stringMatching(`^Standard input.*${why}`),
    });
  });
});

describe('a prompt from the editor', () => {
  it('is what was written; our own line and the file itself go', async () => {
    const before = ours();
    const seen = join(tempDir(), 'seen');
    expect(await edit(`cp "$1" '${seen}'; printf '# Title\\n\\nDo it.\\n%s' "$(cat "$1")" > "$1"`)).toBe(
      '# Title\n\nDo it.',
    );
    expect(readFileSync(seen, 'utf8')).toMatch(/^\n\n# What is the agent to do\?.*\n$/);
    expect(ours()).toBe(before);
  });
  it('begins with the text there is, which can stay as it is', async () => {
    expect(await edit('true', 'Old prompt.\n\nSecond.')).toBe('Old prompt.\n\nSecond.');
    expect(await edit('printf "New. " | cat - "$1" > "$1.x"; mv "$1.x" "$1"', 'Old.')).toBe('New. Old.');
  });
  it.each([
    ['nothing was written', 'true'],
    ['everything was deleted', ': > "$1"'],
    ['only our line was left, at the top', 'sed -i "/^$/d" "$1"'],
    ['it has a NUL', 'printf "a\\0b" > "$1"'],
  ])('is refused when %s', async (_, body) => {
    await expect(edit(body)).rejects.toMatchObject({
      code: 'usage.invalid',
      message: 'The editor’s text holds no prompt.',
    });
  });
  it('may stand below our line as well', async () => {
    expect(await edit('echo "Do it." >> "$1"')).toBe('Do it.');
  });
  it('keeps headings and hashes that are not at its end', async () => {
    expect(await edit('printf "# A\\ntext\\n#tag\\n# B\\nmore\\n# note\\n# note\\n\\n" > "$1"')).toBe(
      '# A\ntext\n#tag\n# B\nmore',
    );
  });
  it('is not taken from an editor that failed, and its file is gone', async () => {
    const before = ours();
    await expect(edit('echo "Half" > "$1"; exit 3')).rejects.toMatchObject({
      code: 'editor.missing',
      message: expect.stringContaining('exit code 3'),
    });
    await expect(edit('kill -9 $$')).rejects.toMatchObject({ message: expect.stringMatching(/exit code (137|none)/) });
    expect(ours()).toBe(before);
  });
});

describe('the editor', () => {
  const write = (word: string) => editor(`echo ${word} > "$1"`);
  it('is the setting, then VISUAL, then EDITOR', async () => {
    const flags = { 'prompt-editor': true };
    const both = { ...CLEAN, EDITOR: write('editor'), VISUAL: write('visual') };
    expect(await ask(flags, both)).toBe('visual');
    expect(await ask(flags, { ...both, VISUAL: '' })).toBe('editor');
    expect(await ask(flags, { ...both, AMP_SESSIONS_EDITOR: write('setting') })).toBe('setting');
    await expect(ask(flags)).rejects.toMatchObject({ code: 'editor.missing', hint: expect.stringContaining('EDITOR') });
  });
  it('that the repository names is not run before it is trusted', async () => {
    const repo = await makeRepo();
    const mark = join(tempDir(), 'mark');
    writeFileSync(join(repo, '.amp-sessions.yaml'), `editor: touch ${mark}\n`);
    const ctx = await contextIn(repo, CLEAN);
    await expect(openInEditor(ctx, repo)).rejects.toMatchObject({ code: 'config.untrusted' });
    expect(existsSync(mark)).toBe(false);
  });
  it('gets a path with quotes and spaces whole, in the repository, without our git variables', async () => {
    const out = join(tempDir(), 'out');
    const line = editor(`printf '%s|%s|%s' "$1" "$PWD" "$GIT_DIR" > '${out}'`);
    const ctx = await contextIn(dir, { ...CLEAN, EDITOR: line, GIT_DIR: '/nowhere' });
    await openInEditor(ctx, "/tmp/it's a $PATH");
    expect(readFileSync(out, 'utf8')).toBe(`/tmp/it's a $PATH|${dir}|`);
  });
  it('writes the prompt of `new` and `rename` too', async () => {
    const repo = await makeRepo();
    const env = { EDITOR: write('Written by hand') };
    const made = await cliJson(repo, ['new', '-e', '-a', 'command:true'], env);
    expect(made.json).toMatchObject({ name: 'Written by hand' });
    const changed = await cliJson(repo, ['rename', made.json.id, '-e'], { EDITOR: editor('echo Other > "$1"') });
    expect(changed.json.changed).toEqual(['prompt.replaced']);
    expect((await cliJson(repo, ['status', made.json.id])).json.prompt).toBe('Other');
    expect((await exec(repo, process.execPath, [PROGRAM, 'new', '-e'], { ...CLEAN })).exitCode).toBe(1);
  });
});
