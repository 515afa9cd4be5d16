import { describe, expect, test } from "vitest";
import { BulkBuffer, bulkBatchRows } from "../../src/store/bulk-buffer.ts";

const lines = (count: number) => Array.from({ length: count }, (_, i) => String(i));
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("BulkBuffer", () => {
  test("gives the fullest table first, one batch at a time", async () => {
    const buffer = new BulkBuffer(1e6);
    await buffer.add("endpoint_minutes", lines(5));
    await buffer.add("actor_minutes", lines(bulkBatchRows + 1));
    expect(buffer.hasFullBatch).toBe(true);
    expect(buffer.take()).toMatchObject({ table: "actor_minutes", lines: { length: bulkBatchRows } });
    expect(buffer.take()).toMatchObject({ table: "endpoint_minutes", lines: { length: 5 } });
    expect(buffer.take()).toMatchObject({ table: "actor_minutes", lines: ["10000"] });
    expect(buffer.take()).toBeUndefined();
    expect(buffer.rows).toBe(bulkBatchRows + 6);
  });

  test("lets callers wait, in turn, until rows are written, not only taken", async () => {
    const buffer = new BulkBuffer(10);
    await buffer.add("endpoint_minutes", lines(8));
    const done: string[] = [];
    const waiting = [
      buffer.add("actor_minutes", lines(8)).then(() => done.push("large")),
      buffer.add("actor_minutes", lines(1)).then(() => done.push("small")),
    ];
    buffer.take();
    await turn();
    expect(done).toEqual([]);
    buffer.written(8);
    await Promise.all(waiting);
    expect(done).toEqual(["large", "small"]);
    expect(buffer.rows).toBe(9);
  });

  test("takes more than fit at all once it is empty", async () => {
    const buffer = new BulkBuffer(10);
    await buffer.add("endpoint_minutes", lines(100));
    expect(buffer.rows).toBe(100);
  });

  test("drained waits for what was there, not for what comes after", async () => {
    const buffer = new BulkBuffer(100);
    await buffer.add("endpoint_minutes", lines(3));
    const drained = buffer.drained();
    await buffer.add("endpoint_minutes", lines(3));
    buffer.written(3);
    await drained;
    expect(buffer.rows).toBe(3);
  });
});
