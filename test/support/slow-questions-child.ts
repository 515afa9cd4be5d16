// Run as a process of its own, so that the size of its thread pool can be chosen: asks four slow questions at
// once, again and again, and prints how long saves, writes and name look-ups took meanwhile (95th percentile, ms).
// `direct` asks past the store, which lets only two run at once.
import { lookup } from "node:dns/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { createClient } from "@clickhouse/client";
import { createChdbConnection } from "chdb/connection";
import { openTestStore } from "./open-test-store.ts";
import { aDetectionRow, aMinuteRow } from "./store-rows.ts";

const [directory = ".", way = "store", rounds = "100"] = process.argv.slice(2);
const question = "SELECT sum(sipHash64(number)) AS sum FROM numbers(3e7) SETTINGS max_threads = 1";
const store = await openTestStore(directory);
const took = { save: [] as number[], write: [] as number[], lookup: [] as number[] };
const time = async (name: keyof typeof took, work: () => Promise<unknown>) => {
  const begin = performance.now();
  await work();
  took[name].push(performance.now() - begin);
};

const asker = () => {
  if (way === "store") return () => store.query(question.replace(/ SETTINGS.*/, ""));
  const connection = createChdbConnection({ path: join(directory, "store") });
  const client = createClient({ connection } as object);
  return () => client.command({ query: question });
};
const state = { asking: true };
const questions = Array.from({ length: 4 }, asker).map(async (ask) => {
  while (state.asking) await ask();
});
for (let i = 0; i < Number(rounds); i++) {
  await Promise.all([
    time("save", () => store.save([aDetectionRow(`row-${i}`)])),
    time("write", () => store.write("endpoint_minutes", [aMinuteRow(i)])),
    time("lookup", () => lookup("localhost")),
  ]);
  await wait(10);
}
state.asking = false;
await Promise.all(questions);
const nearWorst = Object.entries(took).map(([name, ms]) => [
  name,
  ms.sort((a, b) => a - b)[Math.floor(ms.length * 0.95)],
]);
process.stdout.write(`${JSON.stringify(Object.fromEntries(nearWorst))}\n`);
process.exit();
