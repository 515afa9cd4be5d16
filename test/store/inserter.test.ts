import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { Inserter } from "../../src/store/inserter.ts";
import { RefusedRows } from "../../src/store/refused-rows.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { TestClock } from "../support/test-clock.ts";

const clickHouseError = (code: string, message = "no") => Object.assign(new Error(message), { code });

/** An inserter over a database that is a function; `inserted` are the lines it took. */
function setUp(answer: (lines: readonly string[]) => Error | undefined) {
  const file = join(temporaryDirectory(), "refused.ndjson");
  const clock = new TestClock();
  const metrics = createMetrics();
  const stop = new AbortController();
  const inserted: string[] = [];
  let attempts = 0;
  const inserter = new Inserter({
    execute: async (sql) => {
      attempts += 1;
      const lines = sql.split("\n").slice(1);
      const error = answer(lines);
      if (error) throw error;
      inserted.push(...lines);
    },
    refused: new RefusedRows({ file, log: silentLog, metrics }),
    clock,
    log: silentLog,
    metrics,
    signal: stop.signal,
  });
  const refused = () =>
    readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { row: string }).row);
  return { inserter, clock, stop, inserted, refused, attempts: () => attempts };
}

describe("Inserter", () => {
  test("sets a bad row aside and writes all others", async () => {
    const lines = Array.from({ length: 1000 }, (_, i) => String(i));
    const bad = new Set(["0", "371", "999"]);
    const { inserter, inserted, refused, attempts } = setUp((batch) =>
      batch.some((line) => bad.has(line)) ? clickHouseError("27") : undefined,
    );
    await expect(inserter.insert("detections", lines)).resolves.toBe("done");
    expect(inserted).toHaveLength(997);
    expect(refused()).toEqual([...bad]);
    expect(attempts()).toBeLessThan(70);
    expect(inserter.lastError).toBeUndefined();
  });

  test.for([
    ["a lost connection", Object.assign(new Error("connect"), { code: "ECONNREFUSED" })],
    ["an error without a code", new Error("socket hang up")],
    ["a full disk", clickHouseError("243")],
    ["too many parts", clickHouseError("252")],
    ["a table that is not there yet", clickHouseError("60")],
  ] as const)("tries again after %s, for as long as it takes", async ([, error]) => {
    let failures = 40;
    const { inserter, clock, inserted } = setUp(() => (failures-- > 0 ? error : undefined));
    const done = inserter.insert("detections", ["a"]);
    await clock.advance(10_000);
    expect(inserter.lastError).toBe(error.message);
    await clock.advance(300_000);
    await expect(done).resolves.toBe("done");
    expect(inserted).toEqual(["a"]);
    expect(inserter.lastError).toBeUndefined();
  });

  test("waits longer each time, up to a bound", async () => {
    const { inserter, clock, stop, attempts } = setUp(() => new Error("away"));
    const done = inserter.insert("detections", ["a"]);
    await clock.advance(0);
    await clock.advance(60_000);
    expect(attempts()).toBeGreaterThan(12);
    expect(attempts()).toBeLessThan(20);
    stop.abort();
    await expect(done).resolves.toBe("stopped");
  });
});
