import type { ActorMinute } from "./actor-minute.ts";
import { type EndpointCell, type EndpointMinute, type EndpointTimes, mergedTimes } from "./endpoint-minute.ts";
import type { BulkTable, Cell, Store } from "./store.ts";

/** From so many rows on, whoever adds more should hand over first. */
const largeRows = 20_000;

type Row = Readonly<Record<string, Cell>>;

/** Rows of counts on their way to the store. */
export class PendingRows {
  readonly #write: Store["write"];
  #tables = new Map<BulkTable, Row[]>();
  #count = 0;

  constructor(write: Store["write"]) {
    this.#write = write;
  }

  get isLarge(): boolean {
    return this.#count >= largeRows;
  }

  add(table: BulkTable, row: Row): void {
    const rows = this.#tables.get(table);
    if (rows) rows.push(row);
    else this.#tables.set(table, [row]);
    this.#count += 1;
  }

  /** The rows of one minute that changed. `ended`: it will never change again. */
  addMinute(
    partition: string,
    minute: { minute: number; part: number; endpoints: EndpointMinute; actors: ActorMinute },
    options: { version: number; ended: boolean },
  ): void {
    const place = { minute: minute.minute, partition, part: minute.part, version: options.version };
    const changed = minute.endpoints.cells.filter((cell) => cell.dirty);
    for (const { figures } of changed) {
      this.add("endpoint_minutes", { ...place, ...figures, latencyBuckets: [...figures.latencyBuckets] });
    }
    for (const figures of minute.actors.rows(options)) this.add("actor_minutes", { ...place, ...figures });
    // What only shop events told of is no endpoint.
    for (const row of endpointsSeen(changed.filter(({ figures }) => figures.requests > 0)))
      this.add("endpoints_seen", row);
    for (const cell of changed) cell.dirty = false;
  }

  /** Hands everything to the store; waits while the store has no room. */
  async handOver(): Promise<void> {
    const tables = this.#tables;
    this.#tables = new Map();
    this.#count = 0;
    for (const [table, rows] of tables) await this.#write(table, rows);
  }
}

// helpers

/** One row for each endpoint and gateway, over its countries. */
function endpointsSeen(cells: readonly EndpointCell[]): Row[] {
  const seen = new Map<string, Row & EndpointTimes>();
  for (const { figures, times } of cells) {
    const { route, method, gateway, endpointClass } = figures;
    const key = `${route}\n${method}\n${gateway}`;
    const known = seen.get(key);
    seen.set(key, { route, method, gateway, endpointClass, ...(known ? mergedTimes(known, times) : times) });
  }
  return [...seen.values()];
}
