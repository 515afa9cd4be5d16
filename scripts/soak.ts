// `npm run soak`: the service under a steady load for a while, with a flood of made-up clients: does it keep
// up, and does nothing grow? docs/soak.md says how to read it. Exit code 1 when something does.
import { parseArgs } from "node:util";
import { startLoad } from "../bench/load.ts";
import { shopConfig } from "../bench/shop-service.ts";
import { eventually } from "../test/support/eventually.ts";
import { startGatewatch } from "../test/support/gatewatch-process.ts";
import { startKafka } from "../test/support/kafka-broker.ts";
import { makeTemporaryDirectory } from "../test/support/temporary-directory.ts";
import { judgeSoak } from "./soak/judge-soak.ts";
import { readMetrics, sampleHeader, sampleLine, sampleOf, type SoakSample } from "./soak/soak-sample.ts";

const { values } = parseArgs({
  options: {
    hours: { type: "string" },
    minutes: { type: "string" },
    rate: { type: "string" },
    flood: { type: "string" },
    partitions: { type: "string" },
    clients: { type: "string" },
    customers: { type: "string" },
  },
});
const seconds = values.hours === undefined ? Number(values.minutes ?? 10) * 60 : Number(values.hours) * 3_600;
const rate = Number(values.rate ?? 4_000);
const flood = Number(values.flood ?? 0.5);
const partitions = Number(values.partitions ?? 4);
/** An eighth of what a service has by default, and as many fewer customers: full within the minutes before it is judged. */
const clients = Number(values.clients ?? 16_384);
const customers = Number(values.customers ?? 6_000);
if (!([seconds, rate, partitions, clients, customers].every((value) => value > 0) && flood >= 0 && flood <= 1)) {
  console.error("soak: --flood takes a number from 0 to 1, the others one above 0");
  process.exit(2);
}

const topic = "access-logs";
/** Some two hundred lines at the most, and never fewer than ten samples. */
const everyMs = Math.min(Math.max(2, seconds / 200), seconds / 10) * 1_000;

const { broker, unavailableReason } = await startKafka();
if (!broker) {
  console.error(`soak: ${unavailableReason}`);
  process.exit(2);
}
const { directory, remove } = makeTemporaryDirectory();
const ends: (() => unknown)[] = [remove, () => broker.stop()];
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void end().then(() => process.exit(130)));
let log = () => "";
try {
  await broker.createTopic(topic, partitions);
  const config = { ...shopConfig({ brokers: broker.brokers, topic }), detect: { clients } };
  const gatewatch = await startGatewatch({ directory, config });
  log = () => gatewatch.log();
  ends.push(() => gatewatch.kill());
  ends.push(startLoad({ broker: broker.brokers[0]!, topic, rate, flood, clients: customers }));
  const read = async () => readMetrics(await (await fetch(`${gatewatch.url}/metrics`)).text());
  await eventually("the first lines to be read", async () => (await read()).events > 0);

  const load = `${rate} lines a second for ${seconds} s, ${flood * 100} % of them from new addresses`;
  console.log(`${load}; ${customers} customers, tables for ${clients} clients\n${sampleHeader}`);
  const samples: SoakSample[] = [];
  const began = performance.now();
  let before = { reading: await read(), at: began };
  while (performance.now() - began < seconds * 1_000) {
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    const now = { reading: await read(), at: performance.now() };
    const span = { at: (now.at - began) / 1_000, seconds: (now.at - before.at) / 1_000 };
    const sample = sampleOf(now.reading, before.reading, span);
    before = now;
    samples.push(sample);
    console.log(sampleLine(sample));
  }
  const { lines, holds } = judgeSoak(samples, { rate, isFlooded: flood > 0 });
  console.log(`\n${lines.join("\n")}\n${holds ? "It holds." : "It does not hold."}`);
  process.exitCode = holds ? 0 : 1;
} catch (error) {
  console.error(`${String(error)}\nThe service logged last:\n${log().slice(-2_000)}`);
  process.exitCode = 1;
} finally {
  await end();
}

async function end(): Promise<void> {
  for (const one of ends.splice(0).toReversed()) await one();
}
