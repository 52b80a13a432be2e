import { formatCount, formatDuration } from '../format.ts';
import {
  cost,
  costOfLine,
  costOfRow,
  date,
  diff,
  isSeen,
  left,
  moment,
  number,
  outcome,
  pageId,
  right,
  SAID,
  share,
  text,
  time,
  tokens,
} from './cells.ts';
import { type Block, type Cell, type Section, shorten } from './document.ts';
import type { Facts, Figures, PageFacts, Row } from './facts.ts';
import { failureBlocks, modelBlocks, toolBlocks } from './lists.ts';

const PROMPT = 2000;
/** Rows of a timeline; a session of months has thousands. */
const STORY = 200;

type Fact = [label: string, cell: Cell];

const when = (label: string, value: unknown): Fact[] => (value ? [[label, text(moment(value))]] : []);
const told = (label: string, value: unknown): Fact[] => (isSeen(value) ? [[label, text(value, SAID)]] : []);

/** Figures of some part of the history, as pairs; what there is none of is left out. */
export const figureFacts = (figures: Figures): Fact[] => {
  const { iterations, toolCalls, testRuns, commits, errors } = figures;
  const facts: (Fact | false)[] = [
    ['Cost', cost(figures)],
    ['Iterations', number(iterations, 'iterations')],
    iterations > 0 && ['Time of iterations', time(figures.durationMs, 'durationMs')],
    figures.iterationP50Ms !== null && ['Half within', time(figures.iterationP50Ms, 'iterationP50Ms')],
    figures.iterationP95Ms !== null && ['95% within', time(figures.iterationP95Ms, 'iterationP95Ms')],
    figures.tokensInput !== null && ['Tokens in', tokens(figures.tokensInput, 'tokensInput')],
    figures.tokensOutput !== null && ['Tokens out', tokens(figures.tokensOutput, 'tokensOutput')],
    figures.tokensCacheRead !== null && ['Cache read', tokens(figures.tokensCacheRead, 'tokensCacheRead')],
    figures.tokensCacheWrite !== null && ['Cache written', tokens(figures.tokensCacheWrite, 'tokensCacheWrite')],
    toolCalls > 0 && ['Tool calls', number(toolCalls, 'toolCalls')],
    toolCalls > 0 && ['Failed calls', number(figures.toolFailures, 'toolFailures')],
    testRuns > 0 && ['Test runs', number(testRuns, 'testRuns')],
    testRuns > 0 && ['Passed', share(figures.testPassRate, 'testPassRate')],
    commits > 0 && ['Commits', number(commits, 'commits')],
    commits > 0 && ['Lines', diff(figures.insertions, figures.deletions)],
    figures.landedCommits > 0 && ['Lines landed', number(figures.landedLines, 'landedLines')],
    figures.costPerLandedLineUsd !== null && [
      'Cost of a landed line',
      costOfLine(figures.costPerLandedLineUsd, figures.costIsLowerBound),
    ],
    figures.shareDiscarded !== null && ['Thrown away', share(figures.shareDiscarded, 'shareDiscarded')],
    errors > 0 && ['Failures', { ...number(errors, 'errors'), note: `${figures.errorsRecovered} put right` }],
  ];
  return facts.filter((fact): fact is Fact => fact !== false);
};

/** What happened, in a word and a text. */
const happened = (row: Row): [what: string, cell: Cell] => {
  const said = text(row['says'], SAID);
  const at = row['iteration'] === null || row['iteration'] === undefined ? '' : ` ${row['iteration']}`;
  switch (row['kind']) {
    case 'iteration': {
      const note = [row['agent'], row['target']].filter(Boolean).join(', ');
      return [
        `Iteration${at}`,
        { ...(row['says'] ? said : text(note)), ...(row['says'] ? { note: shorten(note, SAID) } : {}) },
      ];
    }
    case 'tests':
      return [row['target'] === 'base' ? 'Tests of the base' : `Tests of${at}`, said];
    case 'error':
      return ['Failure', row['says'] ? said : { text: '' }];
    case 'commit':
      return ['Commit by hand', { ...said, note: row['agent'] ? shorten(`by ${row['agent']}`, SAID) : undefined }];
    default:
      return [
        shorten(String(row['agent'] ?? 'Operation'), SAID),
        row['says'] ? said : row['target'] ? text(row['target'], SAID) : { text: '' },
      ];
  }
};

