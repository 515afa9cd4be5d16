import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { shippedPath } from "../src/shipped-path.ts";

/** The configuration of a service that reads the example shop's lines from Kafka, blocks, and keeps its pages to itself. */
export function shopConfig(options: { brokers: readonly string[]; topic: string }): Record<string, unknown> {
  const { brokers, topic } = options;
  const file = readFileSync(shippedPath("examples/shop/gatewatch.yaml"), "utf8");
  const { endpoints, teams, channels } = parse(file) as Record<string, unknown>;
  return {
    service: { name: "bench", dataDirectory: "data" },
    sources: [{ name: "shop", type: "kafka", brokers, topic, format: "nginx-json", gateway: "nginx" }],
    ...{ endpoints, teams, channels },
    geo: { database: "none" },
    // Who is blocked here is blocked on purpose, and many at once.
    block: { mode: "enforce", guard: { minClients: 100_000, maxDecisionsPerMinute: 100_000 } },
  };
}
