/** What a commit of a repository's own past gives for a case: pure text work, no git. */

const TEST_FOLDER = /^(tests?|__tests__|__snapshots__|specs?|testing|testdata|e2e|fixtures)$/i;
const TEST_FILE =
  /^(test_.*|.*_test|.*_spec|conftest)\.[a-z]+$|\.(test|tests|spec|e2e|cy)\.[a-z]+$|^.*(Test|Tests|IT|Spec)\.(java|kt|kts|scala|groovy|cs|fs|vb|swift|php|m|mm)$|\.snap$|\.t$/;

/** `tests/**`, `*.check.js`, `lib/spec`: `*` stops at a slash, a folder stands for all below it. */
const globExpression = (glob: string): RegExp => {
  const source = glob
    .replace(/\/+$/, '')
    .split(/(\*\*\/|\*\*|\*|\?)/)
    .map((part) => {
      if (part === '**/') return '(?:.*/)?';
      if (part === '**') return '.*';
      if (part === '*') return '[^/]*';
      return part === '?' ? '[^/]' : part.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
    })
    .join('');
  // Without a slash it is a name, wherever it stands.
  return new RegExp(`^${glob.includes('/') ? '' : '(?:.*/)?'}${source}(?:/.*)?$`);
};

/**
 * Tells tests from the rest by path: by the user's own globs, else by what the usual runners look for.
 * @param globs empty: the usual names
 */
export const testPaths = (globs: readonly string[]): ((path: string) => boolean) => {
  const own = globs.map(globExpression);
  if (own.length > 0) return (path) => own.some((glob) => glob.test(path));
  return (path) => {
    const parts = path.split('/');
    return TEST_FILE.test(parts.at(-1)!) || parts.slice(0, -1).some((part) => TEST_FOLDER.test(part));
  };
};

const TRAILER = /^[A-Za-z][A-Za-z-]*(-by|-to|-id|-session|-iteration|-link|-url)?: \S/;
/** Trailers that say nothing about the task; others may be a sentence with a colon. */
const KNOWN_TRAILER =
  /^(signed-off-by|co-authored-by|reviewed-by|acked-by|tested-by|reported-by|suggested-by|helped-by|change-id|cc|amp-[a-z]+|fixes|closes|refs?|see-also|link|pull-request|reviewed-on|differential revision): /i;

const withoutTrailers = (body: string): string => {
  const paragraphs = body.trim().split(/\n{2,}/);
  const last = paragraphs.at(-1)?.split('\n') ?? [];
  const isTrailers =
    last.length > 0 && last.every((line) => TRAILER.test(line)) && last.some((line) => KNOWN_TRAILER.test(line));
  if (isTrailers) paragraphs.pop();
  return paragraphs
    .join('\n\n')
    .split('\n')
    .filter((line) => !KNOWN_TRAILER.test(line) && !/^\(cherry picked from commit [0-9a-f]+\)$/.test(line))
    .join('\n')
    .trim();
};

const isMergeSubject = (subject: string): boolean =>
  /^Merge (pull request #\d+|branch|branches|remote-tracking branch|tag|commit|MR|merge request)\b/i.test(subject);

/** The subject without what a forge puts behind it: ` (#123)`. */
const plainSubject = (subject: string): string => subject.replace(/(\s*\((#|gh-)\d+\))+\s*$/i, '').trim();

/** Subject and body as one text. */
const told = (message: string): string => {
  const [subject = '', ...rest] = message.trim().split('\n');
  return [plainSubject(subject), withoutTrailers(rest.join('\n'))].filter(Boolean).join('\n\n');
};

/**
 * What the agent is told: the commit's message without trailers and numbers of pull requests. A merge says it in its
 * body, else the commits that it brought do, oldest first.
 * @returns null where all that says too little to work from
 */
export const promptOf = (message: string, merged: readonly string[]): string | null => {
  const [subject = '', ...rest] = message.trim().split('\n');
  let prompt = told(message);
  if (isMergeSubject(subject)) {
    const body = withoutTrailers(rest.join('\n').trim());
    prompt = body === '' ? merged.map(told).filter(Boolean).join('\n\n') : told(body);
  }
  return prompt.replace(/[^\p{L}]/gu, '').length < 8 ? null : prompt;
};

/** A name for the case: words of the prompt's first line, and the commit. */
export const caseIdOf = (prompt: string, commit: string): string => {
  const words = prompt
    .split('\n')[0]!
    .normalize('NFKD')
    .toLowerCase()
    .match(/[a-z0-9]+/g);
  let slug = '';
  for (const word of words ?? []) {
    if (slug.length + word.length > 40) break;
    slug += `${word}-`;
  }
  return `${slug}${commit.slice(0, 8)}`;
};