const ended = (row: Row): Cell => {
  const fate = row['fate'] ? shorten(String(row['fate']), SAID) : undefined;
  if (row['kind'] === 'commit') return { text: fate ?? '' };
  const note = row['kind'] === 'error' ? (fate ? `put right by ${fate}` : 'not put right') : fate;
  return { ...outcome(row['outcome']), ...(row['kind'] === 'error' && { tone: 'bad' as const }), note };
};

const storyBlocks = (story: Row[]): Block[] => {
  if (story.length === 0) return [{ kind: 'say', text: 'Nothing has happened in it yet.' }];
  const rest = story.length - STORY;
  const rows = story.slice(Math.max(rest, 0)).map((row) => {
    const [what, cell] = happened(row);
    const hasTime = row['duration_ms'] !== null && row['duration_ms'] !== undefined;
    return [
      { text: moment(row['began']) },
      { text: what },
      cell,
      ended(row),
      { text: hasTime ? formatDuration(Number(row['duration_ms'])) : '' },
      row['insertions'] || row['deletions'] ? diff(row['insertions'], row['deletions']) : { text: '' },
      row['kind'] === 'iteration' ? costOfRow(row) : { text: '' },
    ];
  });
  const columns = [
    date('When'),
    left('What'),
    left('Text', true),
    left('Ended'),
    right('Time'),
    right('Lines'),
    right('Cost'),
  ];
  const before: Block[] =
    rest > 0 ? [{ kind: 'say', text: `The last ${STORY} of ${story.length}; amp-sessions timeline shows all.` }] : [];
  return [...before, { kind: 'table', columns, rows }];
};

const named = (title: string, blocks: Block[]): Block[] =>
  blocks.length > 0 ? [{ kind: 'title', text: title }, ...blocks] : [];

const stat = ({ commits, files, insertions, deletions }: Figures): string => {
  const all = formatCount(insertions + deletions, 'line');
  return `${formatCount(commits, 'commit')} changed ${formatCount(files, 'file')} and ${all}: ${insertions} added, ${deletions} taken away.`;
};

/** A session's own page: what it was asked, its figures, what happened, and what of it was used and went wrong. */
export const pageOf = (
  { session, row, figures }: Facts['sessions'][number],
  { story, ...lists }: PageFacts,
): Section => {
  const prompt = isSeen(row['prompt']) ? shorten(String(row['prompt']), PROMPT) : '';
  const facts: Fact[] = [
    ...(row['status'] ? ([['Status', outcome(row['status'])]] as Fact[]) : []),
    ...told('Agent', row['agent']),
    ...told('Mode', row['mode']),
    ...told('Base', row['base']),
    ...told('Branch', row['branch']),
    ...when('Made', row['created_at']),
    ...when('Last activity', row['last_activity_at']),
    ...told('Merged into', row['merged_into']),
    ...told('Pull request', row['pull_request']),
    ...figureFacts(figures),
  ];
  return {
    id: pageId(session),
    title: `Session ${session}`,
    isPage: true,
    blocks: [
      ...(isSeen(row['name']) ? [{ kind: 'title', text: shorten(String(row['name']), SAID) } as Block] : []),
      ...(prompt ? [{ kind: 'quote', text: prompt } as Block] : []),
      { kind: 'facts', facts },
      ...named('Timeline', storyBlocks(story)),
      ...(figures.commits > 0 ? [{ kind: 'say', text: stat(figures) } as Block] : []),
      ...named('Models', modelBlocks(lists)),
      ...named('Tools', toolBlocks(lists)),
      ...named('Failures', failureBlocks(lists)),
    ],
  };
};
