import { afterAll, beforeAll, expect, test } from "vitest";
import type { Store } from "../../src/store/store.ts";
import { systemClock } from "../../src/clock.ts";
import { dashboardQuestions, withoutMacros } from "../support/dashboard.ts";
import { openTestStore } from "../support/open-test-store.ts";
import { aDetectionRow, aMinuteRow } from "../support/store-rows.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";

// The dashboards' SQL, asked of the real engine with the real tables: columns, types, aggregates.

const { directory, remove } = makeTemporaryDirectory();
const questions = dashboardQuestions().filter(({ datasource }) => datasource === "clickhouse");
const recent = Math.floor(systemClock.now() / 60_000 - 5) * 60_000;
let store: Store;

beforeAll(async () => {
  store = await openTestStore(directory);
  const minute = { ...aMinuteRow(1), minute: recent, endpointClass: "login", s5xx: 1 };
  await store.write("endpoint_minutes", [minute, { ...minute, method: "POST", requests: 9 }]);
  await store.write("rejected_records", [
    { time: recent, partition: "p", offset: 1, source: "edge", reason: "not_json", format: "none", detail: "d", head: "h" },
  ]); // prettier-ignore
  await store.write("limited_requests", [
    { time: recent, partition: "p", offset: 1, index: 0, clientIp: "203.0.113.7" },
  ]);
  const columns = { sealed: true, firedAt: recent, origin: "traffic" };
  const decision = { uuid: "u", number: 1, action: "ban", state: "active", createdAt: recent, until: recent + 900_000 };
  await store.save([
    aDetectionRow("det_1", 1, columns),
    { ...aDetectionRow("inc_1"), table: "incidents", columns: { state: "open", severity: "high", openedAt: recent, title: "Stuffing" } },
    { ...aDetectionRow("u"), table: "decisions", columns: decision },
  ]); // prettier-ignore
  await store.flush();
});

afterAll(async () => {
  await store?.close();
  remove();
});

test("there are some", () => expect(questions.length).toBeGreaterThan(5));

test.for(questions.map(({ name, text }) => [name, text] as const))("%s", async ([, sql]) => {
  expect(await store.query(withoutMacros(sql))).not.toEqual([]);
});
