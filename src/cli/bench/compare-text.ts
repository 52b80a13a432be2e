import { sanitizeLine } from '../sanitize.ts';

/** What is told of a comparison with the official harness. */
export interface Compared {
  agent: string;
  repeat: number;
  compared: number;
  agree: number;
  onlyHere: string[];
  onlyThere: string[];
  ungradableHere: { id: string; there: string }[];
  missingThere: string[];
  missingHere: string[];
  reasons: Record<string, string>;
}

const list = (title: string, ids: string[], about: (id: string) => string = () => ''): string[] =>
  ids.length === 0
    ? []
    : ['', `${title} (${ids.length}):`, ...ids.map((id) => `  ${sanitizeLine(`${id}${about(id)}`)}`)];

/** Differences by name; what agrees is counted. */
export const compareText = (compared: Compared): string => {
  const { agent, repeat, agree, reasons } = compared;
  const because = (id: string): string => (Object.hasOwn(reasons, id) ? `  ${reasons[id]}` : '');
  const there = new Map(compared.ungradableHere.map((one) => [one.id, one.there]));
  return [
    `${sanitizeLine(agent)}, repeat ${repeat}: ${agree} of ${compared.compared} verdicts agree with the official harness.`,
    ...list('Resolved here, and not there', compared.onlyHere, because),
    ...list('Resolved there, and not here', compared.onlyThere, because),
    ...list('Not graded here', [...there.keys()], (id) => `  ${there.get(id)} there`),
    ...list('Not graded there', compared.missingThere),
    ...list('Not run here', compared.missingHere),
  ].join('\n');
};
