import type { AccessEvent } from "../normalize/access-event.ts";
import { latencyBucket, latencyBucketCount } from "./latency-buckets.ts";

/** The figures of one endpoint, country and gateway in one minute; names are those of the table's columns. */
export interface EndpointFigures {
  route: string;
  method: string;
  country: string;
  gateway: string;
  endpointClass: string;
  requests: number;
  s2xx: number;
  s3xx: number;
  s4xx: number;
  s5xx: number;
  s0: number;
  s401: number;
  s403: number;
  s404: number;
  s429: number;
  ok: number;
  failed: number;
  denied: number;
  limited: number;
  enforced: number;
  durationCount: number;
  durationSumMs: number;
  durationMaxMs: number;
  latencyBuckets: number[];
}

/** Of an endpoint: who owns it, whether it is listed, and its first and last times, epoch ms, as `endpoints_seen` keeps them. */
export interface EndpointTimes {
  owner: string;
  /** Whether the inventory has it; null where there is none. */
  listed: boolean | null;
  firstSeen: number;
  lastSeen: number;
  lastOkAt: number | null;
  lastAnonymousOkAt: number | null;
}

/** One cell that counts; `dirty` since its last row was made. */
export interface EndpointCell {
  readonly figures: EndpointFigures;
  readonly times: EndpointTimes;
  dirty: boolean;
}

/** Where an event belongs; `undefined` country is the empty text. */
type Place = Pick<EndpointFigures, "route" | "method" | "country" | "gateway">;

type ByGateway = Map<string, EndpointCell>;
type ByCountry = Map<string, ByGateway>;
type ByMethod = Map<string, ByCountry>;

/** The endpoints of one minute. Cells are found through nested maps: no text is put together for an event. */
export class EndpointMinute {
  readonly #byRoute = new Map<string, ByMethod>();
  readonly #cells: EndpointCell[] = [];
  readonly #maxCells: number;

  /** Beyond `maxCells`, new places are counted as route and method `other`. */
  constructor(maxCells: number, cells: readonly EndpointCell[] = []) {
    this.#maxCells = maxCells;
    for (const cell of cells) this.#put(cell);
  }

  /** A shop event is no request: of one that is an attempt only the outcome is counted, at a place of its own. */
  count(event: AccessEvent): void {
    if (event.origin === "shop" && !event.attempt) return;
    const cell = this.#cell(event);
    cell.dirty = true;
    if (event.origin === "shop") {
      cell.figures.endpointClass = event.endpointClass;
      countOutcome(cell.figures, event);
      return;
    }
    countFigures(cell.figures, event);
    countOutcome(cell.figures, event);
    countTimes(cell.times, event);
  }

  /** Adds what was counted elsewhere of the same minute. */
  add({ figures, times }: Pick<EndpointCell, "figures" | "times">): void {
    const cell = this.#cell({ ...figures, time: times.firstSeen });
    const known = cell.figures;
    cell.dirty = true;
    known.endpointClass = figures.endpointClass;
    for (const count of addedFigures) known[count] += figures[count];
    known.durationMaxMs = Math.max(known.durationMaxMs, figures.durationMaxMs);
    figures.latencyBuckets.forEach((count, bucket) => (known.latencyBuckets[bucket]! += count));
    Object.assign(cell.times, mergedTimes(cell.times, times));
  }

  /** Places. */
  get size(): number {
    return this.#cells.length;
  }

  get cells(): readonly EndpointCell[] {
    return this.#cells;
  }

  #cell(
    event: Pick<AccessEvent, "route" | "method" | "gateway" | "time"> & { country: string | undefined },
  ): EndpointCell {
    const country = event.country ?? "";
    const known = this.#byRoute.get(event.route)?.get(event.method)?.get(country)?.get(event.gateway);
    if (known) return known;
    if (this.#cells.length < this.#maxCells) {
      return this.#put(
        newCell({ route: event.route, method: event.method, country, gateway: event.gateway }, event.time),
      );
    }
    const other = { route: "other", method: "other", country: "", gateway: event.gateway };
    return this.#find(other) ?? this.#put(newCell(other, event.time));
  }

  #find(place: Place): EndpointCell | undefined {
    return this.#byRoute.get(place.route)?.get(place.method)?.get(place.country)?.get(place.gateway);
  }

  #put(cell: EndpointCell): EndpointCell {
    const { route, method, country, gateway } = cell.figures;
    const byMethod: ByMethod = this.#byRoute.get(route) ?? new Map<string, ByCountry>();
    const byCountry: ByCountry = byMethod.get(method) ?? new Map<string, ByGateway>();
    const byGateway: ByGateway = byCountry.get(country) ?? new Map<string, EndpointCell>();
    this.#byRoute.set(route, byMethod.set(method, byCountry.set(country, byGateway.set(gateway, cell))));
    this.#cells.push(cell);
    return cell;
  }
}

