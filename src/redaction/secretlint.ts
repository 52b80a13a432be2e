import type { Finding } from './placeholder.ts';

/**
 * secretlint's recommended rules, without its core. A rule is an object `create(context, options).file(source)` that
 * reports what it finds; the core would make all of them anew for each text and keep marks of every run for ever.
 * Three are left out: `filter-comments` would let the text itself switch the others off, `gcp` reads files from the
 * disk, and private keys are ours, cut-off ones too.
 */
const LEFT_OUT = new Set(['filter-comments', 'gcp', 'privatekey']);

interface Report {
  message: { data: Record<string, unknown> };
  range: readonly [number, number];
}

interface RuleCreator {
  meta: { id: string };
  create(context: unknown, options: object): { file?(source: object): unknown };
}

export type Secretlint = (text: string) => Finding[];

const nameOf = (id: string): string => id.replace(/^.*secretlint-rule-/, '');

/** Rules of connection strings report the whole address: only the password goes, and only where one really stands. */
const IN_ADDRESS = /:\/\/[^:/\s"'`\\]*:([^/\s"'`\\]+)@/;

const passwordIn = (address: string): string | undefined => IN_ADDRESS.exec(address)?.[1];

/** Some ranges start before the secret or end within it; the message holds the secret itself. */
const toFinding = (rule: string, text: string, { message, range }: Report): Finding | undefined => {
  const named = Object.values(message.data).filter((value) => typeof value === 'string' && value !== '') as string[];
  const places = named
    .map((value) => (rule === 'basicauth' || rule === 'database-connection-string' ? passwordIn(value) : value))
    .filter((value) => value !== undefined)
    .map((value) => ({ start: text.indexOf(value, range[0]), length: value.length }))
    .filter(({ start }) => start >= 0 && start <= range[1]);
  const best = places.sort((a, b) => b.length - a.length)[0];
  return best && { start: best.start, end: best.start + best.length, rule };
};

const prepare = (creators: readonly RuleCreator[]): Secretlint => {
  let findings: Finding[] = [];
  let text = '';
  const rules = creators
    .filter((creator) => !LEFT_OUT.has(nameOf(creator.meta.id)))
    .map((creator) => {
      const report = (found: Report): void => {
        const finding = toFinding(nameOf(creator.meta.id), text, found);
        if (finding) findings.push(finding);
      };
      const createTranslator = () => (messageId: string, data: object) => ({ message: '', messageId, data });
      return creator.create({ createTranslator, report, ignore: () => {}, sharedOptions: {} }, {});
    });
  return (content) => {
    findings = [];
    text = content;
    for (const rule of rules) rule.file?.({ content, filePath: undefined, ext: '', contentType: 'text' });
    return findings;
  };
};

let loaded: Promise<Secretlint> | undefined;

/** Loads the rules once, at the first text that could hold something. They use neither disk nor network. */
export const loadSecretlint = (): Promise<Secretlint> => {
  loaded ??= import('@secretlint/secretlint-rule-preset-recommend').then(({ rules }) =>
    prepare(rules as unknown as RuleCreator[]),
  );
  return loaded;
};
