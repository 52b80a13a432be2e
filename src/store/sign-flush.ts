import { AppError } from '../errors.ts';
import type { Repository } from '../git/repository.ts';
import { authorship, encodeCommit } from './objects/encode.ts';
import type { FlushPlan } from './plan-flush.ts';

/** Whether flushes that close a session are to be signed. */
export interface Signing {
  isWished(): boolean;
  /** No signature could be made; the flush goes on without one. */
  failed(reason: string): void;
}

const WITHOUT = /^gpgsig(?:-sha256)? .*\n(?: .*\n)*/m;

/** The signer of a lane's flushes; undefined when none is wished for. A signature that fails never holds up a flush. */
export const signerOf = ({ repo, signing }: { repo: Repository; signing?: Signing | undefined }): FlushPlan['sign'] => {
  if (!signing) return undefined;
  return async ({ tree, parents, at, message }) => {
    if (!signing.isWished()) return undefined;
    try {
      const { signCommit } = await import('../git/sign-commit.ts');
      const bytes = await signCommit(repo, { tree, parents, message, env: authorship(at) });
      const text = bytes.toString('utf8');
      const [, id = ''] = /^tree (\S+)$/m.exec(text) ?? [];
      const plain = encodeCommit({ tree: id, parents, at, message }).toString('utf8');
      if (text.replace(WITHOUT, '') === plain) return bytes;
      signing.failed('git made another commit than was asked for');
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      signing.failed(error.message);
    }
    return undefined;
  };
};
