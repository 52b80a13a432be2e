import { AppError } from '../errors.ts';
import type { Session } from '../session/state.ts';

/** For a verb that needs a branch or worktree which `rm` took away. */
export const sessionRemoved = ({ id, name }: Session): AppError =>
  new AppError('session.archived', `Session ${name} was removed, its branch and worktree with it.`, {
    hint: `Bring it back with \`amp-sessions resume ${id}\`, or start a new one with \`amp-sessions new\`.`,
  });
