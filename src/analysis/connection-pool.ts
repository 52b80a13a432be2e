import { availableParallelism } from 'node:os';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** Node's own threads, on which statements wait, are four unless a person says otherwise. */
const MOST = 4;

/** Connections of one database: as many statements run beside each other as there are processors, the others wait. */
export class ConnectionPool {
  readonly #instance: DuckDBInstance;
  readonly #all: DuckDBConnection[] = [];
  readonly #free: DuckDBConnection[] = [];
  readonly #waiting: ((connection: DuckDBConnection) => void)[] = [];
  readonly #most: number;
  #made = 0;

  constructor(instance: DuckDBInstance, most = Math.min(MOST, availableParallelism())) {
    this.#instance = instance;
    this.#most = most;
  }

  /** Gives work a connection that nobody else uses meanwhile. */
  async with<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await this.#take();
    try {
      return await work(connection);
    } finally {
      const next = this.#waiting.shift();
      if (next) next(connection);
      else this.#free.push(connection);
    }
  }

  close(): void {
    for (const connection of this.#all.splice(0)) connection.closeSync();
  }

  async #take(): Promise<DuckDBConnection> {
    const free = this.#free.pop();
    if (free) return free;
    if (this.#made >= this.#most) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#made += 1;
    const made = await this.#instance.connect();
    this.#all.push(made);
    return made;
  }
}
