import type { Analysis } from '../open.ts';
import type { Value } from '../tables/table.ts';
import { quote } from '../text.ts';
import { type Snippet, snippetOf } from './snippet.ts';
import { KINDS, type Kind, TEXTS, WEIGHTS } from './texts.ts';
import { needles, type Phrase, parseWords, patterns } from './words.ts';

export interface SearchWish {
  words: string;
  /** Id, beginning of it, or name of the only session to look through. */
  session?: string;
  /** ISO-8601, both included. */
  since?: string;
  until?: string;
  limit: number;
  /** Characters of a snippet. */
  room?: number;
}

/** A text that was found. */
export interface SearchHit extends Snippet {
  repository: string;
  session: string;
  /** Name of the session. */
  name: string | null;
  /** null: it belongs to the session, not to one iteration. */
  iteration: number | null;
  kind: Kind;
  /** The event that has it; null where the transcript has it. */
  writer: string;
  seq: number | null;
  /** Its first line in the transcript of the iteration; null where an event has it. */
  line: number | null;
  at: string | null;
  /** How well it fits, the best of an answer first; only to be compared within one answer. */
  score: number;
}

export interface Found {
  items: SearchHit[];
  /** Texts that fit, shown or not. */
  total: number;
}

/** As in BM25: how soon a word that comes again counts less, and how much long texts are held back. */
const K1 = 1.2;
const B = 0.75;

const FOLDED = 'strip_accents(lower(text))';

const pieces = (phrase: Phrase): string[] => needles(phrase).map((piece) => `contains(folded, ${quote(piece)})`);

const matches = (phrase: Phrase, pattern: string): string =>
  `(${[...pieces(phrase), `regexp_matches(folded, ${quote(pattern)})`].join(' AND ')})`;

const counted = (pattern: string): string => `len(regexp_extract_all(folded, ${quote(pattern)}))`;

/** How often: within a word it counts a quarter, at its beginning a half. */
const often = (phrase: Phrase): string => {
  const { anywhere, begins, whole } = patterns(phrase);
  return `(${counted(anywhere)} + ${counted(begins)} + 2 * ${counted(whole)}) / 4.0`;
};

const within = ({ session, since, until }: SearchWish): string[] => [
  ...(session === undefined
    ? []
    : [
        `session IN (SELECT session FROM sessions WHERE starts_with(session, ${quote(session)}) OR name = ${quote(session)})`,
      ]),
  ...(since === undefined ? [] : [`"at" >= ${quote(since)}::TIMESTAMPTZ`]),
  ...(until === undefined ? [] : [`"at" <= ${quote(until)}::TIMESTAMPTZ`]),
];

const weight = (): string => `CASE kind ${KINDS.map((kind) => `WHEN '${kind}' THEN ${WEIGHTS[kind]}`).join(' ')} END`;

/** `f1`, `f2`, …: how often each phrase is there; `n1`, `n2`, …: in how many texts its pieces are. */
const rank = (wanted: readonly Phrase[], isWeighed: boolean): string =>
  wanted
    .map((_, at) => {
      const rarity = isWeighed ? `ln(1 + (n - n${at} + 0.5) / (n${at} + 0.5))` : '1';
      return `${rarity} * f${at} * ${K1 + 1} / (f${at} + ${K1} * (${1 - B} + ${B} * long / avg_long))`;
    })
    .join(' + ');

/**
 * BM25 in SQL over the rows that fit. Its rows: repo, session, name, iteration, kind, writer, seq, said_at, at, text, score, total.
 * What was said twice in a session (its task is its first prompt) is found once.
 */
const statement = (wanted: readonly Phrase[], unwanted: readonly Phrase[], wish: SearchWish): string => {
  const isWeighed = wanted.length > 1;
  const where = [...within(wish), 'folded IS NOT NULL'];
  const having = [
    ...wanted.map((phrase) => matches(phrase, patterns(phrase).anywhere)),
    ...unwanted.map((phrase) => `NOT ${matches(phrase, patterns(phrase).begins)}`),
  ];
  const rows = `SELECT *, ${FOLDED} AS folded FROM (${TEXTS})`;
  const seen = wanted.map((phrase, at) => `count_if(${pieces(phrase).join(' AND ') || 'true'}) AS n${at}`);
  const all = isWeighed
    ? `, counts AS (SELECT count(*) AS n, ${seen.join(', ')} FROM (${rows}) WHERE ${where.join(' AND ')})`
    : '';
  return `WITH found AS (
      SELECT *, length(folded)::DOUBLE AS long, ${wanted.map((phrase, at) => `${often(phrase)} AS f${at}`).join(', ')}
      FROM (${rows}) WHERE ${[...where, ...having].join(' AND ')}
      QUALIFY row_number() OVER (PARTITION BY repo, session, kind, text ORDER BY iteration IS NULL, "at", writer, seq, said_at) = 1
    ), average AS (SELECT avg(long) AS avg_long FROM found)${all}
    SELECT found.repo, found.session, name, iteration, kind, found.writer, found.seq, found.said_at, "at", text,
      ${weight()} * (${rank(wanted, isWeighed)}) AS score, count(*) OVER () AS total
    FROM found CROSS JOIN average ${isWeighed ? 'CROSS JOIN counts' : ''}
    LEFT JOIN sessions ON sessions.repo = found.repo AND sessions.session = found.session
    ORDER BY score DESC, "at" DESC, found.repo, found.session, found.writer, found.seq, found.said_at LIMIT ${Math.trunc(wish.limit)}`;
};

/** Words as the texts are folded, by what folds those. */
const foldAll = async (analysis: Analysis, phrases: readonly Phrase[]): Promise<Phrase[]> => {
  const words = phrases.flat();
  const { rows } = await analysis.query('SELECT strip_accents(lower(word)) FROM (SELECT unnest($1) AS word)', [words]);
  const folded = rows.map(([word]) => String(word));
  return phrases.map((phrase) => folded.splice(0, phrase.length).filter((word) => word !== ''));
};

const hitOf = (row: Value[], wanted: readonly Phrase[], room: number | undefined): SearchHit => {
  const [repository, session, name, iteration, kind, writer, seq, line, at, text, score] = row as [
    string,
    string,
    string | null,
    number | null,
    Kind,
    string,
    number | null,
    number | null,
    string | null,
    string,
    number,
  ];
  const place = { repository, session, name, iteration, kind, writer, seq, line, at };
  return { ...place, score: Math.round(score * 1000) / 1000, ...snippetOf(text, wanted, room) };
};

/**
 * Texts of sessions with all of the words, the best first.
 * @throws AppError `usage.invalid`
 */
export const search = async (analysis: Analysis, wish: SearchWish): Promise<Found> => {
  const { wanted, unwanted } = parseWords(wish.words);
  const folded = await foldAll(analysis, [...wanted, ...unwanted]);
  const [isIn, isOut] = [folded.slice(0, wanted.length), folded.slice(wanted.length)];
  const { rows } = await analysis.query(statement(isIn, isOut, wish));
  return { items: rows.map((row) => hitOf(row, wanted, wish.room)), total: Number(rows[0]?.at(-1) ?? 0) };
};
