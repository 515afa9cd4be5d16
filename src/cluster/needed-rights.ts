import type { KafkaSourceConfig } from "../source/source-config.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { topicsOf } from "./topics.ts";

/** What the user of the brokers has to be allowed, where they ask. */
export interface Right {
  readonly resource: "topic" | "group" | "transactional-id";
  readonly name: string;
  /** `prefixed`: everything whose name begins so. */
  readonly pattern: "literal" | "prefixed";
  readonly operations: readonly ("Read" | "Write" | "Describe" | "DescribeConfigs" | "Create")[];
}

/** The rights that instances of a cluster need, all roles together. */
export function neededRights(config: ClusterConfig, sources: readonly KafkaSourceConfig[]): Right[] {
  const { prefix, createTopics } = config;
  const own = createTopics
    ? (["Read", "Write", "Describe", "DescribeConfigs", "Create"] as const)
    : (["Read", "Write", "Describe", "DescribeConfigs"] as const);
  const elsewhere = Object.values(topicsOf(config)).filter(({ name }) => !name.startsWith(prefix));
  return [
    { resource: "topic", name: prefix, pattern: "prefixed", operations: own },
    ...elsewhere.map(({ name }): Right => ({ resource: "topic", name, pattern: "literal", operations: own })),
    { resource: "transactional-id", name: prefix, pattern: "prefixed", operations: ["Write", "Describe"] },
    { resource: "group", name: prefix, pattern: "prefixed", operations: ["Read", "Describe"] },
    ...[...new Set(sources.map(({ topic }) => topic))].map((name): Right => ({
      resource: "topic",
      name,
      pattern: "literal",
      operations: ["Read", "Describe"],
    })),
    ...[...new Set(sources.map(({ group }) => group))].map((name): Right => ({
      resource: "group",
      name,
      pattern: "literal",
      operations: ["Read", "Describe"],
    })),
  ];
}
