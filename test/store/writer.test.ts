import { expect, test } from "vitest";
import type { JournalEntry } from "../../src/store/journal-record.ts";
import type { SavedTable } from "../../src/store/store.ts";
import { Writer } from "../../src/store/writer.ts";
import { TestClock } from "../support/test-clock.ts";

test("what follows from a row is in ClickHouse before it, whatever was saved first", async () => {
  const { inserted, written } = await write(["detections", "incidents", "incident_events", "decisions", "detections"]);
  expect(inserted).toEqual(["decisions 1", "incident_events 1", "incidents 1", "detections 2"]);
  expect(written).toEqual([5]);
});

test("nothing is forgotten when ClickHouse takes no more in the midst of it", async () => {
  const { inserted, written } = await write(["detections", "incidents"], 1);
  expect(inserted).toEqual(["incidents 1"]);
  expect(written).toEqual([]);
});

// helpers

/** Rows of these tables wait in this order; after `most` inserts it is stopped. */
async function write(tables: readonly SavedTable[], most = Infinity) {
  let waiting: JournalEntry[] = tables.map((table, i) => ({ table, id: `${i}`, version: 1, line: "{}" }));
  const [inserted, written] = [[] as string[], [] as number[]];
  const writer = new Writer({
    journal: {
      onAppended() {},
      peek: () => waiting,
      async written(count) {
        written.push(count);
        waiting = waiting.slice(count);
      },
    },
    bulk: { hasFullBatch: false, take: () => undefined, written() {} },
    inserter: {
      async insert(table, lines) {
        if (inserted.length >= most) return "stopped";
        inserted.push(`${table} ${lines.length}`);
        return "done";
      },
    },
    clock: new TestClock(),
  });
  writer.wake();
  await writer.stop();
  return { inserted, written };
}
