/** What the configuration says about agents; the shape of `agents` in the settings files. */
export interface AgentSettings {
  amp: {
    /** The program; undefined: `amp` on the PATH. */
    path?: string;
    /** Whether commits that Amp makes itself name its thread, and Amp as co-author. */
    threadTrailer: boolean;
    coauthorTrailer: boolean;
    /** Whether to ask Amp for the thread's cost after each run. */
    cost: boolean;
    /** Whether to label threads with the session. */
    labels: boolean;
  };
  command: { run?: string };
  scripted: { script?: string };
}
