import type { z } from 'zod';
import { type Invalid, show } from './invalid.ts';
import { Problems } from './problems.ts';
import { suggest } from './suggest.ts';
import type { YamlDocument } from './yaml-document.ts';

/** What a key of a schema means, and what completes "`key` must be …". */
interface KeyMeta {
  description: string;
  expects: string;
}

/** A file, what it has to be, and how what is wrong is told. */
interface Checking {
  yaml: YamlDocument;
  schema: z.ZodType;
  invalid: Invalid;
  /** The next step where the whole file is something else. */
  hint: string;
}

type Path = (string | number)[];
type Issue = z.core.$ZodIssue;

/** `matrix[2].promptFile`: as a program would write it. */
export const shownPath = (path: Path): string =>
  path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text ? `${text}.${part}` : part),
    '',
  );

/** What a schema is beneath `optional`, with what is said about it. */
const bare = (schema: z.ZodType): { schema: z.ZodType; meta: KeyMeta | undefined } => {
  let at = schema;
  let meta = at.meta() as KeyMeta | undefined;
  while (at.type === 'optional') {
    at = (at as z.ZodOptional<z.ZodType>).unwrap();
    meta ??= at.meta() as KeyMeta | undefined;
  }
  return { schema: at, meta };
};

/** The schemas that one step of a path may lead to. */
const below = (schema: z.ZodType, step: string | number): z.ZodType[] => {
  const { schema: at } = bare(schema);
  if (at.type === 'union')
    return ((at as z.ZodUnion<z.ZodType[]>).options as z.ZodType[]).flatMap((option) => below(option, step));
  if (at.type === 'array') return [(at as z.ZodArray<z.ZodType>).element];
  if (at.type === 'record') return [(at as z.ZodRecord).valueType as z.ZodType];
  if (at.type !== 'object') return [];
  const { shape } = at as z.ZodObject;
  return Object.hasOwn(shape, step) ? [shape[step as string] as z.ZodType] : [];
};

const schemasAt = (whole: z.ZodType, path: Path): z.ZodType[] =>
  path.reduce<z.ZodType[]>((at, step) => at.flatMap((schema) => below(schema, step)), [whole]);

/** The nearest thing on the way to a value of which something is said. */
const metaAt = (whole: z.ZodType, path: Path): { meta: KeyMeta; path: Path } | undefined => {
  for (let length = path.length; length > 0; length--) {
    const meta = schemasAt(whole, path.slice(0, length))
      .map((schema) => bare(schema).meta)
      .find((found) => found?.expects !== undefined);
    if (meta) return { meta, path: path.slice(0, length) };
  }
  return undefined;
};

const keysOf = (schema: z.ZodType): string[] => {
  const { schema: at } = bare(schema);
  if (at.type === 'union') return ((at as z.ZodUnion<z.ZodType[]>).options as z.ZodType[]).flatMap(keysOf);
  return at.type === 'object' ? Object.keys((at as z.ZodObject).shape) : [];
};

const valueAt = (tree: unknown, path: Path): unknown =>
  path.reduce<unknown>((at, step) => (at as Record<string | number, unknown> | undefined)?.[step], tree);

/** What is missing may stand there misspelt: then that is told. */
const telling = (issues: readonly Issue[], value: unknown): Issue => {
  const [first] = issues as [Issue];
  const isMissing = valueAt(value, first.path as Path) === undefined;
  return (isMissing && issues.find(({ code }) => code === 'unrecognized_keys')) || first;
};

/** What is told first comes first; what is missing because it stands there misspelt is not told twice. */
const inOrder = (issues: readonly Issue[], value: unknown): Issue[] => {
  const first = telling(issues, value);
  const misspelt = issues.filter(({ code }) => code === 'unrecognized_keys').map(({ path }) => shownPath(path as Path));
  const rest = issues.filter(
    (issue) =>
      issue !== first &&
      !(
        valueAt(value, issue.path as Path) === undefined &&
        misspelt.includes(shownPath(issue.path.slice(0, -1) as Path))
      ),
  );
  return [first, ...rest];
};

