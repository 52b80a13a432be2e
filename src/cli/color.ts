import { Chalk, type ChalkInstance, type ColorSupportLevel } from 'chalk';

export interface ColorQuestion {
  env: Record<string, string | undefined>;
  isTerminal: boolean;
  /** What the terminal is able to show, 0 to 3. */
  able: ColorSupportLevel;
}

/**
 * How many colours to use. FORCE_COLOR decides when it is set, then NO_COLOR (chalk itself does not know it), then
 * whether this is a terminal that can. `--no-color` arrives as NO_COLOR.
 */
export const colorLevel = ({ env, isTerminal, able }: ColorQuestion): ColorSupportLevel => {
  const force = env['FORCE_COLOR'];
  if (force === '0' || force === 'false') return 0;
  if (force === '2') return 2;
  if (force === '3') return 3;
  if (force !== undefined) return able > 0 ? able : 1;
  if (env['NO_COLOR'] || env['TERM'] === 'dumb' || !isTerminal) return 0;
  return able;
};

/** Bits of colour by Node's own look at TERM, COLORTERM and the platform, as chalk counts levels. */
const able = (stream: NodeJS.WriteStream): ColorSupportLevel => {
  const depth = stream.isTTY ? stream.getColorDepth() : 1;
  if (depth >= 24) return 3;
  if (depth >= 8) return 2;
  return depth >= 4 ? 1 : 0;
};

const instances = new Map<'stdout' | 'stderr', ChalkInstance>();

/** chalk for one of the two streams; made when first asked for, so after `--no-color` was seen. */
export const colors = (name: 'stdout' | 'stderr'): ChalkInstance => {
  const known = instances.get(name);
  if (known) return known;
  const stream = process[name];
  const level = colorLevel({ env: process.env, isTerminal: stream.isTTY === true, able: able(stream) });
  const instance = new Chalk({ level });
  instances.set(name, instance);
  return instance;
};
