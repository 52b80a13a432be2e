import type { Step } from './script.ts';

/** What the scripted agent's process is given on its stdin, as one JSON document. */
export interface ScriptedPart {
  prompt: string;
  threadId: string;
  mode: string | null;
  model: string | null;
  /** Undefined: the script has nothing for this iteration. */
  steps?: Step[];
}
