import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Step } from './script.ts';

export type Edit = NonNullable<Step['edit']>;

/** What an edit did, in the form in which Amp's `apply_patch` answers. */
export interface EditAnswer {
  summary: string;
  files: { uri: string; type: 'add' | 'update' | 'delete' }[];
}

const replaceOnce = (file: string, edit: Edit): void => {
  const before = readFileSync(file, 'utf8');
  const at = before.indexOf(edit.replace!);
  if (at === -1) throw new Error(`${edit.path} does not contain the text to replace`);
  writeFileSync(file, before.slice(0, at) + edit.with! + before.slice(at + edit.replace!.length));
};

/**
 * Makes an edit in a folder.
 * @throws what the file system says, and an error when there is nothing to replace
 */
export const applyEdit = (cwd: string, edit: Edit): EditAnswer => {
  const file = path.resolve(cwd, edit.path);
  const isThere = statSync(file, { throwIfNoEntry: false }) !== undefined;
  mkdirSync(path.dirname(file), { recursive: true });
  if (edit.delete) rmSync(file);
  else if (edit.replace !== undefined) replaceOnce(file, edit);
  else if (edit.append !== undefined) appendFileSync(file, edit.append);
  else writeFileSync(file, edit.content ?? '');
  const type = edit.delete ? 'delete' : isThere ? 'update' : 'add';
  return { summary: `${type}: ${edit.path}`, files: [{ uri: `file://${file}`, type }] };
};
