import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import { GatewatchError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { AccessEvent } from "../normalize/access-event.ts";
import { createAddressReader } from "../normalize/client-address.ts";
import type { StoreConnections } from "./connections.ts";
import { openEmbedded } from "./embedded-connections.ts";
import { keptEvent, keptEventColumns, type KeptEventRow } from "./kept-event.ts";
import { openServer } from "./server-connections.ts";
import type { StoreConfig } from "./store-config.ts";

/** Rows asked for at a time: a question may cost 30 s and 512 MiB, and rows of attributes are long. */
const rowsAtOnce = 50_000;
/** Requests are counted by so many seconds first, to know which belong into one question. */
const countedSeconds = 10;
/** A server that is away is waited for so long. */
const patienceMs = 5_000;

const counts = `SELECT intDiv(toUnixTimestamp(time), ${countedSeconds}) AS slot, count() AS rows FROM access_events FINAL
WHERE time >= fromUnixTimestamp64Milli({from:Int64}) AND time < fromUnixTimestamp64Milli({to:Int64})
GROUP BY slot ORDER BY slot LIMIT {limit:UInt32} OFFSET {offset:UInt64}`;
/** Fewer than a question may answer with. */
const slotsAtOnce = 100_000;

const events = `SELECT ${keptEventColumns} FROM access_events FINAL
WHERE access_events.time >= fromUnixTimestamp64Milli({from:Int64})
  AND access_events.time < fromUnixTimestamp64Milli({to:Int64})
ORDER BY access_events.time, partition, \`offset\`, \`index\` LIMIT {limit:UInt32} OFFSET {offset:UInt64}`;

export interface KeptEventsOptions {
  readonly config: StoreConfig;
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Epoch ms; open where left out. */
  readonly time: { readonly from: number | undefined; readonly to: number | undefined };
}

/** A stretch of time, in epoch ms, with so many requests in it. */
interface Stretch {
  readonly from: number;
  to: number;
  rows: number;
}

/** The single requests that the store keeps, in order of time. Reads alone: no table is made or changed. */
export class KeptEvents {
  readonly total: number;
  done = 0;
  readonly #connections: StoreConnections;
  readonly #stretches: readonly Stretch[];

  private constructor(connections: StoreConnections, stretches: readonly Stretch[]) {
    this.#connections = connections;
    this.#stretches = stretches;
    this.total = stretches.reduce((sum, { rows }) => sum + rows, 0);
  }

  /**
   * Opens the store and counts what is in the range. Rejects with `STORE_UNAVAILABLE` (also when there is no
   * store yet), `STORE_IN_USE` or `STORE_NOT_INSTALLED`.
   */
  static async open(options: KeptEventsOptions): Promise<KeptEvents> {
    const connections = await connect(options);
    try {
      return new KeptEvents(connections, await findStretches(connections, options.time));
    } catch (cause) {
      await connections.close();
      throw unanswered(cause);
    }
  }

  /** Hands over all of it, some at a time. */
  async read(take: (some: readonly AccessEvent[]) => void): Promise<void> {
    const readAddress = createAddressReader([]);
    const [connection] = this.#connections.read;
    for (const { from, to, rows } of this.#stretches) {
      for (let offset = 0; offset < rows; offset += rowsAtOnce) {
        const page = { from, to, limit: rowsAtOnce, offset };
        const found = await connection!.query<KeptEventRow>(events, page).catch((cause: unknown) => {
          throw unanswered(cause);
        });
        take(found.map((row) => keptEvent(row, readAddress)));
        this.done += found.length;
      }
    }
  }

  close(): Promise<void> {
    return this.#connections.close();
  }
}

// helpers

function connect({ config, dataDirectory, clock, log }: KeptEventsOptions): Promise<StoreConnections> {
  if (config.type === "server") return openServer({ config, clock, log, patienceMs });
  const directory = join(dataDirectory, "store");
  if (existsSync(directory)) return openEmbedded({ directory });
  throw new GatewatchError("STORE_UNAVAILABLE", `there is no store in ${dataDirectory}`, {
    remedy: "Name the configuration of a service that has run, or its `service.dataDirectory`.",
  });
}

/** Neighbouring seconds that together are asked for at once; one that alone is more is asked for by pages. */
async function findStretches(
  { read: [connection] }: StoreConnections,
  { from = 0, to = Number.MAX_SAFE_INTEGER }: KeptEventsOptions["time"],
): Promise<Stretch[]> {
  const stretches: Stretch[] = [];
  const range = { from: Math.max(0, from), to: Math.min(to, latest) };
  for (let offset = 0; ; offset += slotsAtOnce) {
    const page = { ...range, limit: slotsAtOnce, offset };
    const slots = await connection!.query<{ slot: number; rows: number }>(counts, page);
    for (const { slot, rows } of slots) {
      const begin = Math.max(range.from, slot * countedSeconds * 1000);
      const end = Math.min(range.to, (slot + 1) * countedSeconds * 1000);
      const last = stretches.at(-1);
      if (last && last.rows + rows <= rowsAtOnce) {
        last.to = end;
        last.rows += rows;
      } else stretches.push({ from: begin, to: end, rows });
    }
    if (slots.length < slotsAtOnce) return stretches;
  }
}

/** The end of what ClickHouse's DateTime64 holds. */
const latest = Date.UTC(2262, 0, 1);

function unanswered(cause: unknown): GatewatchError {
  if (cause instanceof GatewatchError) return cause;
  const message = cause instanceof Error ? cause.message.split("\n")[0]! : String(cause);
  return new GatewatchError("STORE_UNAVAILABLE", `the store can't answer: ${message.slice(0, 300)}`, {
    remedy: "If its tables are of another version, start the service once: it brings them up to date.",
    cause,
  });
}
