import type { PlaceHour } from "../detect/baseline-hours.ts";
import { type BaselinePlace, placeName } from "../detect/baseline.ts";
import { hourMs } from "../detect/hour-of-week.ts";
import type { Freeze } from "../detect/learning-window.ts";
import { lowMedian, robustSpread } from "../detect/robust.ts";
import type { EndpointClass } from "../normalize/access-event.ts";
import { latencyBoundsMs } from "./latency-buckets.ts";
import type { Store } from "./store.ts";

/** Routes by gateway of one hour, the busiest; the others are not worth a row each. */
const rowsOfHour = 1_500;
/** Fewer requests than this in an hour say nothing of a share, or of the slowest of ten. */
const leastRequests = 30;
/** The latest incidents; there are not so many in some weeks, unless nobody looks at them. */
const maxFreezes = 5_000;

const slices = 6;
const minutesOfSlice = 10;

/** One hour of one route at one gateway, as the store has it. Arrays have a figure for each ten minutes, or bucket. */
interface HourRow {
  readonly hour: number;
  readonly route: string;
  readonly gateway: string;
  readonly endpointClass: EndpointClass;
  readonly slices: readonly number[];
  readonly errors: number;
  readonly limited: number;
  readonly latency: readonly number[];
}

const hoursSql = `
SELECT intDiv(toUnixTimestamp(minute), 3600) AS hour, route, gateway, endpointClass,
  [${Array.from({ length: slices }, (_, i) => `sumIf(n, slice = ${i})`).join(", ")}] AS slices,
  sum(s5xx) AS errors, sum(limited) AS limited, sumForEach(latencyBuckets) AS latency
FROM (
  SELECT minute, route, gateway, endpointClass, toInt64(requests) - toInt64(enforced) AS n, s5xx, limited, latencyBuckets,
    intDiv(toMinute(minute), ${minutesOfSlice}) AS slice
  FROM endpoint_minutes FINAL
  WHERE minute >= fromUnixTimestamp({from:Int64}) AND minute < fromUnixTimestamp({to:Int64}) AND requests > 0
)
GROUP BY hour, route, gateway, endpointClass
ORDER BY hour, sum(n) DESC
LIMIT ${rowsOfHour} BY hour`;

/** What some hours were like at each place, by hour; those without any request are absent. Hours count from the epoch. */
export async function readEndpointHours(
  store: Pick<Store, "query">,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Map<number, PlaceHour[]>> {
  const rows = await store.query<HourRow>(hoursSql, { from: from * 3600, to: to * 3600 });
  const hours = new Map<number, Map<string, Sum>>();
  for (const row of rows) {
    const sums = hours.get(row.hour) ?? new Map<string, Sum>();
    hours.set(row.hour, sums);
    const { route, gateway, endpointClass } = row;
    for (const place of [{}, { gateway }, { endpointClass }, { gateway, endpointClass }, { route }]) {
      const name = placeName(place);
      const sum = sums.get(name) ?? newSum(place);
      sums.set(name, sum);
      addRow(sum, row);
    }
  }
  return new Map([...hours].map(([hour, sums]) => [hour, [...sums.values()].map(placeHour)]));
}

/**
 * When something was wrong, and where: from the detections of these hours that were taken seriously.
 * Where a source was silent, all of the site.
 */
export async function readFreezes(
  store: Pick<Store, "query">,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Freeze[]> {
  const rows = await store.query<{
    detector: string;
    keyRoute: string;
    keyGateway: string;
    first: string;
    class: EndpointClass | "";
    fromMs: number;
    toMs: number;
  }>(
    `SELECT detector, \`key\`['route'] AS keyRoute, \`key\`['gateway'] AS keyGateway, route AS first, endpointClass AS class,
  toUnixTimestamp64Milli(firstSeen) AS fromMs, toUnixTimestamp64Milli(lastSeen) AS toMs
FROM detections FINAL
WHERE lastSeen >= fromUnixTimestamp64Milli({from:Int64}) AND firstSeen < fromUnixTimestamp64Milli({to:Int64})
  AND state != 'unconfirmed' AND mode = 'active' AND severity IN ('medium', 'high', 'critical')
  AND (origin != 'service' OR detector = 'gatewatch-source-silent')
ORDER BY toMs DESC LIMIT ${maxFreezes}`,
    { from: from * hourMs, to: to * hourMs },
  );
  return rows.map((row) => ({
    from: row.fromMs,
    to: row.toMs,
    place: row.detector === "gatewatch-source-silent" ? {} : placeOf(row),
  }));
}

// helpers

interface Sum {
  readonly place: BaselinePlace;
  endpointClass: EndpointClass | undefined;
  readonly slices: number[];
  errors: number;
  limited: number;
  readonly latency: number[];
}

function newSum(place: BaselinePlace): Sum {
  return {
    ...{ place, endpointClass: place.endpointClass, errors: 0, limited: 0 },
    slices: Array.from({ length: slices }, () => 0),
    latency: Array.from({ length: latencyBoundsMs.length + 1 }, () => 0),
  };
}

function addRow(sum: Sum, row: HourRow): void {
  if (sum.place.route !== undefined) sum.endpointClass ??= row.endpointClass;
  row.slices.forEach((n, i) => (sum.slices[i]! += n));
  row.latency.forEach((n, i) => (sum.latency[i]! += n));
  sum.errors += row.errors;
  sum.limited += row.limited;
}

function placeHour({ place, endpointClass, slices: counts, errors, limited, latency }: Sum): PlaceHour {
  const requests = counts.reduce((total, n) => total + n, 0);
  const middle = lowMedian(counts);
  const share = (part: number) => (requests < leastRequests ? NaN : Math.min(1, part / requests));
  return {
    ...{ place, endpointClass },
    requests: middle / minutesOfSlice,
    within: robustSpread(counts, middle) / minutesOfSlice,
    ...{ errors: share(errors), limited: share(limited), p90Ms: quantileOf(latency, 0.9) },
  };
}

/** The duration that a share of the answers stays below; between two bounds it rises by the same factor for each answer. */
function quantileOf(buckets: readonly number[], q: number): number {
  const total = buckets.reduce((sum, n) => sum + n, 0);
  if (total < leastRequests) return NaN;
  let below = 0;
  for (const [i, n] of buckets.entries()) {
    if (below + n < q * total) {
      below += n;
      continue;
    }
    const high = latencyBoundsMs[i] ?? latencyBoundsMs.at(-1)!;
    const low = latencyBoundsMs[i - 1] ?? high / 2;
    return low * (high / low) ** ((q * total - below) / n);
  }
  return NaN;
}

function placeOf(row: {
  keyRoute: string;
  keyGateway: string;
  first: string;
  class: EndpointClass | "";
}): BaselinePlace {
  const endpointClass = row.class === "" || row.class === "other" ? undefined : row.class;
  // What has no class of its own is no more than the route it was seen on.
  const route = row.keyRoute !== "" ? row.keyRoute : endpointClass === undefined ? row.first : undefined;
  return { route, endpointClass, gateway: row.keyGateway === "" ? undefined : row.keyGateway };
}
