import { z } from "zod";
import { kafkaConnection } from "../source/kafka-connection.ts";
import { durationMs } from "../units.ts";

const topicName = z.string().regex(/^[A-Za-z0-9._-]{1,249}$/, {
  error: "expected a topic name: letters, digits, . _ or -",
});

/** The topics of a cluster, and what they are for. */
export const topicPurposes = {
  tallies: "What was counted, on its way from `ingest` to `detect`.",
  traffic: "What is known of all clients and logins, on its way from `ingest` to `respond`.",
  detections: "What was found, on its way from `detect` to `respond`.",
  state: "What counts and judges has saved, for whoever goes on from it.",
  decisions: "Who is blocked, for every `gate`.",
  commands: "What people ask of the one that acts, and its answers.",
  context: "How far each source partition was read, and what was learned of routes, for all `ingest`.",
} as const;

export type TopicKind = keyof typeof topicPurposes;

const topicNames = Object.fromEntries(
  Object.entries(topicPurposes).map(([kind, purpose]) => [
    kind,
    topicName
      .optional()
      .meta({ description: `${purpose} \`PREFIX.${kind}\` unless given.`, examples: [`shop.${kind}`] }),
  ]),
) as Record<TopicKind, z.ZodOptional<typeof topicName>>;

/** `cluster:`: more than one instance, by way of Kafka; absent for one that keeps its state on its own disk. */
export const clusterConfig = z
  .strictObject({
    ...kafkaConnection,
    prefix: topicName
      .max(200)
      .default("gatewatch")
      .meta({ description: "What names of topics, groups and transactions begin with.", examples: ["gatewatch"] }),
    topics: z
      .strictObject(topicNames)
      .prefault({})
      .meta({ description: "Names of single topics.", examples: [{ tallies: "shop.tallies" }] }),
    partitions: z
      .int()
      .min(1)
      .max(1024)
      .default(4)
      .meta({
        description:
          "Into how many parts keys are divided: at most so many `detect` share the work. Can't be changed while topics exist.",
        examples: [4],
      }),
    replication: z
      .int()
      .min(1)
      .max(9)
      .optional()
      .meta({ description: "Copies of each topic; the brokers' default unless given.", examples: [3] }),
    createTopics: z
      .boolean()
      .default(true)
      .meta({ description: "Create topics that are missing; `gatewatch topics` prints them.", examples: [true] }),
    flushEvery: durationMs("200ms")
      .prefault("200ms")
      .refine((ms) => ms >= 20 && ms <= 5_000, { error: "expected 20ms to 5s" })
      .meta({ description: "How often `ingest` hands on what it counted.", examples: ["200ms"] }),
  })
  .meta({
    description: "More than one instance, by way of Kafka. Left out: one, which keeps its state in its data directory.",
    examples: [{ brokers: ["kafka-1:9092"], prefix: "gatewatch" }],
  });

export type ClusterConfig = z.output<typeof clusterConfig>;
