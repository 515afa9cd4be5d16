import { join } from "node:path";
import { ClickHouseHttp } from "../test/support/clickhouse-http.ts";
import { eventually } from "../test/support/eventually.ts";
import { type GatewatchProcess, startGatewatch } from "../test/support/gatewatch-process.ts";
import type { KafkaBroker } from "../test/support/kafka-broker.ts";
import type { NamedProcess } from "./process-load.ts";
import { shopConfig } from "./shop-service.ts";

/** The same service, split: a process of each role. Its gate is asked. */
export async function startRoles(options: {
  readonly broker: KafkaBroker;
  readonly topic: string;
  readonly directory: string;
}): Promise<Pick<GatewatchProcess, "url" | "metric" | "kill"> & { readonly processes: readonly NamedProcess[] }> {
  const { broker, topic, directory } = options;
  const server = await ClickHouseHttp.start(join(directory, "clickhouse"));
  const config = {
    ...shopConfig({ brokers: broker.brokers, topic }),
    store: { type: "server", url: server.url, database: "bench" },
    cluster: { brokers: broker.brokers, prefix: "bench", partitions: 2, replication: 1, flushEvery: "100ms" },
  };
  const start = (role: string) =>
    startGatewatch({ directory: join(directory, role), config, role, until: "listening" });
  // One after the other: on few processors all at once take longer.
  const processes: { name: string; process: GatewatchProcess }[] = [];
  for (const name of ["ingest", "detect", "respond", "gate"]) processes.push({ name, process: await start(name) });
  const all = processes.map(({ process }) => process);
  const [ingest, , , gate] = all as [GatewatchProcess, GatewatchProcess, GatewatchProcess, GatewatchProcess];
  await eventually("all roles to be ready", () => Promise.all(all.map(isReady)).then((ready) => ready.every(Boolean)), 60_000); // prettier-ignore
  return {
    url: gate.url,
    processes,
    metric: (name, labels) => ingest.metric(name, labels),
    async kill() {
      for (const process of all) await process.kill();
      await server.stop();
    },
  };
}

// helpers

async function isReady({ url }: GatewatchProcess): Promise<boolean> {
  return (await fetch(`${url}/readyz`)).ok;
}
