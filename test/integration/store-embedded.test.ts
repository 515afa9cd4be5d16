import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Detection } from "../../src/detect/detection.ts";
import { createMetrics } from "../../src/metrics.ts";
import { detectionRow } from "../../src/store/detection-row.ts";
import { createMinuteRows } from "../../src/store/minute-rows.ts";
import { rejectedRecordRow } from "../../src/store/event-rows.ts";
import type { Store } from "../../src/store/store.ts";
import { anEvent } from "../support/an-event.ts";
import { openTestStore } from "../support/open-test-store.ts";
import { aDetectionRow, aMinuteRow, rowTime } from "../support/store-rows.ts";
import { readEvents } from "../support/read-events.ts";

// One process can have one embedded store: the tests of this file share it, each with ids of its own.
let directory: string;
let store: Store;
const metrics = createMetrics();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "gatewatch-test-"));
  store = await openTestStore(directory, undefined, { metrics });
});

afterAll(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

const reopen = async (config?: object) => {
  await store.close();
  store = await openTestStore(directory, config, { metrics });
};
const idsLike = (prefix: string) =>
  store
    .latest<{ id: string; version: number }>("detections", "startsWith(id, {prefix:String})", { prefix })
    .then((rows) => rows.map(({ id, version }) => `${id}@${version}`).sort());

describe("saved rows", () => {
  test("are seen at once, and again after a restart", async () => {
    await store.save([aDetectionRow("seen-1"), aDetectionRow("seen-2")]);
    expect(await idsLike("seen-")).toEqual(["seen-1@1", "seen-2@1"]);
    await reopen();
    expect(await idsLike("seen-")).toEqual(["seen-1@1", "seen-2@1"]);
    expect(store.status()).toMatchObject({ journalRows: 0, unwrittenRows: 0, lastError: undefined });
  });

  test("are judged by their newest version, whether it is written or still waits", async () => {
    await store.save([
      aDetectionRow("newest-1", 1, { state: "open" }),
      aDetectionRow("newest-2", 1, { state: "open" }),
    ]);
    await store.flush();
    const saved = store.save([aDetectionRow("newest-1", 2, { state: "closed" }), aDetectionRow("newest-3")]);
    await saved;
    const open = () => store.latest<{ id: string }>("detections", "state = 'open' AND startsWith(id, 'newest-')");
    expect((await open()).map(({ id }) => id)).toEqual(["newest-3", "newest-2"]);
    await store.flush();
    expect((await open()).map(({ id }) => id)).toEqual(["newest-3", "newest-2"]);
  });

  test("come by another time column when asked, so that pages of them miss nothing", async () => {
    const at = (firedAt: number, lastSeen: number) => ({ firedAt, lastSeen });
    await store.save([aDetectionRow("fired-1", 1, at(1_000, 9_000)), aDetectionRow("fired-2", 1, at(2_000, 2_000))]);
    const first = () => store.latest("detections", "startsWith(id, 'fired-')", {}, { limit: 1, by: "firedAt" });
    expect(await first()).toMatchObject([{ id: "fired-2" }]);
    await store.flush();
    expect(await first()).toMatchObject([{ id: "fired-2" }]);
  });

  test("are harmless when saved again, or in another order", async () => {
    const versions = [1, 2, 3].map((version) => aDetectionRow("again", version));
    await store.save(versions.toReversed());
    await store.save(versions);
    await store.flush();
    expect(await idsLike("again")).toEqual(["again@3"]);
    expect(await store.query("SELECT count() AS n FROM detections FINAL WHERE id = 'again'")).toEqual([{ n: 1 }]);
  });

  test("come back as they were, whatever is in them", async () => {
    const hostile = `'); DROP TABLE detections; -- \\' {id:String} \n\t\u0000\u202e € 🛒 "} \ud800`;
    const body = { text: hostile, list: [hostile], nested: { [hostile]: null }, number: 1.5 };
    const row = {
      ...aDetectionRow(`hostile-${hostile}`, 1, { summary: hostile, key: { [hostile]: hostile }, targets: [hostile] }),
      body,
    };
    await store.save([row]);
    expect(await store.latest("detections", "summary != '' AND startsWith(id, 'hostile-')")).toEqual([body]);
    await store.flush();
    expect(await store.latest("detections", "summary = {summary:String}", { summary: hostile.toWellFormed() })).toEqual(
      [body],
    );
  });

  test("are newest first, and no more than asked for", async () => {
    await store.save([1, 2, 3].map((i) => ({ ...aDetectionRow(`limit-${i}`), time: i * 1000 })));
    const rows = await store.latest<{ id: string }>("detections", "startsWith(id, 'limit-')", {}, 2);
    expect(rows.map(({ id }) => id)).toEqual(["limit-3", "limit-2"]);
  });

  test("that ClickHouse refuses are set aside, and hold up nobody", async () => {
    await store.save([aDetectionRow("refused-1"), aDetectionRow("refused-2", -1), aDetectionRow("refused-3")]);
    await store.flush();
    expect(await idsLike("refused-")).toEqual(["refused-1@1", "refused-3@1"]);
    expect(readFileSync(join(directory, "refused.ndjson"), "utf8")).toContain("refused-2");
    expect(await metrics.registry.metrics()).toContain('gatewatch_store_refused_rows_total{table="detections"} 1');
  });

  test("of a detection fill the table's columns", async () => {
    const detection: Detection = {
      id: "det_columns", version: 3, detector: "payment-storm", title: "t", severity: "critical", owasp: ["API4:2023"], state: "open",
      sealed: true, key: { clientIp: "2001:db8::/64" }, firstSeen: 1000, firedAt: 2000, lastSeen: 1_800_000_000_123,
      counters: { failures: 9, accounts: null }, summary: "s", targets: [{ scope: "ip", value: "192.0.2.1" }], clientIpCertain: true,
      evidence: [], endpointClass: "payment", route: undefined, owner: "payments", confidence: "medium", strength: 1.75,
      signal: "payment", mode: "active", coverage: "full", stale: false, supersedes: undefined, origin: "traffic",
    }; // prettier-ignore
    await store.save([detectionRow(detection)]);
    await store.flush();
    expect(await store.query("SELECT clientIp, counters, targets, owner, lastSeen, sealed, confidence, strength FROM detections FINAL WHERE id = 'det_columns'")).toEqual([
      { clientIp: "2001:db8::/64", counters: { failures: 9, accounts: null }, targets: ["ip:192.0.2.1"], owner: "payments", lastSeen: "2027-01-15 08:00:00.123", sealed: true, confidence: "medium", strength: 1.75 },
    ]);
    expect(await metrics.registry.metrics()).not.toContain("gatewatch_store_unknown_columns_total{");
  }); // prettier-ignore
});

describe("bulk rows", () => {
  test("of a replay take the place of those they repeat", async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => aMinuteRow(i, 5));
    await store.write("endpoint_minutes", rows);
    await store.flush();
    await store.write("endpoint_minutes", rows.map((row) => ({ ...row, version: 4, requests: 1 }))); // prettier-ignore
    await store.write("endpoint_minutes", rows);
    await store.flush();
    expect(
      await store.query(
        "SELECT count() AS n, sum(requests) AS requests, max(length(latencyBuckets)) AS buckets FROM endpoint_minutes FINAL",
      ),
    ).toEqual([{ n: 3000, requests: 21_000, buckets: 17 }]);
  });

  test("of every table are taken", async () => {
    const minuteRows = createMinuteRows({ write: store.write.bind(store), keepAccessEvents: true });
    const time = rowTime;
    const limited = anEvent({
      time,
      userId: "u",
      status: 429,
      outcome: "limited",
      attributes: { promoCode: "X" },
      asn: 64_496,
    });
    for (let replay = 0; replay < 2; replay++) {
      await minuteRows.add("bulk", readEvents([limited, anEvent({ time, status: 0, durationMs: undefined })]));
      minuteRows.release("bulk");
    }
    await minuteRows.flush();
    const record = {
      source: "edge",
      partition: "bulk",
      offset: 3,
      index: 0,
      reason: "not_json",
      format: "none",
      detail: "d",
      head: "{",
    } as const;
    await store.write("rejected_records", [rejectedRecordRow(record, time), rejectedRecordRow(record, time)]);
    await store.flush();
    for (const table of ["limited_requests", "rejected_records"]) {
      expect(await store.query(`SELECT count() AS n FROM ${table} FINAL WHERE partition = 'bulk'`)).toEqual([{ n: 1 }]);
    }
    expect(await store.query("SELECT count() AS n FROM access_events FINAL WHERE partition = 'bulk'")).toEqual([
      { n: 2 },
    ]);
    expect(
      await store.query("SELECT actor, requests, refusals FROM actor_minutes FINAL WHERE partition = 'bulk'"),
    ).toEqual([{ actor: "user:u", requests: 1, refusals: 1 }]);
    expect(
      await store.query(
        "SELECT toUnixTimestamp64Milli(lastSeen) AS lastSeen, lastOkAt FROM endpoints_seen FINAL WHERE route = '/api/products/{id}'",
      ),
    ).toEqual([{ lastSeen: time, lastOkAt: null }]);
    expect(await metrics.registry.metrics()).not.toContain("gatewatch_store_unknown_columns_total{");
  });
});

