// Run as a process of its own by tests that kill it: saves rows without end, and prints each id once it is confirmed.
import { writeSync } from "node:fs";
import { openTestStore } from "./open-test-store.ts";
import { aDetectionRow } from "./store-rows.ts";

const [directory = ".", prefix = "row", callers = "4"] = process.argv.slice(2);
const store = await openTestStore(directory);
writeSync(1, "ready\n");
let next = 0;
const saveForEver = async () => {
  for (;;) {
    const id = `${prefix}-${next++}`;
    await store.save([aDetectionRow(id, 1, { summary: "x".repeat(next % 3000) })]);
    writeSync(1, `${id}\n`);
  }
};
await Promise.all(Array.from({ length: Number(callers) }, saveForEver));
