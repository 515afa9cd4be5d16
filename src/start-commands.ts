import type { FastifyInstance } from "fastify";
import kafkajs, { type Kafka } from "kafkajs";
import type { ForwardedAnswer, ForwardedRequest } from "./api/forwarding.ts";
import { type ForwardedCallers, ticketHeader } from "./api/forwarded-callers.ts";
import type { Clock } from "./clock.ts";
import type { ClusterConfig } from "./cluster/cluster-config.ts";
import { CommandAsker } from "./cluster/command-asker.ts";
import { commandMetrics } from "./cluster/command-metrics.ts";
import { CommandRunner } from "./cluster/command-runner.ts";
import { CompactedTopic } from "./cluster/compacted-topic.ts";
import { topicsOf } from "./cluster/topics.ts";
import { TransactionalProducer } from "./cluster/transactional-producer.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { errorText } from "./source/kafka-client.ts";

/** Nobody waits for what was asked longer ago. */
const lookBackMs = 60_000;

export interface CommandParts {
  readonly client: Kafka;
  readonly cluster: ClusterConfig;
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Hands requests on to the instance that works. The topic has to be there. */
export function startAsking({ client, cluster, lifecycle, clock, log, metrics }: CommandParts): CommandAsker {
  const { name: topic } = topicsOf(cluster).commands;
  const producer = client.producer({
    allowAutoTopicCreation: false,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 1_000 },
  });
  let connected: Promise<void> | undefined;
  const asker = new CommandAsker({
    ...{ clock, metrics: commandMetrics(metrics) },
    async send(key, value) {
      connected ??= producer.connect().catch((error: unknown) => {
        connected = undefined;
        throw error;
      });
      await connected;
      await producer.send({ topic, messages: [{ key, value, partition: 0 }] });
    },
  });
  const answers = new CompactedTopic({
    ...{ client, topic, clock, log },
    from: (reader) => reader.end(),
    onRecords: (records) => asker.take(records),
  });
  answers.start();
  lifecycle.onStop("requests to others", async () => {
    await answers.stop();
    await producer.disconnect();
  });
  return asker;
}

/** Runs what others have handed on, on the API here; to be called by the one that works, and waits for nothing. */
export function startRunning(
  options: CommandParts & {
    readonly api: FastifyInstance;
    readonly callers: ForwardedCallers;
    readonly mayAct: () => Promise<boolean>;
    readonly onFenced: (error: Error) => void;
  },
): void {
  const { client, cluster, lifecycle, clock, log, api, callers, mayAct, onFenced } = options;
  const { name: topic } = topicsOf(cluster).commands;
  const runner = new CommandRunner({
    ...{ topic, mayAct, onFenced, clock, log, metrics: commandMetrics(options.metrics) },
    committer: () => new TransactionalProducer(client, `${cluster.prefix}-commands`),
    run: (request) => runOn(api, callers, request),
  });
  const asked = new CompactedTopic({
    ...{ client, topic, clock, log },
    from: (reader) => reader.since(clock.now() - lookBackMs),
    onRecords: (records) => runner.take(records),
    onCaughtUp: () => runner.caughtUp(),
  });
  lifecycle.onStop("requests of others", async () => {
    await asked.stop();
    await runner.stop();
  });
  runner.start().then(
    () => asked.start(),
    (error: unknown) => {
      // The first request opens it again.
      log.warn({ error: errorText(error) }, "requests of other instances can't be answered yet");
      asked.start();
    },
  );
}

// helpers

async function runOn(
  api: FastifyInstance,
  callers: ForwardedCallers,
  { method, url, body, caller }: ForwardedRequest,
): Promise<ForwardedAnswer> {
  const ticket = callers.issue(caller);
  if (ticket === undefined) return unknownCaller;
  const answer = await api.inject({
    method: method as "GET",
    url,
    headers: { [ticketHeader]: ticket, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { payload: body }),
  });
  const type = answer.headers["content-type"];
  return { status: answer.statusCode, type: typeof type === "string" ? type : "text/plain", body: answer.body };
}

const unknownCaller: ForwardedAnswer = {
  status: 403,
  type: "application/json; charset=utf-8",
  body: JSON.stringify({
    error: {
      code: "FORBIDDEN",
      message: "The instance that works knows no such token.",
      remedy: "Give all instances the same api.tokens.",
    },
  }),
};
