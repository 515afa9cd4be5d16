import kafkajs, { type Admin, type Kafka } from "kafkajs";
import type { Clock } from "../clock.ts";
import { GatewatchError } from "../errors.ts";
import type { Log } from "../log.ts";
import { errorText, kafkaTrouble } from "../source/kafka-client.ts";
import type { ClusterConfig, TopicKind } from "./cluster-config.ts";
import { asCreated, type Topic, topicsOf } from "./topics.ts";
import { whenReached } from "./when-reached.ts";

export interface PrepareTopicsOptions {
  readonly client: Kafka;
  readonly config: ClusterConfig;
  /** Those that this instance works with. */
  readonly kinds: readonly TopicKind[];
  readonly log: Log;
  readonly clock: Clock;
  /** Ends the waiting for a broker. */
  readonly signal?: AbortSignal;
}

/**
 * Creates the topics that are missing, if that is allowed, and checks those that are there. A broker
 * that is away is waited for. Rejects with `CLUSTER_TOPICS` when a person has to mend something.
 */
export async function prepareTopics(options: PrepareTopicsOptions): Promise<void> {
  await whenReached(options, () => prepareOnce(options));
}

// helpers

async function prepareOnce({ client, config, kinds, log }: PrepareTopicsOptions): Promise<void> {
  const all = topicsOf(config);
  const wanted = kinds.map((kind) => all[kind]);
  const admin = client.admin();
  try {
    await admin.connect();
    const there = new Set(await admin.listTopics());
    const missing = wanted.filter(({ name }) => !there.has(name));
    if (missing.length > 0 && !config.createTopics) throw absent(missing);
    if (missing.length > 0) await create(admin, { missing, config, log });
    await check(
      admin,
      wanted.filter(({ name }) => there.has(name)),
    );
  } finally {
    await admin.disconnect();
  }
}

async function create(
  admin: Admin,
  { missing, config, log }: { missing: readonly Topic[]; config: ClusterConfig; log: Log },
): Promise<void> {
  // One by one: where another instance made one of them just now, the others are still to be made.
  for (const topic of missing) {
    try {
      const isNew = await admin.createTopics({ topics: [asCreated(topic, config)], waitForLeaders: true });
      if (isNew) log.info({ topic: topic.name, partitions: topic.partitions }, "topic created");
    } catch (error) {
      throw notCreated(topic, error);
    }
  }
}

/** What a broker refuses for good is told to a person; all else is tried again. */
function notCreated(topic: Topic, error: unknown): unknown {
  const [cause] = error instanceof kafkajs.KafkaJSAggregateError ? error.errors : [error];
  const type = (cause as { type?: string }).type ?? "";
  if (type.endsWith("AUTHORIZATION_FAILED")) {
    return new GatewatchError("CLUSTER_TOPICS", `The topic ${topic.name} is missing, and may not be created.`, {
      remedy: "Let somebody who may create it: `gatewatch topics` prints what is needed. Or grant CREATE on it.",
      cause,
    });
  }
  if (/^(INVALID_|POLICY_VIOLATION)/.test(type)) {
    return new GatewatchError(
      "CLUSTER_TOPICS",
      `The brokers do not create the topic ${topic.name}: ${errorText(cause)}.`,
      { remedy: "Check cluster.replication and cluster.partitions; `gatewatch topics` prints what is needed.", cause },
    );
  }
  return error;
}

/** Topics that somebody made: as many partitions as there have to be, and compacted or not. */
async function check(admin: Admin, topics: readonly Topic[]): Promise<void> {
  if (topics.length === 0) return;
  const { topics: found } = await admin.fetchTopicMetadata({ topics: topics.map(({ name }) => name) });
  const policies = await policiesOf(admin, topics);
  const problems = topics.flatMap((topic) => {
    const partitions = found.find(({ name }) => name === topic.name)?.partitions.length;
    const policy = policies.get(topic.name);
    const wanted = topic.settings["cleanup.policy"];
    return [
      ...(partitions === undefined || partitions === topic.partitions
        ? []
        : [`${topic.name} has ${partitions} partitions, and needs ${topic.partitions}`]),
      ...(policy === undefined || policy === wanted
        ? []
        : [`${topic.name} has cleanup.policy=${policy}, and needs ${wanted}`]),
    ];
  });
  if (problems.length === 0) return;
  throw new GatewatchError(
    "CLUSTER_TOPICS",
    `Topics of the cluster are not as they have to be: ${problems.join("; ")}.`,
    {
      remedy:
        "Set cluster.partitions to what is there, alter the topics as `gatewatch topics` prints them, or name others in cluster.topics.",
    },
  );
}

/** How topics are cleaned up; empty for a user who may not ask. */
async function policiesOf(admin: Admin, topics: readonly Topic[]): Promise<Map<string, string>> {
  const resources = topics.map(({ name }) => ({
    ...{ type: kafkajs.ConfigResourceTypes.TOPIC, name, configNames: ["cleanup.policy"] },
  }));
  try {
    const { resources: described } = await admin.describeConfigs({ resources, includeSynonyms: false });
    return new Map(
      described.map(({ resourceName, configEntries }) => [resourceName, configEntries[0]?.configValue ?? ""]),
    );
  } catch (error) {
    if (kafkaTrouble(error) === "not_authorized") return new Map();
    throw error;
  }
}

function absent(missing: readonly Topic[]): GatewatchError {
  const names = missing.map(({ name }) => name).join(", ");
  return new GatewatchError("CLUSTER_TOPICS", `Topics of the cluster are missing: ${names}.`, {
    remedy: "Create them: `gatewatch topics` prints how. Or set cluster.createTopics to true.",
  });
}
