import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { Journal } from "../../src/store/journal.ts";
import type { JournalEntry } from "../../src/store/journal-record.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { TestClock } from "../support/test-clock.ts";

const entry = (id: string, version = 1, size = 20): JournalEntry => ({
  table: "detections",
  id,
  version,
  line: JSON.stringify({ id, text: "x".repeat(size) }),
});
const everything = { rows: 1e6, bytes: 1e9 };
const ids = (journal: Journal) => journal.peek(everything).map(({ id }) => id);
const files = (directory: string) => readdirSync(directory).sort();

async function open(directory: string, maxBytes = 1024 ** 2): Promise<Journal> {
  const options = { directory, maxBytes, clock: new TestClock(), log: silentLog, metrics: createMetrics() };
  const journal = await Journal.open(options);
  onTestFinished(() => journal.close());
  return journal;
}

/** What a process that is killed leaves behind: nothing is closed before the test ends. */
async function leftBehind(directory: string, entries: readonly JournalEntry[]): Promise<string> {
  await (await open(directory)).append(entries);
  return join(directory, files(directory).at(-1) as string);
}

describe("Journal", () => {
  test("has after a kill what it confirmed, in order", async () => {
    const directory = temporaryDirectory();
    await leftBehind(directory, [entry("a"), entry("b")]);
    await leftBehind(directory, [entry("c")]);
    const journal = await open(directory);
    expect(ids(journal)).toEqual(["a", "b", "c"]);
    expect(journal.peek(everything)[0]).toEqual(entry("a"));
    expect(journal.rows).toBe(3);
  });

  test.for([
    ["half a record", (file: string) => truncateSync(file, statSync(file).size - 5)],
    ["half a length", (file: string) => appendFileSync(file, Buffer.from([7, 0]))],
    ["zeros", (file: string) => appendFileSync(file, Buffer.alloc(64))],
    ["a length beyond the end", (file: string) => appendFileSync(file, Buffer.from([255, 255, 255, 255, 0, 0, 0, 0, 1]))],
    ["a flipped bit", (file: string) => {
      const bytes = readFileSync(file);
      bytes[bytes.length - 3] = (bytes[bytes.length - 3] as number) ^ 1;
      writeFileSync(file, bytes);
    }],
  ] as const)("cuts a torn end: %s", async ([, tear]) => {
    const directory = temporaryDirectory();
    const file = await leftBehind(directory, [entry("a"), entry("b"), entry("c")]);
    tear(file);
    const journal = await open(directory);
    expect(ids(journal).slice(0, 2)).toEqual(["a", "b"]);
    await journal.append([entry("d")]);
    const again = await open(directory);
    expect(ids(again)).toEqual([...ids(journal)]);
    expect(ids(again).at(-1)).toBe("d");
  }); // prettier-ignore

  test("syncs once for all who wait", async () => {
    const directory = temporaryDirectory();
    const journal = await open(directory);
    await Promise.all(Array.from({ length: 200 }, (_, i) => journal.append([entry(String(i))])));
    expect(ids(journal)).toEqual(Array.from({ length: 200 }, (_, i) => String(i)));
    expect(ids(await open(directory))).toHaveLength(200);
  });

  test("deletes segments once all their rows are written", async () => {
    const directory = temporaryDirectory();
    const journal = await open(directory, 40_000); // segments of 10,000 bytes
    for (let i = 0; i < 30; i++) await journal.append([entry(String(i), 1, 1000)]);
    expect(files(directory)).toHaveLength(3);
    await journal.written(15);
    expect(files(directory)).toHaveLength(2);
    await journal.written(15);
    expect(files(directory)).toHaveLength(1);
    await journal.close();
    expect(files(directory)).toHaveLength(0);
  });

  test("keeps what is not written when it is closed, and takes no more", async () => {
    const directory = temporaryDirectory();
    const journal = await open(directory);
    await journal.append([entry("a"), entry("b")]);
    await journal.written(1);
    await journal.close();
    await expect(journal.append([entry("c")])).rejects.toThrow("closed");
    // The segment is read again as a whole: a row that is written twice is harmless.
    expect(ids(await open(directory))).toEqual(["a", "b"]);
  });

  test("lets callers wait while it is full, and in turn", async () => {
    const journal = await open(temporaryDirectory(), 3000);
    await journal.append([entry("a", 1, 1300), entry("b", 1, 1300)]);
    const done: string[] = [];
    const waiting = ["c", "d"].map((id) => journal.append([entry(id, 1, 1300)]).then(() => done.push(id)));
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).toEqual([]);
    await journal.written(1);
    await waiting[0];
    expect(done).toEqual(["c"]);
    await journal.written(1);
    await waiting[1];
    expect(ids(journal)).toEqual(["c", "d"]);
  });

  test("takes a row larger than all of it once it is empty, or nobody could ever go on", async () => {
    const journal = await open(temporaryDirectory(), 3000);
    await journal.append([entry("a", 1, 9000)]);
    expect(ids(journal)).toEqual(["a"]);
  });

  test("hands out batches within limits, at least one row", async () => {
    const journal = await open(temporaryDirectory());
    await journal.append([entry("a", 1, 900), entry("b", 1, 900), entry("c", 1, 900)]);
    expect(journal.peek({ rows: 2, bytes: 1e6 })).toHaveLength(2);
    expect(journal.peek({ rows: 9, bytes: 2100 })).toHaveLength(2);
    expect(journal.peek({ rows: 9, bytes: 1 })).toHaveLength(1);
  });

  test("knows the newest version of each id that waits", async () => {
    const journal = await open(temporaryDirectory());
    await journal.append([entry("a", 2), entry("b", 1), entry("a", 1), { ...entry("x"), table: "incidents" }]);
    expect(journal.unwritten("detections").map(({ id, version }) => [id, version])).toEqual([["a", 2], ["b", 1]]);
  }); // prettier-ignore

  test("drained waits for what was there, not for what comes after", async () => {
    const journal = await open(temporaryDirectory());
    await journal.append([entry("a")]);
    const drained = journal.drained();
    await journal.append([entry("b")]);
    await journal.written(1);
    await drained;
    expect(journal.rows).toBe(1);
  });

  test("waits for a disk that refuses, then goes on", async () => {
    const directory = temporaryDirectory();
    const clock = new TestClock();
    const metrics = createMetrics();
    const journal = await Journal.open({ directory, maxBytes: 1e6, clock, log: silentLog, metrics });
    onTestFinished(() => journal.close());
    rmSync(directory, { recursive: true });
    const appended = journal.append([entry("a")]);
    const failures = metrics.counter("gatewatch_store_journal_failures_total", "");
    await vi.waitFor(async () => expect((await failures.get()).values[0]?.value).toBe(1));
    expect(journal.lastError).toContain("ENOENT");
    mkdirSync(directory);
    await clock.advance(1000);
    await appended;
    expect(ids(journal)).toEqual(["a"]);
    expect(journal.lastError).toBeUndefined();
  });

  test("refuses those who wait for room when it is closed", async () => {
    const journal = await open(temporaryDirectory(), 3000);
    await journal.append([entry("a", 1, 2900)]);
    const waiting = journal.append([entry("b", 1, 2900)]);
    await Promise.all([expect(waiting).rejects.toThrow("closed"), journal.close()]);
  });
});