describe("questions", () => {
  test.for([
    ["write", "INSERT INTO silences (id) VALUES ('x')"],
    ["drop", "DROP TABLE silences"],
    ["drop behind a question", "SELECT 1; DROP TABLE silences"],
    ["drop behind a question that ends", "SELECT 1 FORMAT Null; DROP TABLE silences"],
    ["read files", "SELECT * FROM file('/etc/hostname', 'LineAsString')"],
    ["read addresses", "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')"],
    ["write files", "SELECT 1 INTO OUTFILE '/tmp/gatewatch-outfile'"],
    ["lift their limits", "SET max_threads = 8"],
  ] as const)("can't %s", async ([, sql]) => {
    await expect(store.query(sql)).rejects.toMatchObject({ name: "StoreQuestionError" });
    expect(await store.query("SELECT count() AS n FROM silences")).toEqual([{ n: 0 }]);
  });

  test("have a limit on memory, and the next one works", async () => {
    await expect(store.query("SELECT groupArray(number) FROM numbers(1e9)")).rejects.toThrow(/memory/i);
    expect(await store.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  test.for([
    ["an error in the middle", "SELECT number, throwIf(number = 150000) FROM numbers(200000)"],
    ["more rows than the limit", "SELECT number FROM numbers(1000000)"],
  ] as const)("get no rows of one before them that ended with %s", async ([, sql]) => {
    for (let connection = 0; connection < 2; connection++) await expect(store.query(sql)).rejects.toThrow(/./);
    for (let connection = 0; connection < 2; connection++)
      expect(await store.query("SELECT 42 AS n")).toEqual([{ n: 42 }]);
  });

  test("give 64-bit integers as numbers, and take parameters", async () => {
    const sql = "SELECT toUInt64(2) * {n:UInt64} AS n, {s:String} AS s, {l:Array(String)} AS l";
    const params = { n: 21, s: "it's", l: ["a'b", "c"] };
    expect(await store.query(sql, params)).toEqual([{ n: 42, s: "it's", l: ["a'b", "c"] }]);
  });
});

describe("the documentation", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/store.md"), "utf8");
  const examples = [...page.matchAll(/^### (.+)\n[\s\S]*?```sql\n([\s\S]*?)```/gm)].map(
    ([, title, sql]) => [title, sql] as const,
  );

  test("has examples", () => {
    expect(examples.length).toBeGreaterThanOrEqual(6);
  });

  test.for(examples)("has an example that runs: %s", async ([, sql]) => {
    await expect(store.query(sql as string)).resolves.toBeInstanceOf(Array);
  });
});

describe("the tables", () => {
  test("keep rows as long as the configuration says, also when it changes", async () => {
    const timeToLive = async () => {
      const sql =
        "SELECT extract(create_table_query, 'toIntervalSecond\\\\((\\\\d+)') AS s FROM system.tables WHERE database = 'gatewatch' AND name = 'actor_minutes'";
      return (await store.query<{ s: string }>(sql))[0]?.s;
    };
    expect(await timeToLive()).toBe(String(90 * 86_400));
    await reopen({ type: "embedded", retention: { minutes: "2h" } });
    expect(await timeToLive()).toBe("7200");
    await reopen();
    expect(await timeToLive()).toBe(String(90 * 86_400));
  });
});
