import { type ClusterConfig, topicPurposes } from "../cluster/cluster-config.ts";
import { neededRights, type Right } from "../cluster/needed-rights.ts";
import { type Topic, topicsOf } from "../cluster/topics.ts";
import { loadSection } from "../config.ts";
import { GatewatchError } from "../errors.ts";
import type { CliContext } from "./cli-context.ts";

/** `gatewatch topics`: what has to exist in Kafka, for those who may not create it themselves. Asks no broker. */
export async function runTopics(
  { configFile, json }: { readonly configFile: string; readonly json: boolean },
  context: CliContext,
): Promise<number> {
  const from = { file: configFile, env: context.env };
  const cluster = await loadSection(from, "cluster");
  if (cluster === undefined) {
    throw new GatewatchError("CONFIG_INVALID", `The configuration ${configFile} has no cluster, so it needs no topics.`, {
      remedy: "Add `cluster:` with its brokers, for several instances: docs/cluster.md.",
    }); // prettier-ignore
  }
  const sources = (await loadSection(from, "sources")).filter((source) => source.type === "kafka");
  const topics = Object.values(topicsOf(cluster));
  const rights = neededRights(cluster, sources);
  if (json) {
    const all = topics.map((topic) => ({
      ...topic,
      replication: cluster.replication,
      purpose: topicPurposes[topic.kind],
    }));
    context.stdout(`${JSON.stringify({ topics: all, rights }, undefined, 2)}\n`);
    return 0;
  }
  const server = `--bootstrap-server ${cluster.brokers.join(",")}`;
  const lines = [
    "# Topics. Those that exist are left as they are.",
    ...topics.flatMap((topic) => createLines(topic, { cluster, server })),
    "",
    "# Rights, where the brokers ask for them.",
    ...rights.map((right) => rightLine(right, { user: cluster.sasl?.username ?? "NAME", server })),
  ];
  context.stdout(`${lines.join("\n")}\n`);
  return 0;
}

// helpers

function createLines(topic: Topic, from: { readonly cluster: ClusterConfig; readonly server: string }): string[] {
  const { replication } = from.cluster;
  const copies = replication === undefined ? "" : ` --replication-factor ${replication}`;
  const settings = Object.entries(topic.settings).map(([name, value]) => ` --config ${name}=${value}`);
  return [
    `# ${topicPurposes[topic.kind]}`,
    `kafka-topics.sh ${from.server} --create --if-not-exists --topic ${topic.name} --partitions ${topic.partitions}${copies}${settings.join("")}`,
  ];
}

function rightLine(right: Right, { user, server }: { readonly user: string; readonly server: string }): string {
  const operations = right.operations.map((operation) => ` --operation ${operation}`).join("");
  const pattern = right.pattern === "prefixed" ? " --resource-pattern-type prefixed" : "";
  return `kafka-acls.sh ${server} --add --allow-principal ${quoted(`User:${user}`)}${operations} --${right.resource} ${quoted(right.name)}${pattern}`;
}

/** As a shell takes it: names of groups and users may hold anything. */
function quoted(text: string): string {
  return /^[\w.:@/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