/** Of what may be one thing or another, what is wrong with it as the thing that it looks like. */
const innermost = (issue: Issue, tree: unknown): { issue: Issue; path: Path }[] => {
  const path = issue.path as Path;
  if (issue.code !== 'invalid_union') return [{ issue, path }];
  const value = valueAt(tree, path);
  const isGroup = typeof value === 'object' && value !== null;
  const found = issue.errors.find(
    ([first]) => first && isGroup && (first.path.length > 0 || first.code === 'unrecognized_keys'),
  );
  if (!found) return [{ issue, path }];
  return inOrder(found, value).flatMap((better) =>
    innermost({ ...better, path: [...path, ...better.path] } as Issue, tree),
  );
};

const unknownKey = (path: Path, { yaml: { locate }, schema, invalid }: Checking) => {
  const known = schemasAt(schema, path.slice(0, -1)).flatMap(keysOf);
  const key = String(path.at(-1));
  const meant = suggest(key, known);
  const hint = meant
    ? `Did you mean \`${meant}\`?`
    : `Here may stand ${known.map((name) => `\`${name}\``).join(', ')}.`;
  return invalid({ ...locate(path, 'name'), key: shownPath(path) }, `there is no key \`${shownPath(path)}\`.`, hint);
};

const wrongValue = (path: Path, { yaml: { tree, locate }, ...how }: Checking, what: 'value' | 'name') => {
  const found = metaAt(how.schema, path);
  const value = valueAt(tree, path);
  const name = path.length === 0 ? 'the file' : `\`${shownPath(path)}\``;
  const expects = found && found.path.length === path.length ? found.meta.expects : undefined;
  const must =
    expects === undefined && found
      ? `\`${shownPath(found.path)}\` must be ${found.meta.expects}; ${name} is ${show(value)}.`
      : `${name} must be ${expects ?? 'a group of keys'}, not ${show(value)}.`;
  const sentence = value === undefined ? `${name} is missing.` : must;
  const key = path.length === 0 ? {} : { key: shownPath(path) };
  return how.invalid({ ...locate(path, what), ...key }, sentence, found?.meta.description ?? how.hint);
};

/** A list of the right things, and too many of them; undefined where it is something else. */
const tooLong = (issue: Issue, path: Path, { yaml: { tree, locate }, invalid }: Checking) => {
  const value = valueAt(tree, path);
  if (issue.code !== 'too_big' || !Array.isArray(value)) return undefined;
  const says = `\`${shownPath(path)}\` has ${value.length} entries, and may have ${issue.maximum} at most.`;
  return invalid(
    { ...locate(path, 'value'), key: shownPath(path) },
    says,
    'Leave some out, or make several files of it.',
  );
};

/** The number that stands for a revision, as it is written: `1234567`, `12e4567` and `0012345` may all be commits. */
const revisionsAsWritten = (yaml: YamlDocument, keys: readonly string[], at = yaml.tree, path: Path = []): void => {
  if (typeof at !== 'object' || at === null) return;
  for (const [name, value] of Object.entries(at)) {
    const to = [...path, Array.isArray(at) ? Number(name) : name];
    if (typeof value !== 'number') revisionsAsWritten(yaml, keys, value, to);
    else if (keys.includes(name)) (at as Record<string, unknown>)[name] = yaml.written(to) ?? value;
  }
};

/**
 * Holds a file against a schema whose keys carry `description` and `expects`.
 * @param hint the next step where the whole file is something else
 * @param revisions keys that name a revision, whose digits are no number
 * @throws what `invalid` makes, about all that is wrong: file, line, column and key
 */
export const checkDocument = <T extends z.ZodType>(
  yaml: YamlDocument,
  { schema, revisions = [], ...told }: { schema: T; invalid: Invalid; hint: string; revisions?: readonly string[] },
): z.infer<T> => {
  revisionsAsWritten(yaml, revisions);
  const result = schema.safeParse(yaml.tree);
  if (result.success) return result.data;
  const how = { yaml, schema, ...told };
  const errors = inOrder(result.error.issues, yaml.tree)
    .flatMap((issue) => innermost(issue, yaml.tree))
    .flatMap(({ issue, path }) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => unknownKey([...path, key], how))
        : [tooLong(issue, path, how) ?? wrongValue(path, how, issue.code === 'invalid_key' ? 'name' : 'value')],
    );
  const problems = new Problems(errors[0]!.code);
  for (const error of errors)
    problems.attempt(() => {
      throw error;
    }, undefined);
  problems.end();
  throw errors[0]!;
};
