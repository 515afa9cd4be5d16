// `npm run bench:rows`: what ClickHouse keeps of a shop's traffic, by table, in rows and bytes for each event;
// docs/scaling.md reckons with it.
import { parseArgs } from "node:util";
import { storeLines } from "./stages.ts";
import { batchesOf, benchLines } from "./traffic.ts";

const { values } = parseArgs({
  options: { json: { type: "boolean" }, lines: { type: "string" }, clients: { type: "string" } },
});
const count = Number(values.lines ?? 400_000);
const clients = Number(values.clients ?? 20_000);
const perBatch = 2_000;

// Of the last minutes: ClickHouse drops what is older than it is to keep.
const start = Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000;
const tables = await storeLines(batchesOf(benchLines({ lines: count, clients, start }), perBatch));
if (values.json) console.log(JSON.stringify({ lines: count, clients, tables }));
else {
  console.log(`${count} lines of ${clients} clients, ${Math.round(count / 2_000 / 6) / 10} minutes of event time\n`);
  console.log("table                     rows   bytes a row   rows for 1,000 events");
  for (const { table, rows, bytes } of tables) {
    const columns = [String(rows).padStart(9), (bytes / rows).toFixed(1).padStart(13), ((rows * 1000) / count).toFixed(2).padStart(23)]; // prettier-ignore
    console.log(`${table.padEnd(20)} ${columns.join(" ")}`);
  }
}
