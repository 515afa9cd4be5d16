import type { KafkaSourceConfig } from "../source/source-config.ts";
import type { ClusterConfig } from "./cluster-config.ts";

/** Larger than any record of ours. */
const maxRecordBytes = 8 * 1024 ** 2;

/** One of the cluster's own topics, as a source that a group reads from where it was. */
export function topicSource(
  { brokers, tls, sasl }: ClusterConfig,
  of: { readonly name: string; readonly topic: string; readonly group: string },
): KafkaSourceConfig {
  return {
    ...of,
    ...{ type: "kafka", brokers, tls, sasl, from: "earliest", maxRecordBytes },
    // Nobody looks at these: it holds no log lines, and may be silent.
    ...{ gateway: undefined, format: "auto", timeZone: "UTC", trustClientIp: false, silentAfter: "never" },
  };
}
