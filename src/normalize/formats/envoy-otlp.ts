import type { Draft } from "../draft.ts";
import { envoyKeys, readEnvoyKeys } from "../envoy-keys.ts";
import type { JsonFormat, JsonRecord } from "../log-format.ts";
import { readRfc3339, readTime } from "../read-time.ts";
import { textOf } from "../read-value.ts";

/**
 * Envoy's OpenTelemetry access log: the same keys as attributes of a log record.
 *
 * Traps: all values are text, and what is missing is `"-"`. The record's own time is the start of the
 * request in ns; where a collector lost it, only when the record was observed is known, which is
 * after the end.
 */
export const envoyOtlp: JsonFormat = {
  id: "envoy-otlp",
  title: "Envoy, OpenTelemetry access log",
  kind: "json",
  keys: {
    start_time: ["time", "startedAt"],
    '["otlp.timeUnixNano"]': ["time", "startedAt"],
    '["otlp.observedTimeUnixNano"]': "time",
    ...envoyKeys,
  },

  matches(sample) {
    if (sample["otlp.timeUnixNano"] === undefined && sample["otlp.observedTimeUnixNano"] === undefined) return 0;
    if (sample.response_code === undefined || sample.method === undefined) return 0;
    return sample.downstream_remote_address === undefined && sample.response_flags === undefined ? 0.6 : 0.95;
  },

  read(record, draft) {
    const began = textOf(record.start_time);
    const rejected = began === undefined ? readOwnTime(record, draft) : draft.beganAt(readRfc3339(began), "start_time");
    return rejected ?? readEnvoyKeys(record, draft);
  },
};

// helpers

function readOwnTime(record: JsonRecord, draft: Draft) {
  const began = textOf(record["otlp.timeUnixNano"]);
  if (began !== undefined && began !== "0") return draft.beganAt(readTime(began, "ns"), "timeUnixNano");
  return draft.endedAt(readTime(record["otlp.observedTimeUnixNano"], "ns"), "observedTimeUnixNano");
}
