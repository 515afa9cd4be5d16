import type { EndpointClass } from "../normalize/access-event.ts";
import type { Store } from "./store.ts";

/** Fewer actors say nothing of what is usual (Cloudflare's volumetric abuse detection asks for as many sessions). */
const leastActors = 50;

/** What ever so few go beyond: of fewer than a hundred the second largest at most, since one alone is not what is usual. */
const share = 0.99;

/**
 * Of one day (counted from the epoch): what 99 of 100 users and API keys stayed below in each class of
 * endpoints, in requests within ten minutes that were not refused. `sample`: one actor of so many is looked at.
 */
export async function readActorDay(
  store: Pick<Store, "query">,
  day: number,
  sample: number,
): Promise<Map<EndpointClass, number>> {
  const rows = await store.query<{ class: EndpointClass; most: number }>(
    `SELECT class, arraySort(groupArray(most))[toUInt32(floor(${share} * (count() - 1))) + 1] AS most
FROM (
  SELECT class, actor, max(n) AS most
  FROM (
    SELECT known.class AS class, actor, intDiv(toUnixTimestamp(minute), 600) AS slice,
      sum(greatest(0, toInt64(requests) - toInt64(refusals))) AS n
    FROM actor_minutes FINAL
    INNER JOIN (SELECT route, any(endpointClass) AS class FROM endpoints_seen GROUP BY route) AS known USING (route)
    WHERE minute >= fromUnixTimestamp({from:Int64}) AND minute < fromUnixTimestamp({to:Int64})
      AND actor != 'other' AND cityHash64(actor) % {sample:UInt32} = 0
    GROUP BY class, actor, slice
  )
  GROUP BY class, actor
  HAVING most > 0
)
GROUP BY class
HAVING count() >= ${leastActors}`,
    { from: day * 86_400, to: (day + 1) * 86_400, sample },
  );
  return new Map(rows.map((row) => [row.class, row.most]));
}
