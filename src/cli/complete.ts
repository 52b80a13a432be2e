/**
 * What may stand at the cursor of a command line, told from the manifest alone: fast and without a look at the disk.
 * The values themselves (sessions, settings, branches) are filled in by `src/complete-main.ts`.
 */
export interface ManifestFlag {
  char?: string;
  type: 'boolean' | 'option';
  summary?: string;
  description?: string;
  options?: string[];
  multiple?: boolean;
  hidden?: boolean;
}

export interface ManifestCommand {
  id: string;
  hidden?: boolean;
  summary?: string;
  description?: string;
  args?: Record<string, { options?: string[]; multiple?: boolean }>;
  flags?: Record<string, ManifestFlag>;
}

export interface Choice {
  value: string;
  description?: string;
}

/** Values only known at run time, by the name of the argument or flag that takes them. */
export type Source = 'sessions' | 'batches' | 'settings' | 'agents' | 'commits' | 'tables' | 'files' | 'directories';

export type Completion =
  | { kind: 'choices'; choices: Choice[] }
  /** `prefix` stands before each value, as in `--agent=amp`. */
  | { kind: 'source'; source: Source; prefix: string };

const SOURCES: Record<string, Source> = {
  session: 'sessions',
  sessions: 'sessions',
  batch: 'batches',
  run: 'batches',
  key: 'settings',
  agent: 'agents',
  base: 'commits',
  onto: 'commits',
  into: 'commits',
  directory: 'directories',
  repo: 'directories',
  dir: 'directories',
  table: 'tables',
  file: 'files',
  out: 'files',
  output: 'files',
  'prompt-file': 'files',
};

const NOTHING: Completion = { kind: 'choices', choices: [] };

/** bash cuts words at `=`: `--agent`, `=`, `am` is `--agent=am`. */
export const joinEquals = (words: string[]): string[] => {
  const joined: string[] = [];
  for (const [at, word] of words.entries()) {
    const before = joined.at(-1);
    const afterEquals = words[at - 1] === '=' && before?.startsWith('--');
    if (before?.startsWith('--') && (word === '=' || afterEquals)) joined[joined.length - 1] = before + word;
    else joined.push(word);
  }
  return joined;
};

const flagNamed = (command: ManifestCommand, word: string): [string, ManifestFlag] | undefined =>
  Object.entries(command.flags ?? {}).find(([name, { char }]) => word === `--${name}` || word === `-${char}`);

const takesValue = (command: ManifestCommand, word: string | undefined): [string, ManifestFlag] | undefined => {
  const found = word?.startsWith('-') ? flagNamed(command, word) : undefined;
  return found?.[1].type === 'option' ? found : undefined;
};

const valuesFor = (name: string, options: string[] | undefined, prefix: string): Completion => {
  if (options) return { kind: 'choices', choices: options.map((value) => ({ value: prefix + value })) };
  const source = SOURCES[name];
  return source ? { kind: 'source', source, prefix } : NOTHING;
};

const flagsOf = (command: ManifestCommand, used: string[]): Completion => {
  const free = Object.entries(command.flags ?? {}).filter(
    ([name, flag]) =>
      !flag.hidden && (flag.multiple || !used.some((word) => word === `--${name}` || word === `-${flag.char}`)),
  );
  const choices = free.map(([name, { summary, description }]) => ({
    value: `--${name}`,
    description: summary ?? description,
  }));
  return { kind: 'choices', choices: [...choices, { value: '--help', description: 'Show help.' }] };
};

/** Commands and topics that may follow the words so far. */
const nextWords = (commands: ManifestCommand[], path: string[]): Choice[] => {
  const prefix = path.length === 0 ? '' : `${path.join(':')}:`;
  const found = new Map<string, Choice>();
  for (const { id, hidden, summary, description } of commands) {
    if (hidden || !id.startsWith(prefix) || id === path.join(':')) continue;
    const [word, ...more] = id.slice(prefix.length).split(':');
    const known = found.get(word!);
    if (!known || more.length === 0)
      found.set(word!, { value: word!, description: more.length ? undefined : (summary ?? description) });
  }
  return [...found.values()].sort((a, b) => (a.value < b.value ? -1 : 1));
};

/** The words of the command among those before the cursor, and where its arguments begin. */
const findCommand = (commands: ManifestCommand[], words: string[]): { path: string[]; rest: string[] } => {
  let at = 0;
  while (at < words.length && words[at]!.startsWith('-'))
    at += words[at] === '-C' || words[at] === '--directory' ? 2 : 1;
  const path: string[] = [];
  for (const word of words.slice(at)) {
    const id = [...path, word].join(':');
    if (!commands.some((command) => command.id === id || command.id.startsWith(`${id}:`))) break;
    path.push(word);
  }
  return { path, rest: words.slice(at + path.length) };
};

/** How many positional arguments stand before the cursor. */
const positionals = (command: ManifestCommand, rest: string[]): number => {
  let count = 0;
  for (let at = 0; at < rest.length; at++) {
    if (takesValue(command, rest[at])) at += 1;
    else if (!rest[at]!.startsWith('-')) count += 1;
  }
  return count;
};

const argumentAt = (command: ManifestCommand, rest: string[]): Completion => {
  const args = Object.entries(command.args ?? {});
  const position = positionals(command, rest);
  // With --schema the statement of `sql` is the name of a table.
  if (command.flags?.['schema'] && rest.includes('--schema') && position === 0)
    return valuesFor('table', undefined, '');
  const [name, arg] = args[position] ?? args.filter(([, { multiple }]) => multiple).at(-1) ?? [];
  return name === undefined ? NOTHING : valuesFor(name, arg?.options, '');
};

/**
 * @param commands of the manifest
 * @param line words after the program's name; the last one is the word at the cursor, '' when it is just begun
 */
export const complete = (commands: ManifestCommand[], line: string[]): Completion => {
  const words = joinEquals(line);
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const { path, rest } = findCommand(commands, before);
  const command = commands.find(({ id }) => id === path.join(':'));
  if (!command) return current.startsWith('-') ? NOTHING : { kind: 'choices', choices: nextWords(commands, path) };

  const flag = takesValue(command, rest.at(-1));
  if (flag) return valuesFor(flag[0], flag[1].options, '');
  const [name, value] = current.split('=', 2);
  const inline = value === undefined ? undefined : takesValue(command, name);
  if (inline) return valuesFor(inline[0], inline[1].options, `${name}=`);
  if (current.startsWith('-')) return flagsOf(command, rest);

  const answer = argumentAt(command, rest);
  const more = rest.length === 0 ? nextWords(commands, path) : [];
  return answer.kind === 'choices' ? { kind: 'choices', choices: [...more, ...answer.choices] } : answer;
};
