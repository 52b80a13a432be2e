import { AppError } from '../errors.ts';

const ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const REF = /^(?!.*(?:\.\.|@\{|\/\/|\.lock(?:\/|$)|\/\.|\.\/))refs\/[^\0-\x20\x7f~^:?*[\\]+(?<![/.])$/s;

/** A full object id, of either format. */
export const isId = (text: string): boolean => ID.test(text);

/** A full ref name, such as `refs/heads/main`. Source: git-check-ref-format(1). */
export const isFullRef = (text: string): boolean => REF.test(text);

/** Only ids reach a process that is fed names. @throws AppError ref.missing */
export const assertId = (text: string): void => {
  if (!isId(text)) throw new AppError('ref.missing', `${JSON.stringify(text)} is not an object id.`);
};

/** @throws AppError ref.missing */
export const assertFullRef = (text: string): void => {
  if (!isFullRef(text)) throw new AppError('ref.missing', `${JSON.stringify(text)} is not a full ref name.`);
};

/** A short branch name as a full ref; a full one stays. */
export const branchRef = (branch: string): string =>
  branch.startsWith('refs/heads/') ? branch : `refs/heads/${branch}`;
