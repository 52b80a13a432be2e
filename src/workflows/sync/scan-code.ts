import { addedTexts } from '../../git/added-lines.ts';
import type { Context } from '../context.ts';
import type { Secrets } from '../lazy-redactor.ts';
import type { HeldRef, Outgoing, SecretPlace } from './scan-logs.ts';

/** Code refs that are looked through at once. */
const TOGETHER = 1000;
/** Of patches that are read at once. */
const MAX_BYTES = 64 * 1024 * 1024;
const TOLD = 50;

type Scan = Secrets['scan'];

const tooMuch = ({ ref }: Outgoing): HeldRef => ({
  ref,
  reason: `its new commits change more than ${MAX_BYTES >> 20} MiB, which is too much to look through for secrets`,
  secrets: [],
});

/** Undefined when there is too much to look through at once. */
const placesIn = async (
  ctx: Context,
  scan: Scan,
  group: Outgoing[],
  without: string[],
): Promise<SecretPlace[] | undefined> => {
  const known = group.flatMap((one) => one.known ?? []);
  const tips = group.map(({ id }) => id);
  const texts = await addedTexts(ctx.repo, { tips, without: [...known, ...without], maxBytes: MAX_BYTES });
  if (!texts) return undefined;
  const places: SecretPlace[] = [];
  for (const { commit, path, text } of texts)
    for (const { kind } of await scan(text, path))
      places.push({ where: `${path} in ${commit.slice(0, 12)}`, seq: null, kind });
  return places;
};

/**
 * Looks through the lines that commits add which would travel with these code refs: a secret that was squashed away
 * is still in them.
 * @param without commits that the other side has anyway
 * @returns the refs that must stay
 */
export const scanCode = async (ctx: Context, outgoing: Outgoing[], without: string[]): Promise<HeldRef[]> => {
  const { scan } = ctx.secrets;
  const held: HeldRef[] = [];
  const look = async (group: Outgoing[]): Promise<void> => {
    const places = await placesIn(ctx, scan, group, without);
    if (places?.length === 0) return;
    if (group.length > 1) {
      const half = group.length >> 1;
      await look(group.slice(0, half));
      await look(group.slice(half));
    } else if (places) {
      const reason = 'its commits hold what looks like a secret';
      held.push({ ref: group[0]!.ref, reason, secrets: places.slice(0, TOLD) });
    } else held.push(tooMuch(group[0]!));
  };
  for (let at = 0; at < outgoing.length; at += TOGETHER) await look(outgoing.slice(at, at + TOGETHER));
  return held;
};
