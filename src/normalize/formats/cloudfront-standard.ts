import { cloudfrontFills } from "../cloudfront-fields.ts";
import { decodeCloudfront, readCloudfrontResult } from "../cloudfront-result.ts";
import type { JsonFormat, JsonRecord } from "../log-format.ts";
import { readEpochMs, readEpochSeconds, readRfc3339 } from "../read-time.ts";
import { asnOf, countryOf, textOf } from "../read-value.ts";
import { readShopKeys, shopKeys } from "../shop-keys.ts";

/**
 * CloudFront's standard logs (v2) as JSON.
 *
 * Traps: every value is text, and `-` where there is none. `date` and `time` have whole seconds;
 * `timestamp(ms)` is finer, where it was chosen. All are when the answer ended. Headers are
 * percent-encoded. The path has no query. Cookies and the query are never read.
 */
export const cloudfrontStandard: JsonFormat = {
  id: "cloudfront-standard",
  title: "CloudFront, standard logs as JSON",
  kind: "json",
  keys: {
    date: "time",
    time: "time",
    timestamp: "time",
    "timestamp(ms)": "time",
    "cs(Host)": "host",
    "cs(User-Agent)": "userAgent",
    ...cloudfrontFills,
    ...shopKeys,
  },

  matches(sample) {
    if (sample["cs-method"] === undefined || sample["sc-status"] === undefined) return 0;
    return sample["cs-uri-stem"] === undefined ? 0.5 : 0.95;
  },

  read(record, draft) {
    draft.clientIp = textOf(record["c-ip"]);
    draft.forwardedFor = decodeCloudfront(record["x-forwarded-for"]);
    // The name the client asked for; `cs(Host)` is the distribution's own.
    draft.host = textOf(record["x-host-header"]) ?? textOf(record["cs(Host)"]);
    draft.requestId = textOf(record["x-edge-request-id"]);
    draft.userAgent = decodeCloudfront(record["cs(User-Agent)"]);
    readShopKeys(record, draft);
    draft.country ??= countryOf(record["c-country"]);
    draft.asn ??= asnOf(record.asn);
    const rejected =
      draft.endedAt(timeOf(record), "time") ??
      draft.asked(record["cs-method"], record["cs-uri-stem"], "cs-uri-stem") ??
      draft.answered(record["sc-status"], "sc-status") ??
      draft.took(record["time-taken"], 1000, "time-taken") ??
      draft.upstreamTook(record["origin-lbl"], 1000, "origin-lbl") ??
      draft.moved(record["cs-bytes"], record["sc-bytes"]);
    if (rejected) return rejected;
    const originSeconds = record["origin-fbl"];
    readCloudfrontResult(
      { result: record["x-edge-result-type"], detailed: record["x-edge-detailed-result-type"], originSeconds },
      draft,
    );
    return undefined;
  },
};

// helpers

function timeOf(record: JsonRecord): number | undefined {
  const finest = readEpochMs(record["timestamp(ms)"]) ?? readEpochSeconds(record.timestamp);
  if (finest !== undefined) return finest;
  const date = textOf(record.date);
  const time = textOf(record.time);
  return date === undefined || time === undefined ? undefined : readRfc3339(`${date}T${time}Z`);
}
