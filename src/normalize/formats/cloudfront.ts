import type { EventField } from "../access-event.ts";
import { cloudfrontFills, neededCloudfrontFields, type CloudfrontField } from "../cloudfront-fields.ts";
import { decodeCloudfront, readCloudfrontResult } from "../cloudfront-result.ts";
import type { TextFormat } from "../log-format.ts";
import { readEpochSeconds } from "../read-time.ts";
import { asnOf, countOf, countryOf, textOf } from "../read-value.ts";

/**
 * CloudFront's real-time logs: fields without names, set apart by tabs; which they are is in the
 * configuration.
 *
 * Traps: `timestamp` is when the answer ended, in seconds, as are the durations. A status of `000`:
 * the viewer went away before. `cs-uri-stem` has the query here. Headers are percent-encoded. `c-ip`
 * is the viewer's own proxy, if there is one. Cookies and `cs-headers` are never read.
 */
export function cloudfront(name: string, fields: readonly CloudfrontField[]): TextFormat {
  const places = new Map(fields.map((field, i) => [field, i]));
  const [timeAt, statusAt] = neededCloudfrontFields.map((field) => places.get(field) as number);

  return {
    id: name,
    title: `${name} (CloudFront, real-time)`,
    kind: "text",
    keys: Object.fromEntries(fields.flatMap((field) => (fills[field] === undefined ? [] : [[field, fills[field]]]))),

    matches(sample) {
      const values = sample.split("\t", fields.length + 1);
      if (values.length !== fields.length) return 0;
      const timed = (readEpochSeconds(values[timeAt as number]) ?? Number.NaN) > 0;
      return timed && (countOf(values[statusAt as number]) ?? Number.NaN) <= 999 ? 1 : 0;
    },

    read(line, draft) {
      const values = line.split("\t", fields.length + 1);
      if (values.length !== fields.length) {
        const found = values.length > fields.length ? "more" : String(values.length);
        return draft.reject("unknown_format", `expected ${fields.length} fields set apart by tabs, found ${found}`);
      }
      const at = (field: CloudfrontField): string | undefined => values[places.get(field) ?? -1];
      draft.clientIp = textOf(at("c-ip"));
      draft.forwardedFor = decodeCloudfront(at("x-forwarded-for"));
      draft.host = textOf(at("cs-host")) ?? textOf(at("x-host-header"));
      draft.requestId = textOf(at("x-edge-request-id"));
      draft.userAgent = decodeCloudfront(at("cs-user-agent"));
      draft.country = countryOf(at("c-country"));
      draft.asn = asnOf(at("asn"));
      const rejected =
        draft.endedAt(readEpochSeconds(at("timestamp")), "timestamp") ??
        draft.asked(at("cs-method"), at("cs-uri-stem"), "cs-uri-stem") ??
        draft.answered(at("sc-status"), "sc-status") ??
        draft.took(at("time-taken"), 1000, "time-taken") ??
        draft.upstreamTook(at("origin-lbl"), 1000, "origin-lbl") ??
        draft.moved(at("cs-bytes"), at("sc-bytes"));
      if (rejected) return rejected;
      const originSeconds = at("origin-fbl");
      readCloudfrontResult(
        { result: at("x-edge-result-type"), detailed: at("x-edge-detailed-result-type"), originSeconds },
        draft,
      );
      return undefined;
    },
  };
}

// helpers

/** What each field fills; the others are not looked at. */
const fills: Readonly<Partial<Record<CloudfrontField, EventField | readonly EventField[]>>> = {
  ...cloudfrontFills,
  timestamp: "time",
  "cs-host": "host",
  "cs-user-agent": "userAgent",
  asn: "asn",
};
