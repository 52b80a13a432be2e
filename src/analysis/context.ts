import type { Clock } from '../clock.ts';
import type { HomeDirs } from '../config/paths.ts';
import type { Repository } from '../git/repository.ts';
import type { LogStore } from '../store/log-store.ts';

/** What questions need of a verb's context. Without a repository the wish has to name some. */
export interface AnalysisContext {
  repo?: Repository;
  store?: LogStore;
  clock: Clock;
  home: HomeDirs;
}
