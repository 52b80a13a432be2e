import { addedLines, type PatchFile } from '../../git/patches.ts';
import type { Context } from '../context.ts';
import type { Secrets } from '../lazy-redactor.ts';
import { counted, failed, forReview, type Gate, type GateFinding, passed } from './gate.ts';
import type { LandedLines } from './landed-lines.ts';

type Scan = Secrets['scan'];

/** A secret's place; what the line says serves to know it again, and is never shown. */
interface Place extends GateFinding {
  line: number;
  says: string;
}

/** The lines that a file gains, as one text, so that a key of many lines is seen as one. */
const scanFile = async (scan: Scan, file: PatchFile): Promise<Place[]> => {
  const lines = file.hunks.flatMap((hunk) => addedLines(hunk).map((text, at) => ({ text, line: hunk.newStart + at })));
  if (lines.length === 0) return [];
  const found = await scan(lines.map(({ text }) => text).join('\n'), file.path);
  const places: Place[] = [];
  let [at, end] = [0, lines[0]!.text.length];
  for (const { start, kind } of found) {
    while (start > end && at < lines.length - 1) end += 1 + lines[++at]!.text.length;
    places.push({ path: file.path, line: lines[at]!.line, text: kind, says: lines[at]!.text });
  }
  return places;
};

const scanAll = async (scan: Scan, files: PatchFile[]): Promise<Place[]> => {
  const found: Place[] = [];
  for (const file of files) found.push(...(await scanFile(scan, file)));
  return found;
};

const keyOf = ({ path, text, says }: Place): string => JSON.stringify([path, text, says]);

/** What only a commit on the way has: gone again at the end, and in history for ever. */
const scanCommits = async (scan: Scan, lines: LandedLines, atTheEnd: Place[]): Promise<Place[]> => {
  const known = new Set(atTheEnd.map(keyOf));
  const found: Place[] = [];
  for (const { id, files } of lines.commits)
    for (const place of await scanAll(scan, files)) {
      if (known.has(keyOf(place))) continue;
      known.add(keyOf(place));
      found.push({ ...place, text: `${place.text}, in commit ${id.slice(0, 8)}` });
    }
  return found;
};

/** Places that are told one by one. */
const TOLD = 50;

/** Secrets among the lines that would land, and on the way there: where and of what kind, never which. */
export const secretsGate = async (ctx: Context, lines: LandedLines): Promise<Gate> => {
  if (lines.isCut)
    return forReview('secrets', 'too much changes to look through its lines', {
      hint: 'Look for secrets with a tool of your own, or land the work in parts.',
    });
  ctx.secrets.watchAll();
  const { scan } = ctx.secrets;
  const atTheEnd = await scanAll(scan, lines.files);
  const places = [...atTheEnd, ...(await scanCommits(scan, lines, atTheEnd))];
  if (places.length === 0) return passed('secrets', 'none among the added lines');
  const findings = places.slice(0, TOLD).map(({ path, line, text }) => ({ path, line, text }));
  const isOnWay = atTheEnd.length === 0;
  return failed(
    'secrets',
    `${counted(places.length, 'added line')} ${places.length === 1 ? 'looks' : 'look'} like a secret`,
    {
      findings,
      hint: isOnWay
        ? 'They are gone at the end but stay in history: squash, so that only the end lands. A false alarm: merge with --allow secrets.'
        : 'Take them out of the files, squash, and change the secret: whoever has the branch has read it. A false alarm: merge with --allow secrets.',
    },
  );
};