/** The times of one endpoint, told twice. */
export function mergedTimes(a: EndpointTimes, b: EndpointTimes): EndpointTimes {
  const latest = (x: number | null, y: number | null) => (x === null || (y !== null && y > x) ? y : x);
  return {
    owner: b.owner === "" ? a.owner : b.owner,
    listed: b.listed ?? a.listed,
    firstSeen: Math.min(a.firstSeen, b.firstSeen),
    lastSeen: Math.max(a.lastSeen, b.lastSeen),
    lastOkAt: latest(a.lastOkAt, b.lastOkAt),
    lastAnonymousOkAt: latest(a.lastAnonymousOkAt, b.lastAnonymousOkAt),
  };
}

// helpers

/** Figures that are sums. */
const addedFigures = [
  "requests", "s2xx", "s3xx", "s4xx", "s5xx", "s0", "s401", "s403", "s404", "s429", "ok", "failed", "denied", "limited",
  "enforced", "durationCount", "durationSumMs",
] as const satisfies readonly (keyof EndpointFigures)[]; // prettier-ignore

function newCell(place: Place, time: number): EndpointCell {
  return {
    figures: {
      ...place,
      endpointClass: "other",
      requests: 0,
      s2xx: 0,
      s3xx: 0,
      s4xx: 0,
      s5xx: 0,
      s0: 0,
      s401: 0,
      s403: 0,
      s404: 0,
      s429: 0,
      ok: 0,
      failed: 0,
      denied: 0,
      limited: 0,
      enforced: 0,
      durationCount: 0,
      durationSumMs: 0,
      durationMaxMs: 0,
      latencyBuckets: Array.from({ length: latencyBucketCount }, () => 0),
    },
    times: { owner: "", listed: null, firstSeen: time, lastSeen: time, lastOkAt: null, lastAnonymousOkAt: null },
    dirty: true,
  };
}

function countFigures(figures: EndpointFigures, event: AccessEvent): void {
  const { status, durationMs } = event;
  figures.endpointClass = event.endpointClass;
  figures.requests += 1;
  if (status === 0) figures.s0 += 1;
  else if (status >= 500) figures.s5xx += 1;
  else if (status >= 400) figures.s4xx += 1;
  else if (status >= 300) figures.s3xx += 1;
  else if (status >= 200) figures.s2xx += 1;
  if (status === 401) figures.s401 += 1;
  else if (status === 403) figures.s403 += 1;
  else if (status === 404) figures.s404 += 1;
  else if (status === 429) figures.s429 += 1;
  if (event.enforced) figures.enforced += 1;
  if (durationMs === undefined) return;
  figures.durationCount += 1;
  figures.durationSumMs += durationMs;
  if (durationMs > figures.durationMaxMs) figures.durationMaxMs = durationMs;
  const bucket = latencyBucket(durationMs);
  figures.latencyBuckets[bucket] = (figures.latencyBuckets[bucket] ?? 0) + 1;
}

/** Our own blocks are no outcome of the shop's; and where shop events tell how attempts end, a request does not tell it again. */
function countOutcome(figures: EndpointFigures, { enforced, outcome, attempt }: AccessEvent): void {
  if (enforced || outcome === "unknown") return;
  if (attempt || outcome === "limited" || outcome === "denied") figures[outcome] += 1;
}

function countTimes(times: EndpointTimes, event: AccessEvent): void {
  const { time, status } = event;
  if (event.owner !== undefined) times.owner = event.owner;
  if (event.listed !== undefined) times.listed = event.listed;
  if (time < times.firstSeen) times.firstSeen = time;
  if (time > times.lastSeen) times.lastSeen = time;
  if (status < 200 || status >= 300) return;
  if (time > (times.lastOkAt ?? -1)) times.lastOkAt = time;
  const anonymous = event.userId === undefined && event.apiKey === undefined && event.sessionId === undefined;
  if (anonymous && time > (times.lastAnonymousOkAt ?? -1)) times.lastAnonymousOkAt = time;
}
