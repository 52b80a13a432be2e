/** A case as `bench init` writes it; patches and prompts lie in files of their own beside the suite. */
export interface WrittenCase {
  id: string;
  commit: string;
  /** What it was made of, for its readers. */
  from: string;
  prompt: string;
  hiddenPatch: string;
  solution: string;
  parser: string;
  failToPass: string[] | null;
  passToPass: string[] | null;
}

export interface WrittenSuite {
  suite: string;
  /** As seen from the file. */
  repo: string;
  setup: string | null;
  test: string;
  testTimeoutSec: number | null;
  cases: readonly WrittenCase[];
}

/** Any text as a YAML scalar on one line: JSON's strings are YAML's, but for what JSON leaves as it is. */
const scalar = (text: string): string =>
  JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** A text of lines as a block where it can be one, so that it can be read and mended. */
const block = (text: string, indent: string): string => {
  const isPlain = /^[\n\x20-\x7e\u00a1-\ud7ff\ue000-\ufefe\uff00-\ufffd]*$/.test(text) && !/\u2028|\u2029/.test(text);
  if (!isPlain || !/^[^\s]/.test(text) || /\s$/.test(text)) return scalar(text);
  return `|-\n${text.replace(/^(?=.)/gm, indent)}`;
};

const namesOf = (key: string, names: string[] | null): string[] =>
  names === null || names.length === 0 ? [] : [`    ${key}:`, ...names.map((name) => `      - ${scalar(name)}`)];

const caseLines = (one: WrittenCase): string[] => [
  `  # ${one.from.replace(/[^\x20-\x7e\u00a1-\ud7ff]/g, ' ').trim()}`,
  `  - id: ${scalar(one.id)}`,
  `    commit: ${scalar(one.commit)}`,
  `    prompt: ${block(one.prompt, '      ')}`,
  `    hiddenPatch: ${scalar(one.hiddenPatch)}`,
  `    solution: ${scalar(one.solution)}`,
  `    parser: ${one.parser}`,
  ...namesOf('failToPass', one.failToPass),
  ...namesOf('passToPass', one.passToPass),
];

/** The suite file as text. */
export const suiteYaml = ({ suite, repo, setup, test, testTimeoutSec, cases }: WrittenSuite): string =>
  `${[
    '# Made by `amp-sessions bench init --from-history`: each case fails before and passes after, tried out here.',
    `suite: ${scalar(suite)}`,
    'defaults:',
    `  repo: ${scalar(repo)}`,
    ...(setup === null ? [] : [`  setup: ${scalar(setup)}`]),
    `  test: ${scalar(test)}`,
    ...(testTimeoutSec === null ? [] : [`  testTimeoutSec: ${testTimeoutSec}`]),
    'cases:',
    ...cases.flatMap(caseLines),
  ].join('\n')}\n`;
