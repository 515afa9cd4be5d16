import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { DeliveryBook } from "../../src/notify/delivery-book.ts";
import { DeliveryHistory } from "../../src/notify/delivery-history.ts";
import { deliveryRow } from "../../src/notify/delivery.ts";
import type { Notifier, Page } from "../../src/notify/notifier.ts";
import { createPager, type Pager } from "../../src/notify/pager.ts";
import type { Store } from "../../src/store/store.ts";
import { sampleDelivery, sampleDetection, sampleIncident, sampleRunbook } from "../support/api-samples.ts";
import { eventually } from "../support/eventually.ts";
import { openTestStore } from "../support/open-test-store.ts";

let directory: string;
let store: Store;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "gatewatch-deliveries-"));
  store = await openTestStore(directory);
});
afterAll(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

/** A pager on the real store and clock, with one channel that takes everything. */
async function start(pages: Page[]): Promise<Pager> {
  const channel: Notifier = {
    channel: "screen",
    type: "outbox",
    idempotent: true,
    send(page) {
      pages.push(page);
      return Promise.resolve({ kind: "sent", reference: page.deliveryId });
    },
  };
  const pager = createPager({
    store,
    clock: systemClock,
    log: silentLog,
    metrics: createMetrics(),
    teams: { identity: { channels: ["screen"], fallback: [] } },
    channels: new Map([["screen", channel]]),
    service: "gatewatch@test",
    publicUrl: "http://127.0.0.1:8080",
    perTeamPerHour: 5,
    timeline: () => {},
    trouble: () => {},
  });
  await pager.load();
  return pager;
}

test("what was sent is known after a restart: no second page, and the end goes where the page went", async () => {
  const incident = sampleIncident({ id: "inc_real" });
  const change = {
    kind: "opened",
    incident,
    runbook: sampleRunbook(),
    detection: sampleDetection(),
    page: true,
  } as const;
  const pages: Page[] = [];
  const first = await start(pages);
  await first.changed(change);
  const [delivery] = await eventually("the page", async () => {
    const list = await first.deliveries({ limit: 10 });
    return list[0]?.state === "sent" && list;
  });
  await first.stop(1_000);
  await store.close();
  store = await openTestStore(directory);

  const second = await start(pages);
  expect(await second.deliveries({ limit: 10 })).toEqual([JSON.parse(JSON.stringify(delivery))]);
  await second.changed(change);
  await second.changed({ ...change, kind: "resolved", incident: { ...incident, state: "resolved" }, page: false });
  await eventually("the end", () => pages.length > 1);
  await second.stop(1_000);
  expect(pages.map(({ kind }) => kind)).toEqual(["trigger", "resolve"]);
});

test("the questions behind the history are ones that ClickHouse understands", async () => {
  const base = sampleDelivery().createdAt;
  const all = [1, 2, 3].map((i) => sampleDelivery({ id: `dlv_old${i}`, incident: "inc_old", createdAt: base + i }));
  await store.save(all.map(deliveryRow));
  const failures: unknown[] = [];
  const book = new DeliveryBook(10);
  book.markIncomplete();
  const history = new DeliveryHistory({ book, store, failed: (error) => failures.push(error) });
  const before = { time: base + 3, id: "dlv_old3" };
  const list = await history.list({ limit: 5, incident: "inc_old", channel: "screen", before });
  expect(list.map(({ id }) => id)).toEqual(["dlv_old2", "dlv_old1"]);
  expect((await history.ofIncident("inc_old")).map(({ id }) => id)).toEqual(["dlv_old1", "dlv_old2", "dlv_old3"]);
  expect(failures).toEqual([]);
});
