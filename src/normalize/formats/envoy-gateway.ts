import { envoyKeys, readEnvoyKeys } from "../envoy-keys.ts";
import type { JsonFormat } from "../log-format.ts";
import { readRfc3339 } from "../read-time.ts";

/**
 * Envoy's JSON with the keys of Envoy Gateway or of Istio, and Envoy's older `json_format`.
 *
 * Traps: numbers are numbers, or all text, and what is missing is `null`, `"-"`, or no key at all
 * (`omit_empty_values`). `start_time` is the start. The address carries a port. `response_code` 0
 * means that no answer was begun. The flags are a list with commas. A log without details tells by
 * its flags alone who answered.
 */
export const envoyGateway: JsonFormat = {
  id: "envoy-gateway",
  title: "Envoy Gateway, JSON",
  kind: "json",
  keys: { start_time: ["time", "startedAt"], ...envoyKeys },

  matches(sample) {
    if (sample.response_code === undefined || sample.start_time === undefined) return 0;
    if (sample["otlp.timeUnixNano"] !== undefined) return 0;
    return sample.downstream_remote_address === undefined && sample.response_flags === undefined ? 0.6 : 0.95;
  },

  read(record, draft) {
    return draft.beganAt(readRfc3339(record.start_time), "start_time") ?? readEnvoyKeys(record, draft);
  },
};
