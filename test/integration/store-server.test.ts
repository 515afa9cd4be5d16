import { createServer } from "node:http";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Store } from "../../src/store/store.ts";
import { ClickHouseHttp } from "../support/clickhouse-http.ts";
import { openTestStore } from "../support/open-test-store.ts";
import { aDetectionRow, aMinuteRow } from "../support/store-rows.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

let directory: string;
let server: ClickHouseHttp;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "gatewatch-test-"));
  server = await ClickHouseHttp.start(directory);
});

afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

/** A store over the server, in a database of its own. */
async function open(
  name: string,
  options: { data?: string; config?: object; closeWithinMs?: number } = {},
): Promise<Store> {
  const config = { type: "server", url: server.url, database: name, ...options.config };
  const { closeWithinMs = 1000 } = options;
  const store = await openTestStore(options.data ?? temporaryDirectory(), config, { patienceMs: 2000, closeWithinMs });
  onTestFinished(async () => {
    await server.comeBackIfAway();
    await store.close();
  });
  return store;
}

const ids = async (store: Store) => (await store.latest<{ id: string }>("detections", "")).map(({ id }) => id).sort();

describe("a server", () => {
  test("is used like the embedded engine", async () => {
    const store = await open("same");
    const hostile = `it's \\ {id:String} "; -- €`;
    await store.save([aDetectionRow("a", 1, { summary: hostile }), aDetectionRow("b")]);
    expect(await store.latest("detections", "summary = {s:String}", { s: hostile })).toEqual([{ id: "a", version: 1 }]);
    await store.write("endpoint_minutes", [aMinuteRow(1), aMinuteRow(2)]);
    await store.flush();
    expect(await store.latest("detections", "summary = {s:String}", { s: hostile })).toEqual([{ id: "a", version: 1 }]);
    expect(await store.query("SELECT sum(requests) AS n FROM endpoint_minutes FINAL")).toEqual([{ n: 14 }]);
    await expect(store.query("SELECT nope FROM detections")).rejects.toMatchObject({ reason: "failed" });
  });

  test("sets bad rows aside as well", async () => {
    const store = await open("refused");
    await store.save([aDetectionRow("a"), aDetectionRow("bad", -1), aDetectionRow("c")]);
    await store.flush();
    expect(await ids(store)).toEqual(["a", "c"]);
  });

  test("may go away: rows are saved meanwhile, and arrive when it is back", async () => {
    const store = await open("away");
    await store.save([aDetectionRow("before")]);
    await store.flush();
    await server.goAway();
    await Promise.all(Array.from({ length: 200 }, (_, i) => store.save([aDetectionRow(`during-${i}`)])));
    await store.write("endpoint_minutes", [aMinuteRow(1)]);
    await expect.poll(() => store.status().reachable).toBe(false);
    expect(store.status()).toMatchObject({
      journalRows: 200,
      unwrittenRows: 1,
      lastError: expect.stringContaining("ECONNREFUSED"),
    });
    await expect(store.latest("detections", "")).rejects.toMatchObject({ reason: "failed" });
    await server.comeBack();
    await store.flush();
    expect(store.status()).toMatchObject({ reachable: true, journalRows: 0, unwrittenRows: 0, lastError: undefined });
    expect(await ids(store)).toHaveLength(201);
  });

  test("may be away at the end: the next start writes what was saved", async () => {
    const data = temporaryDirectory();
    const store = await open("later", { data, closeWithinMs: 200 });
    await server.goAway();
    await store.save([aDetectionRow("kept-1"), aDetectionRow("kept-2")]);
    await store.close();
    expect(await readdir(join(data, "journal"))).toHaveLength(1);
    await server.comeBack();
    const next = await open("later", { data });
    expect(await ids(next)).toEqual(["kept-1", "kept-2"]);
  });

  test("may be away for long: then the journal fills, and callers wait", async () => {
    const store = await open("full", { config: { journalBytes: "1MiB" } });
    await server.goAway();
    const body = "x".repeat(100_000);
    const saves = Array.from({ length: 30 }, (_, i) =>
      store.save([{ ...aDetectionRow(`row-${i}`), body: { id: `row-${i}`, body } }]),
    );
    let confirmed = 0;
    for (const save of saves) void save.then(() => confirmed++);
    await expect.poll(() => confirmed).toBe(10);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(confirmed).toBe(10);
    expect(store.status().journalBytes).toBeLessThanOrEqual(1024 ** 2);
    await server.comeBack();
    await Promise.all(saves);
    await store.flush();
    expect(await ids(store)).toHaveLength(30);
  });

  test("may be away for long: then rows of counts wait too, a stated number of them", async () => {
    const store = await open("bounded", { config: { maxUnwrittenRows: 1000 } });
    await server.goAway();
    const writes = Array.from({ length: 5 }, (_, i) =>
      store.write(
        "endpoint_minutes",
        Array.from({ length: 400 }, (_, j) => aMinuteRow(i * 400 + j)),
      ),
    );
    let taken = 0;
    for (const write of writes) void write.then(() => taken++);
    await expect.poll(() => taken).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(store.status().unwrittenRows).toBe(800);
    await server.comeBack();
    await Promise.all(writes);
    await store.flush();
    expect(await store.query("SELECT count() AS n FROM endpoint_minutes FINAL")).toEqual([{ n: 2000 }]);
  });
});

describe("opening", () => {
  test("gives up on a server that is not there, and says what to check", async () => {
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    const { port } = probe.address() as AddressInfo;
    probe.close();
    const opened = openTestStore(
      temporaryDirectory(),
      { type: "server", url: `http://127.0.0.1:${port}` },
      { patienceMs: 600 },
    );
    await expect(opened).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      remedy: expect.stringContaining("store.url"),
    });
  });

  test("waits for a server that comes a little later", async () => {
    await server.goAway();
    const opened = open("patient");
    await new Promise((resolve) => setTimeout(resolve, 400));
    await server.comeBack();
    expect(await ids(await opened)).toEqual([]);
  });

  test.for([
    [
      "changed",
      "INSERT INTO schema_migrations (number, name, hash) VALUES (1, '0001-saved-tables.sql', 'another')",
      /made with another 0001/,
    ],
    [
      "newer",
      "INSERT INTO schema_migrations (number, name, hash) VALUES (99, '0099-later.sql', 'x')",
      /newer version: it has 0099-later\.sql/,
    ],
  ] as const)("refuses tables that a %s version made", async ([name, statement, message]) => {
    const store = await open(`migrated_${name}`);
    await store.close();
    await server.run(`migrated_${name}`, statement);
    await expect(open(`migrated_${name}`)).rejects.toMatchObject({
      code: "STORE_MIGRATION",
      message: expect.stringMatching(message),
    });
  });
});
