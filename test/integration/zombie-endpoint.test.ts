import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { loadRunbooks } from "../../src/incident/load-runbooks.ts";
import type { Store } from "../../src/store/store.ts";
import { openTestStore } from "../support/open-test-store.ts";
import { aMinuteRow } from "../support/store-rows.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";

// The question of runbooks/zombie-endpoint.md, asked of the real engine with a month of counts.

const minute = 60_000;
const day = 1440 * minute;
const now = Math.floor(systemClock.now() / minute) * minute;
const { runbooks } = await loadRunbooks([join(import.meta.dirname, "../../runbooks")]);
const question = runbooks.find(({ id }) => id === "zombie-endpoint")!.query!;

const { directory, remove } = makeTemporaryDirectory();
let store: Store;
let run = 0;

beforeEach(async () => {
  store = await openTestStore(join(directory, String(run++)));
});

afterEach(() => store.close());
afterAll(remove);

interface Lived {
  readonly listed?: boolean | null;
  /** When it was first seen, and when it answered, in ms before now. */
  readonly since: number;
  readonly answered: readonly number[];
  /** 2xx answers of each of these minutes. */
  readonly s2xx?: number;
}

const cases: readonly (readonly [name: string, lived: Lived, found: boolean])[] = [
  ["listed, silent for 40 days, and awake", { since: 80 * day, answered: [40 * day, 5 * minute] }, true],
  ["it was only refused meanwhile", { since: 80 * day, answered: [5 * minute] }, true],
  ["it answered last week", { since: 80 * day, answered: [7 * day, 5 * minute] }, false],
  ["it answered this morning", { since: 80 * day, answered: [8 * 60 * minute, 5 * minute] }, false],
  ["it is still asleep", { since: 80 * day, answered: [40 * day] }, false],
  ["it only refuses", { since: 80 * day, answered: [40 * day, 5 * minute], s2xx: 0 }, false],
  ["it is new", { since: 5 * minute, answered: [5 * minute] }, false],
  ["the inventory lacks it", { since: 80 * day, answered: [40 * day, 5 * minute], listed: false }, false],
  ["there is no inventory", { since: 80 * day, answered: [40 * day, 5 * minute], listed: null }, false],
];

test.for(cases)("%s", async ([, lived, found]) => {
  await writeCounts({ route: "/api/cart", since: 80 * day, answered: [60 * day, 20 * day, 3 * minute] });
  await writeCounts({ route: "/api/old", ...lived });
  const rows = await store.query(question.sql);
  expect(rows).toHaveLength(found ? 1 : 0);
  const match = { route: "/api/old", method: "GET", endpointClass: "catalog", owner: "platform", answers: 5 };
  expect(rows).toMatchObject(found ? [match] : []);
});

test("counts that do not go back a month say nothing", async () => {
  await writeCounts({ route: "/api/old", since: 80 * day, answered: [5 * minute] });
  await writeCounts({ route: "/api/cart", since: 20 * day, answered: [20 * day] });
  expect(await store.query(question.sql)).toEqual([]);
});

async function writeCounts({ route, listed = true, since, answered, s2xx = 5 }: Lived & { route: string }) {
  const place = { route, method: "GET", gateway: "edge", endpointClass: "catalog" };
  const rows = answered.map((ago) => ({ ...aMinuteRow(1), ...place, minute: now - ago, s2xx }));
  await store.write("endpoint_minutes", rows);
  const times = { firstSeen: now - since, lastSeen: now - answered.at(-1)!, lastOkAt: null, lastAnonymousOkAt: null };
  await store.write("endpoints_seen", [{ ...place, owner: "platform", listed, ...times }]);
  await store.flush();
}
