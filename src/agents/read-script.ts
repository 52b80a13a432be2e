import { readFile } from 'node:fs/promises';
import type { Document, LineCounter, Pair, Scalar } from 'yaml';
import type { z } from 'zod';
import { AppError } from '../errors.ts';
import type { Script } from './script.ts';

const HINT =
  '`iterations` is a list of lists of steps; a step is one of message, edit, run, usage, cost, delay, noise, fail, exit, hang.';

type Issue = z.core.$ZodIssue;

/** `iterations[0][2].edit.path` */
const keyOf = (path: readonly PropertyKey[]): string =>
  path.map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at === 0 ? '' : '.'}${String(part)}`)).join('');

const sentenceOf = (issue: Issue): string => {
  if (issue.code === 'unrecognized_keys') return `has unknown ${issue.keys.map((key) => `\`${key}\``).join(', ')}`;
  return issue.code === 'custom' ? issue.message : issue.message.replace(/^Invalid input: /, 'is invalid: ');
};

/** Where the thing is, or its nearest parent that is there. */
const offsetOf = (document: Document, path: readonly PropertyKey[]): number => {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as { range?: [number, number, number] } | undefined;
    if (node?.range) return node.range[0];
  }
  return 0;
};

/** Where a key stands that should not be there. */
const keyOffset = (document: Document, path: readonly PropertyKey[], key: string): number => {
  const map = (path.length === 0 ? document.contents : document.getIn(path, true)) as { items?: Pair[] } | null;
  const pair = map?.items?.find((item) => (item.key as Scalar | null)?.value === key);
  return (pair?.key as Scalar | undefined)?.range?.[0] ?? offsetOf(document, path);
};

const invalid = (file: string, at: { line: number; col: number }, what: string): AppError =>
  new AppError('script.invalid', `${file}:${at.line}:${at.col}: ${what}.`, { hint: HINT });

const issueError = (file: string, document: Document, lines: LineCounter, issue: Issue): AppError => {
  const { path } = issue;
  const isUnknownKey = issue.code === 'unrecognized_keys';
  const offset = isUnknownKey ? keyOffset(document, path, issue.keys[0]!) : offsetOf(document, path);
  const key = keyOf(path);
  return invalid(file, lines.linePos(offset), `${key === '' ? 'the script' : key} ${sentenceOf(issue)}`);
};

/** Refuses a document whose aliases multiply without end. */
const plainValue = (file: string, document: Document): unknown => {
  try {
    return document.toJS();
  } catch (error) {
    throw invalid(file, { line: 1, col: 1 }, (error as Error).message);
  }
};

/**
 * Reads and checks a script.
 * @throws AppError `file.missing`, `script.invalid` naming file, line, column and key
 */
export const readScript = async (file: string): Promise<Script> => {
  const source = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new AppError('file.missing', `The script ${file} cannot be read (${error.code}).`, {
      hint: 'Name a file that is there: agents.scripted.script in the configuration.',
      cause: error,
    });
  });
  const [yaml, { scriptSchema }] = await Promise.all([import('yaml'), import('./script.ts')]);
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(source, { lineCounter: lines });
  const broken = document.errors[0];
  if (broken)
    throw invalid(file, lines.linePos(broken.pos[0]), broken.message.split(/ at line |\n/)[0] ?? 'is not YAML');
  const checked = scriptSchema.safeParse(plainValue(file, document as Document));
  if (checked.success) return checked.data;
  throw issueError(file, document as Document, lines, checked.error.issues[0]!);
};
