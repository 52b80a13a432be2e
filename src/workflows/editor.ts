import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../errors.ts';
import { runInteractive } from '../process/interactive.ts';
import { childEnv, shellCommand } from './child-env.ts';
import type { Context } from './context.ts';

/** What opens files for a person: the setting, VISUAL, EDITOR. A line for the shell, as those variables are. */
export const editorLine = (ctx: Context): string => {
  const { editor } = ctx.config.config;
  if (editor) {
    ctx.config.requireTrust(['editor']);
    return editor;
  }
  const line = ctx.env['VISUAL'] || ctx.env['EDITOR'];
  if (line) return line;
  throw new AppError('editor.missing', 'No editor is set.', {
    hint: 'Set one: `amp-sessions config set editor "code --wait"`, or the variable EDITOR.',
  });
};

const quote = (path: string): string =>
  process.platform === 'win32' ? `"${path}"` : `'${path.replaceAll("'", "'\\''")}'`;

/** Opens a file or folder in the person's editor and waits until it ends. @throws AppError `editor.missing` */
export const openInEditor = async (ctx: Context, path: string): Promise<void> => {
  const line = editorLine(ctx);
  const code = await runInteractive({
    ...shellCommand(`${line} ${quote(path)}`),
    cwd: ctx.repo.root,
    env: childEnv(ctx.env),
  });
  if (code !== 0)
    throw new AppError('editor.missing', `The editor \`${line}\` ended with exit code ${code ?? 'none'}.`, {
      hint: 'Set another with `amp-sessions config set editor …`.',
    });
};

const PROMPT = '# What is the agent to do? Lines that start with "# " at the end are left out.';
const MESSAGE =
  '# Message of the commit. Lines that start with "# " at the end are left out; an empty one ends the command.';

const edited = async (ctx: Context, start: string, options: { name: string; ours: string }): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'amp-sessions-'));
  try {
    const file = join(dir, options.name);
    await writeFile(file, `${start}\n\n${options.ours}\n`);
    await openInEditor(ctx, file);
    const text = await readFile(file, 'utf8');
    return text
      .replace(/(\n# [^\n]*)+\n*$/, '')
      .replace(options.ours, '')
      .trim();
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};

/** Lets a person write a prompt in their editor; our own line goes, and lines that begin with `# ` at the end. */
export const editText = (ctx: Context, start: string): Promise<string> =>
  edited(ctx, start, { name: 'PROMPT.md', ours: PROMPT });

/** Lets a person write a commit message in their editor. @throws AppError `usage.invalid` for an empty one */
export const editMessage = async (ctx: Context, start: string): Promise<string> => {
  const text = await edited(ctx, start, { name: 'COMMIT_EDITMSG', ours: MESSAGE });
  if (text !== '') return text;
  throw new AppError('usage.invalid', 'The message is empty, so nothing was done.', {
    hint: 'Write one, or give --message.',
  });
};
