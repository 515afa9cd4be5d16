import { z } from "zod";
import { byteSize, durationMs, parseDuration, type Duration } from "../units.ts";

/** ClickHouse's times end in 2106: what is to be dropped later than that would be dropped at once. */
const longestMs = parseDuration("3650d") as number;

/** A whole number of seconds at least, since ClickHouse counts a time to live in seconds. */
const timeToLive = (example: Duration) =>
  durationMs(example)
    .refine((ms) => ms >= 60_000, { error: "expected at least 1m" })
    .refine((ms) => ms <= longestMs, { error: "expected at most 3650d" });

/** How long rows stay. */
const keepFor = (fallback: Duration, description: string) =>
  timeToLive(fallback)
    .default(parseDuration(fallback) as number)
    .meta({ description, examples: [fallback] });

const retention = z
  .strictObject({
    detections: keepFor(
      "400d",
      "How long detections, incidents with their timeline, decisions, deliveries and silences stay.",
    ),
    minutes: keepFor("90d", "How long the counts of each minute stay, by endpoint and by actor."),
    rejected: keepFor("7d", "How long records stay that could not be read."),
    limited: keepFor("30d", "How long each request stays that a limiter refused."),
    accessEvents: z
      .union([z.literal("off"), timeToLive("3d")], {
        error: "expected `off` or a time span such as 3d",
      })
      .default("off")
      .meta({ description: "How long every single request stays; `off` keeps none.", examples: ["off", "3d"] }),
  })
  .prefault({})
  .meta({
    description: "How long rows stay in the store, counted from the time they speak of.",
    examples: [{ detections: "400d", minutes: "90d" }],
  });

const shared = {
  retention,
  journalBytes: byteSize("256MiB")
    .refine((bytes) => bytes >= 1024 ** 2, { error: "expected at least 1MiB" })
    .default(256 * 1024 ** 2)
    .meta({
      description: "How much may wait on disk while ClickHouse is away; when it is full, reading logs waits.",
      examples: ["256MiB"],
    }),
  maxUnwrittenRows: z
    .int()
    .min(1000)
    .max(10_000_000)
    .default(200_000)
    .meta({
      description: "How many rows of counts may wait in memory; when it is full, reading logs waits.",
      examples: [200_000],
    }),
};

const embedded = z.strictObject({
  type: z.literal("embedded").meta({
    description: "ClickHouse inside this process, in the data directory; for one machine.",
    examples: ["embedded"],
  }),
  ...shared,
});

const server = z.strictObject({
  type: z.literal("server").meta({ description: "A ClickHouse server, over HTTP.", examples: ["server"] }),
  url: z
    .url({ protocol: /^https?$/, error: "expected the http:// or https:// address of a ClickHouse server" })
    .meta({ description: "Where its HTTP interface listens.", examples: ["https://clickhouse:8443"] }),
  username: z
    .string()
    .min(1)
    .default("default")
    .meta({ description: "Who signs in.", examples: ["gatewatch"] }),
  password: z
    .string()
    .default("")
    .meta({ description: "Their password.", examples: ["${CLICKHOUSE_PASSWORD}"] }),
  database: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, { error: "expected a name of letters, digits and _" })
    .default("gatewatch")
    .meta({ description: "The database; made if it is missing.", examples: ["gatewatch"] }),
  ...shared,
});

/** Where detections, incidents and counts are kept: `store:` in the configuration. */
export const storeConfig = z
  .discriminatedUnion("type", [embedded, server])
  .prefault({ type: "embedded" })
  .meta({ description: "Where detections, incidents and counts are kept.", examples: [{ type: "embedded" }] });

export type StoreConfig = z.output<typeof storeConfig>;
