import kafkajs from "kafkajs";
import { expect, test } from "vitest";
import { silentLog } from "../../src/log.ts";
import { createKafkaClient, errorText, kafkaTrouble } from "../../src/source/kafka-client.ts";
import { type KafkaSourceConfig, sourcesConfig } from "../../src/source/source-config.ts";

function configOf(change: object): KafkaSourceConfig {
  const given = { name: "edge", type: "kafka", brokers: ["127.0.0.1:1"], topic: "logs", ...change };
  return sourcesConfig.parse([given])[0] as KafkaSourceConfig;
}

test("a TLS file that can't be read is an error that names it", async () => {
  const config = configOf({ tls: { ca: "/nowhere/ca.pem" } });
  await expect(createKafkaClient(config, silentLog)).rejects.toMatchObject({
    code: "SOURCE_FAILED",
    message: "source edge: tls.ca: can't read /nowhere/ca.pem",
    remedy: expect.any(String),
  });
});

test("what kafkajs writes into the credentials does not reach the configuration", async () => {
  const config = configOf({ sasl: { mechanism: "plain", username: "u", password: "p" } });
  const client = await createKafkaClient(config, silentLog);
  client.consumer({ groupId: "g" });
  expect(config.sasl).toEqual({ mechanism: "plain", username: "u", password: "p" });
});

const wrapped = (cause: Error) => new Error("retries exceeded", { cause });
const named = (name: string) => Object.assign(new Error("as kafkajs names it"), { name });
const typed = (type: string) => Object.assign(new Error("protocol"), { type });

test.for<[string, unknown, string]>([
  ["a refused connection", new kafkajs.KafkaJSConnectionError("refused", { broker: "b" }), "broker_unreachable"],
  ["one inside another", wrapped(wrapped(new kafkajs.KafkaJSRequestTimeoutError("late", {} as never))), "broker_unreachable"],
  ["a wrong password", named("KafkaJSSASLAuthenticationError"), "authentication_failed"],
  ["a topic that is not there", wrapped(typed("UNKNOWN_TOPIC_OR_PARTITION")), "topic_missing"],
  ["a topic of others", typed("TOPIC_AUTHORIZATION_FAILED"), "not_authorized"],
  ["no coordinator", typed("GROUP_COORDINATOR_NOT_AVAILABLE"), "group_unavailable"],
  ["anything else", new TypeError("x is undefined"), "failed"],
  ["no error at all", "text", "failed"],
])("kafkaTrouble: %s", ([, error, reason]) => {
  expect(kafkaTrouble(error)).toBe(reason);
}); // prettier-ignore

test("errorText has no stack", () => {
  expect(errorText(new TypeError("bad"))).toBe("TypeError: bad");
});
