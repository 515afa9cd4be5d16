import { z } from "zod";
import { byteSize, durationMs } from "../units.ts";
import { kafkaConnection } from "./kafka-connection.ts";

const common = {
  name: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, { error: "expected a name: a letter, then letters, digits, - or _" })
    .meta({ description: "The source's name in incidents, metrics and positions. Unique.", examples: ["edge"] }),
  gateway: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .meta({ description: "Which gateway writes these logs. Default: the source's name.", examples: ["nginx-eu"] }),
  format: z
    .string()
    .min(1)
    .default("auto")
    .meta({
      description: "What the lines look like: auto, a built-in format, or a name under `formats`.",
      examples: ["auto", "nginx-json"],
    }),
  timeZone: z
    .string()
    .refine(isTimeZone, { error: "expected a time zone: a name of the IANA database, or an offset" })
    .default("UTC")
    .meta({
      description: "The zone of times that the gateway logs without one (HAProxy's %tr). Other times are not affected.",
      examples: ["Europe/Berlin", "+02:00"],
    }),
  trustClientIp: z
    .boolean()
    .default(false)
    .meta({
      description:
        "For shop events: true when the application's `clientIp` can't be forged by a client; else nothing is blocked on it.", // prettier-ignore
      examples: [true],
    }),
  maxRecordBytes: byteSize("1MiB")
    .prefault("1MiB")
    .meta({ description: "A longer record is refused and counted as too_long.", examples: ["1MiB"] }),
  silentAfter: z
    .union([z.literal("never"), durationMs("60s")])
    .prefault("60s")
    .meta({
      description: "An incident opens when nothing arrived for so long; `never` turns it off.",
      examples: ["60s"],
    }),
};

const kafka = z.strictObject({
  ...common,
  type: z.literal("kafka").meta({ description: "Reads a Kafka topic.", examples: ["kafka"] }),
  ...kafkaConnection,
  topic: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,249}$/, { error: "expected a topic name: letters, digits, . _ or -" })
    .meta({ description: "The topic with the access logs.", examples: ["access-logs"] }),
  group: z
    .string()
    .min(1)
    .default("gatewatch")
    .meta({ description: "Consumer group.", examples: ["gatewatch"] }),
  from: z
    .enum(["latest", "earliest"])
    .default("latest")
    .meta({ description: "Where to begin when no position is saved or committed.", examples: ["latest"] }),
});

const http = z.strictObject({
  ...common,
  type: z.literal("http").meta({ description: "Takes lines at POST /v1/logs.", examples: ["http"] }),
  maxBodyBytes: byteSize("16MiB")
    .prefault("16MiB")
    .meta({ description: "A larger body, before or after inflating, is answered 413.", examples: ["16MiB"] }),
  spoolBytes: byteSize("256MiB")
    .prefault("256MiB")
    .meta({ description: "Accepted lines that wait on disk; beyond it, 429.", examples: ["256MiB"] }),
});

const file = z.strictObject({
  ...common,
  type: z.literal("file").meta({ description: "Reads a file, or follows it.", examples: ["file"] }),
  path: z
    .string()
    .min(1)
    .meta({
      description: "The file; a glob, and gzip, when it is not followed.",
      examples: ["/var/log/nginx/access.log"],
    }),
  follow: z
    .boolean()
    .default(true)
    .meta({ description: "Go on reading as the file grows.", examples: [true] }),
  from: z
    .enum(["start", "end"])
    .default("end")
    .meta({
      description:
        "Where following begins when no position is saved. A file that is not followed is read from its start.",
      examples: ["end"],
    }),
});

const stdin = z.strictObject({
  ...common,
  type: z.literal("stdin").meta({ description: "Reads standard input to its end.", examples: ["stdin"] }),
});

/** The configuration's `sources`: where log lines come from; at least one. */
export const sourcesConfig = z
  .array(z.discriminatedUnion("type", [kafka, http, file, stdin]))
  .min(1, { error: "expected at least one source" })
  .superRefine((sources, context) => {
    const seen = new Set<string>();
    for (const [index, source] of sources.entries()) {
      if (seen.has(source.name)) {
        context.addIssue({ code: "custom", path: [index, "name"], message: `another source is called ${source.name}` });
      }
      seen.add(source.name);
      if (source.type === "http" && source.spoolBytes < 4 * source.maxBodyBytes) {
        const message = "expected at least four times maxBodyBytes, or a large body would never find room";
        context.addIssue({ code: "custom", path: [index, "spoolBytes"], message });
      }
      if (source.type === "stdin" && sources.findIndex((other) => other.type === "stdin") !== index) {
        context.addIssue({ code: "custom", path: [index, "type"], message: "standard input can be read only once" });
      }
    }
  })
  .meta({
    description: "Where log lines come from; at least one.",
    examples: [[{ name: "edge", type: "kafka", brokers: ["kafka-1:9092"], topic: "access-logs" }]],
  });

export type SourceConfig = z.output<typeof sourcesConfig>[number];
export type KafkaSourceConfig = z.output<typeof kafka>;
export type HttpSourceConfig = z.output<typeof http>;
export type FileSourceConfig = z.output<typeof file>;
export type StdinSourceConfig = z.output<typeof stdin>;

/** Whether there is such a zone: a name of the IANA database, or an offset. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
