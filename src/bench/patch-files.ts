/** A file that a patch touches. */
export interface PatchedFile {
  /** As it is called afterwards; of a deleted file, before. */
  path: string;
  /** Another name that it had before. */
  previous: string | null;
  kind: 'added' | 'deleted' | 'changed';
}

const ESCAPES: Record<string, number> = { n: 10, t: 9, r: 13, '"': 34, '\\': 92, a: 7, b: 8, f: 12, v: 11 };

/** A name as git quotes it: `"sp\303\244t"`. */
const unquote = (name: string): string => {
  if (!name.startsWith('"')) return name;
  const bytes: number[] = [];
  for (const [, octal, letter, plain] of name.slice(1, -1).matchAll(/\\([0-7]{3})|\\(.)|([^\\]+)/gs)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else if (letter !== undefined) bytes.push(ESCAPES[letter] ?? letter.charCodeAt(0));
    else bytes.push(...Buffer.from(plain!));
  }
  return Buffer.from(bytes).toString('utf8');
};

/** `a/x` and `b/x` are x; `/dev/null` is no file. A time behind a tab is no part of the name. */
const named = (given: string): string | null => {
  const name = unquote(given.startsWith('"') ? given : given.replace(/\t.*$/, ''));
  return name === '/dev/null' ? null : name.replace(/^[^/]*\//, '');
};

/** Both sides of `diff --git a/x b/x`: names that differ are said again in the lines below. */
const sidesOf = (line: string): string | null => {
  const rest = line.slice('diff --git '.length);
  const quoted = /^"(?:[^"\\]|\\.)*" (.+)$/.exec(rest);
  if (quoted) return named(quoted[1]!);
  const half = rest.slice(0, (rest.length - 1) / 2);
  return named(half);
};

/** Passes over the lines of a hunk, so that what they hold is not taken for a heading. */
const hunkEnd = (lines: string[], at: number): number => {
  const [, , before = '1', , after = '1'] = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(lines[at]!) ?? [];
  let [minus, plus] = [Number(before), Number(after)];
  let next = at + 1;
  for (; next < lines.length && (minus > 0 || plus > 0); next++) {
    const mark = lines[next]![0];
    if (mark !== '+' && mark !== '\\') minus -= 1;
    if (mark !== '-' && mark !== '\\') plus -= 1;
  }
  return next;
};

class Gatherer {
  readonly files: PatchedFile[] = [];
  #now: { before: string | null; after: string | null } | undefined;

  /** A new file's lines begin. */
  open(name: string | null): void {
    this.close();
    this.#now = { before: name, after: name };
  }

  side(which: 'before' | 'after', name: string | null): void {
    this.#now ??= { before: null, after: null };
    this.#now[which] = name;
  }

  close(): void {
    const { before = null, after = null } = this.#now ?? {};
    this.#now = undefined;
    const path = after ?? before;
    if (path === null) return;
    const kind = before === null ? 'added' : after === null ? 'deleted' : 'changed';
    this.files.push({ path, previous: before !== null && before !== path ? before : null, kind });
  }
}

/** What one heading line says. */
const readHeading = (line: string, into: Gatherer): void => {
  if (line.startsWith('diff --git ')) into.open(sidesOf(line));
  else if (line.startsWith('--- ')) into.side('before', named(line.slice(4)));
  else if (line.startsWith('+++ ')) into.side('after', named(line.slice(4)));
  else if (line.startsWith('new file mode')) into.side('before', null);
  else if (line.startsWith('deleted file mode')) into.side('after', null);
  else if (/^(rename|copy) from /.test(line)) into.side('before', unquote(line.slice(line.indexOf('from ') + 5)));
  else if (/^(rename|copy) to /.test(line)) into.side('after', unquote(line.slice(line.indexOf('to ') + 3)));
};

/** The files that a patch touches, in its order; git's own form, and plain `---`/`+++`. */
export const filesOfPatch = (patch: string): PatchedFile[] => {
  const lines = patch.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  const into = new Gatherer();
  let hasHunks = false;
  for (let at = 0; at < lines.length; ) {
    const line = lines[at]!;
    if (line.startsWith('@@ -')) {
      at = hunkEnd(lines, at);
      hasHunks = true;
      continue;
    }
    // A plain patch has nothing but this between two files.
    if (line.startsWith('--- ') && hasHunks) into.close();
    if (line.startsWith('diff --git ') || line.startsWith('--- ')) hasHunks = false;
    readHeading(line, into);
    at += 1;
  }
  into.close();
  return into.files;
};

/** Every path that a patch gives a file, or takes one from. */
export const pathsOfPatch = (patch: string): string[] => [
  ...new Set(filesOfPatch(patch).flatMap(({ path, previous }) => (previous === null ? [path] : [path, previous]))),
];

/** Beside the tests themselves, patches bring data along: no runner is given these. Source: the official harness. */
const NO_TESTS = /(\.(json|png|txt|md|jpe?g|pkl|ya?ml|toml)|csv)$/;

/** The files of a test patch that a test command is to run; Django's runner wants them as modules. */
export const testFiles = (testPatch: string, repo?: string): string[] => {
  const files = filesOfPatch(testPatch).filter(({ kind, path }) => kind !== 'deleted' && !NO_TESTS.test(path));
  const paths = [...new Set(files.map(({ path }) => path))];
  if (repo !== 'django/django') return paths;
  return paths.map((path) =>
    path
      .replace(/\.py$/, '')
      .replace(/^tests\//, '')
      .replaceAll('/', '.'),
  );
};
