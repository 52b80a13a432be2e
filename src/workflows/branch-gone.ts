import { AppError } from '../errors.ts';
import type { Session } from '../session/state.ts';

/** Somebody deleted a session's branch; its commits are kept. */
export const branchGone = ({ branch, name }: Session): AppError =>
  new AppError('ref.missing', `The branch ${branch} of session ${name} is gone.`, {
    hint: '`amp-sessions doctor --fix` puts it back, with its commits.',
  });
