import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomically } from '../config/write-file.ts';
import { askEngine, type EngineCall } from '../process/engine.ts';
import type { Context } from './context.ts';

export interface ImageUser {
  uid: number;
  gid: number;
  name: string;
  home: string;
}

/** What may stand in a field of `/etc/passwd`. */
const field = (text: string): string => text.replace(/[:\n\r]/g, '_');

/** A list of users that has one of this number: as it is, or with a line more. */
export const withUser = (passwd: string, { uid, gid, name, home }: ImageUser): string => {
  const lines = passwd.split('\n').filter((line) => line !== '');
  const fields = lines.map((line) => line.split(':'));
  if (fields.some((of) => of[2] === String(uid))) return passwd;
  const isTaken = fields.some(([taken]) => taken === name);
  const line = [isTaken ? `user${uid}` : field(name), 'x', uid, gid, '', field(home), '/bin/sh'].join(':');
  return `${[...lines, line].join('\n')}\n`;
};

const HOW = ['--rm', '--pull=never', '--log-driver', 'none', '--network', 'none', '--cap-drop', 'ALL'];

/**
 * A file for `/etc/passwd` of an image's containers, in which the user has a name: many programs end where their number
 * has none. Made once for an image, kept with what may be deleted at any time.
 * @returns undefined where the image does not tell its users
 */
export const usersFile = async (
  ctx: Pick<Context, 'home'>,
  call: EngineCall,
  image: string,
  user: ImageUser,
): Promise<string | undefined> => {
  const id = image.replace(/^sha256:/, '').slice(0, 24);
  const file = join(ctx.home.cache, 'images', `${id}-${user.uid}.passwd`);
  if (existsSync(file)) return file;
  const answer = await askEngine(call, ['run', ...HOW, '--entrypoint', 'cat', image, '/etc/passwd']);
  if (answer.exitCode !== 0) return undefined;
  writeFileAtomically(file, withUser(answer.stdout, user), 0o644);
  return file;
};
