import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCli } from "../../src/cli/cli.ts";
import { testCliContext } from "../support/cli-context.ts";
import { tempDirectory } from "../support/temp-directory.ts";

const sources = `
sources: [{ name: edge, type: kafka, brokers: ["k:9092"], topic: access-logs, group: the shop's }]
store: { type: server, url: "http://clickhouse:8123" }
`;

describe("gatewatch topics", () => {
  test("prints what creates the topics, with their settings", async () => {
    const { stdout, code } = await topics(
      `${sources}cluster: { brokers: ["k1:9092", "k2:9092"], prefix: shop, partitions: 6, replication: 3 }`,
    );
    expect(code).toBe(0);
    const create = "kafka-topics.sh --bootstrap-server k1:9092,k2:9092 --create --if-not-exists --topic";
    expect(stdout).toContain(
      `${create} shop.tallies --partitions 6 --replication-factor 3 --config cleanup.policy=delete `,
    );
    expect(stdout).toContain(
      `${create} shop.decisions --partitions 1 --replication-factor 3 --config cleanup.policy=compact `,
    );
    expect(stdout.split("\n").filter((line) => line.startsWith("kafka-topics.sh"))).toHaveLength(7);
  });

  test("and the rights, as a shell takes them", async () => {
    const { stdout } = await topics(
      `${sources}cluster: { brokers: ["k:9092"], prefix: shop, topics: { state: kept.here }, sasl: { mechanism: plain, username: guard, password: "\${SECRET}" } }`,
    );
    const rights = stdout.split("\n").filter((line) => line.startsWith("kafka-acls.sh"));
    const allow = "kafka-acls.sh --bootstrap-server k:9092 --add --allow-principal User:guard";
    const own =
      "--operation Read --operation Write --operation Describe --operation DescribeConfigs --operation Create";
    expect(rights).toEqual([
      `${allow} ${own} --topic shop --resource-pattern-type prefixed`,
      `${allow} ${own} --topic kept.here`,
      `${allow} --operation Write --operation Describe --transactional-id shop --resource-pattern-type prefixed`,
      `${allow} --operation Read --operation Describe --group shop --resource-pattern-type prefixed`,
      `${allow} --operation Read --operation Describe --topic access-logs`,
      `${allow} --operation Read --operation Describe --group 'the shop'\\''s'`,
    ]);
    expect(stdout).not.toContain("hunter2");
  });

  test("--json has the same for programs", async () => {
    const { stdout } = await topics(`${sources}cluster: { brokers: ["k:9092"], createTopics: false }`, "--json");
    const printed = JSON.parse(stdout) as { topics: { kind: string }[]; rights: { operations: string[] }[] };
    expect(printed.topics.map(({ kind }) => kind)).toContain("commands");
    expect(printed.rights[0]?.operations).toEqual(["Read", "Write", "Describe", "DescribeConfigs"]);
  });

  test("without a cluster there are none", async () => {
    const { code, stderr } = await topics(sources);
    expect(code).toBe(2);
    expect(stderr).toContain("has no cluster");
  });
});

// helpers

async function topics(text: string, ...options: string[]) {
  const file = join(tempDirectory(), "gatewatch.yaml");
  writeFileSync(file, text);
  const { context, printed } = testCliContext({ env: { SECRET: "hunter2" } });
  const code = await runCli(["-c", file, "topics", ...options], context);
  return { code, ...printed };
}
