/** What the official harness says of one instance. */
export type OfficialOutcome = 'resolved' | 'unresolved' | 'empty' | 'error' | 'incomplete';

export interface OfficialReport {
  schemaVersion: number | null;
  outcomes: Map<string, OfficialOutcome>;
  /** Instances that it takes for victims of their environment; they count as unresolved there all the same. */
  infraFailures: Set<string>;
  /** Why, where it says so. */
  reasons: Map<string, string>;
}

type Answer = Record<string, unknown>;

const isObject = (value: unknown): value is Answer =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Weakest word first: an instance can be in several lists. */
const LISTS: [key: string, outcome: OfficialOutcome][] = [
  ['incomplete_ids', 'incomplete'],
  ['unresolved_ids', 'unresolved'],
  ['error_ids', 'error'],
  ['empty_patch_ids', 'empty'],
  ['resolved_ids', 'resolved'],
  ['resolved', 'resolved'],
];

const namesIn = (report: Answer, key: string): string[] => {
  const list = report[key];
  return Array.isArray(list) ? list.filter((name): name is string => typeof name === 'string') : [];
};

/** `report.json` of single instances: `{<id>: {resolved, …}}`. */
const fromInstances = (report: Answer): OfficialReport | undefined => {
  const entries = Object.entries(report);
  const isOne = entries.every(([, value]) => isObject(value) && typeof value['resolved'] === 'boolean');
  if (entries.length === 0 || !isOne) return undefined;
  const outcomes = new Map<string, OfficialOutcome>();
  const infraFailures = new Set<string>();
  const reasons = new Map<string, string>();
  for (const [id, value] of entries as [string, Answer][]) {
    outcomes.set(id, value['resolved'] ? 'resolved' : value['patch_is_None'] ? 'empty' : 'unresolved');
    if (value['infra_failure'] === true) infraFailures.add(id);
    if (typeof value['infra_failure_reason'] === 'string') reasons.set(id, value['infra_failure_reason']);
  }
  return { schemaVersion: null, outcomes, infraFailures, reasons };
};

/**
 * A report of `swebench eval` (`<model>.<run>.json`, schema 2 and older ones), of `sb-cli get-report`, or of a single
 * instance; undefined when it is none of them.
 */
export const readReport = (value: unknown): OfficialReport | undefined => {
  if (!isObject(value)) return undefined;
  if (!LISTS.some(([key]) => Array.isArray(value[key]))) return fromInstances(value);
  const outcomes = new Map<string, OfficialOutcome>();
  for (const [key, outcome] of LISTS) for (const id of namesIn(value, key)) outcomes.set(id, outcome);
  const said = isObject(value['failure_reasons']) ? Object.entries(value['failure_reasons']) : [];
  return {
    schemaVersion: typeof value['schema_version'] === 'number' ? value['schema_version'] : null,
    outcomes,
    infraFailures: new Set(namesIn(value, 'infra_failure_ids')),
    reasons: new Map(said.filter((entry): entry is [string, string] => typeof entry[1] === 'string')),
  };
};

/** Our own verdict of an instance; null: ungradable here. */
export type OwnOutcomes = ReadonlyMap<string, boolean | null>;

export interface ReportComparison {
  /** Graded by both. */
  compared: number;
  agree: number;
  /** Resolved here, and not there. */
  onlyHere: string[];
  /** Resolved there, and not here. */
  onlyThere: string[];
  /** No verdict here, with what is said there. */
  ungradableHere: { id: string; there: OfficialOutcome }[];
  /** Not in their report, or without a run there. */
  missingThere: string[];
  /** Not in our run. */
  missingHere: string[];
}

/** Both verdicts side by side. An empty patch, and one that could not be run there, are unresolved there. */
export const compareWithReport = (ours: OwnOutcomes, report: OfficialReport): ReportComparison => {
  const answer: ReportComparison = {
    compared: 0,
    agree: 0,
    onlyHere: [],
    onlyThere: [],
    ungradableHere: [],
    missingThere: [],
    missingHere: [],
  };
  for (const id of [...ours.keys()].sort()) {
    const [here, there] = [ours.get(id)!, report.outcomes.get(id)];
    if (there === undefined || there === 'incomplete') answer.missingThere.push(id);
    else if (here === null) answer.ungradableHere.push({ id, there });
    else {
      const isResolved = there === 'resolved';
      answer.compared += 1;
      if (here === isResolved) answer.agree += 1;
      else (here ? answer.onlyHere : answer.onlyThere).push(id);
    }
  }
  for (const [id, outcome] of [...report.outcomes].sort(([a], [b]) => (a < b ? -1 : 1)))
    if (!ours.has(id) && outcome !== 'incomplete') answer.missingHere.push(id);
  return answer;
};
