import type { Readable } from "node:stream";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { FileSource } from "./source/file-source.ts";
import { HttpSource } from "./source/http-source.ts";
import { KafkaSource } from "./source/kafka-source.ts";
import type { GroupMembership } from "./source/group-membership.ts";
import type { Source } from "./source/raw-batch.ts";
import { StdinSource } from "./source/stdin-source.ts";

/** Makes the configured sources; nothing is read yet. */
export function createSources(options: {
  readonly config: Config;
  readonly stdin: Readable;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Where the groups of the Kafka sources decide which instance works. */
  readonly membership?: GroupMembership | undefined;
}): Source[] {
  const { config, stdin, clock, log, metrics, membership } = options;
  const { dataDirectory } = config.service;
  return config.sources.map((source) => {
    switch (source.type) {
      case "kafka":
        return new KafkaSource({ config: source, clock, log, metrics, membership });
      case "http":
        return new HttpSource({ config: source, dataDirectory, clock, log, metrics });
      case "file":
        return new FileSource({ config: source, directory: dataDirectory, clock, log, metrics });
      default:
        return new StdinSource({ config: source, stream: stdin, clock, log });
    }
  });
}
