import type { ChalkInstance } from 'chalk';
import type { LineKind, Scope, Segment } from './model.ts';

/** How the parts of a patch are coloured. */
export interface Palette {
  /** The pieces of a line, on its ground. */
  line(kind: LineKind, segments: Segment[]): string;
  /** The sign or the number of a line. */
  gutter(kind: LineKind, text: string): string;
  /** Spaces on the ground of a line. */
  ground(kind: LineKind, text: string): string;
  path(text: string): string;
  note(text: string): string;
  range(text: string): string;
  added(text: string): string;
  removed(text: string): string;
}

interface Shade {
  ground: string;
  strong: string;
  text: string;
}

type Inks = Record<Exclude<Scope, ''>, string>;

/** Grounds for lines, and inks that can be read on all of them. */
const DARK: { removed: Shade; added: Shade; inks: Inks } = {
  removed: { ground: '#3c1418', strong: '#7a0f18', text: '#f2e3e3' },
  added: { ground: '#0f3316', strong: '#156919', text: '#e3f2e6' },
  inks: {
    keyword: '#ff9bce',
    string: '#f2d58b',
    comment: '#a8a8a8',
    number: '#8fd6ff',
    title: '#c4b5ff',
    type: '#86e1d2',
  },
};
const LIGHT: typeof DARK = {
  removed: { ground: '#ffe3e1', strong: '#ffb3ad', text: '#24292f' },
  added: { ground: '#d9f7df', strong: '#95e3a6', text: '#24292f' },
  inks: {
    keyword: '#a3003c',
    string: '#0a3069',
    comment: '#57606a',
    number: '#0550ae',
    title: '#6639ba',
    type: '#8a3800',
  },
};

/** COLORFGBG, which some terminals set, ends with the number of the ground's colour; 7 and 9 to 15 are light. */
const isLight = (env: Record<string, string | undefined>): boolean =>
  /(?:^|;)(?:7|9|1[0-5])$/.test(env['COLORFGBG'] ?? '');

type Paint = (text: string) => string;

/** How a piece is painted, as a function that is the same one for pieces that look alike. */
type Choose = (kind: LineKind, segment: Segment) => Paint;

/** Neighbours that look alike are painted at once. */
const paintLine = (choose: Choose, kind: LineKind, segments: Segment[]): string => {
  let out = '';
  let held = '';
  let paint: Paint = plain;
  for (const segment of segments) {
    const next = choose(kind, segment);
    if (next !== paint) {
      out += held === '' ? '' : paint(held);
      held = '';
      paint = next;
    }
    held += segment.text;
  }
  return held === '' ? out : out + paint(held);
};

const plain: Paint = (text) => text;

/** The terminal's own colours: its theme makes them readable on its ground, whichever that is. */
const onTerminal = (color: ChalkInstance): Record<Scope, Paint> => ({
  '': plain,
  keyword: color.magenta,
  string: color.yellow,
  comment: color.dim,
  number: color.cyan,
  title: color.blue,
  type: color.cyan,
});

/** With 16 colours there is no ground to set: changed lines are red and green, and what changed in them is turned. */
const fewColors = (color: ChalkInstance): Choose => {
  const own = onTerminal(color);
  const inks = {
    removed: { weak: color.red, strong: color.red.inverse },
    added: { weak: color.green, strong: color.green.inverse },
  };
  return (kind, { scope, isStrong }) => (kind === 'context' ? own[scope] : inks[kind][isStrong ? 'strong' : 'weak']);
};

const manyColors = (color: ChalkInstance, theme: typeof DARK): Choose => {
  const own = onTerminal(color);
  const known = new Map<string, Paint>();
  return (kind, { scope, isStrong }) => {
    if (kind === 'context') return own[scope];
    const key = `${kind} ${scope} ${isStrong}`;
    let paint = known.get(key);
    if (!paint) {
      const shade = theme[kind];
      paint = color.bgHex(isStrong ? shade.strong : shade.ground).hex(scope === '' ? shade.text : theme.inks[scope]);
      known.set(key, paint);
    }
    return paint;
  };
};

/** @param env where COLORFGBG may tell a light terminal */
export const paletteOf = (color: ChalkInstance, env: Record<string, string | undefined> = {}): Palette => {
  const theme = isLight(env) ? LIGHT : DARK;
  const choose = color.level === 0 ? () => plain : color.level > 1 ? manyColors(color, theme) : fewColors(color);
  return {
    line: (kind, segments) => paintLine(choose, kind, segments),
    gutter: (kind, text) =>
      text.trim() === '' ? text : (kind === 'context' ? color.dim : kind === 'added' ? color.green : color.red)(text),
    ground: (kind, text) => (kind === 'context' || color.level < 2 ? text : color.bgHex(theme[kind].ground)(text)),
    path: color.bold,
    note: color.dim,
    range: color.cyan,
    added: color.green,
    removed: color.red,
  };
};
