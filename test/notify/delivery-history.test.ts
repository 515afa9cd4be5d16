import { beforeEach, describe, expect, test } from "vitest";
import { DeliveryBook } from "../../src/notify/delivery-book.ts";
import { DeliveryHistory } from "../../src/notify/delivery-history.ts";
import { deliveryRow } from "../../src/notify/delivery.ts";
import type { Delivery } from "../../src/notify/notifier.ts";
import { sampleDelivery, sampleTime } from "../support/api-samples.ts";
import { MemoryStore } from "../support/memory-store.ts";

const numbered = (i: number, over: Partial<Delivery> = {}) =>
  sampleDelivery({ id: `dlv_${i}`, incident: `inc_${i % 2}`, createdAt: sampleTime + i, version: 1, ...over });

describe("the book", () => {
  test("forgets the oldest finished ones, and says so", () => {
    const book = new DeliveryBook(2);
    book.put(numbered(1, { state: "pending" }));
    book.put(numbered(2));
    expect(book.isComplete).toBe(true);
    book.put(numbered(3));
    expect(book.all().map(({ id }) => id)).toEqual(["dlv_1", "dlv_3"]);
    expect(book.isComplete).toBe(false);
    expect(book.ofIncident("inc_0")).toEqual([]);
  });

  test("keeps the newest version, whatever the order", () => {
    const book = new DeliveryBook(10);
    book.put(numbered(1, { version: 3, state: "sent" }));
    book.put(numbered(1, { version: 2, state: "sending" }));
    expect(book.get("dlv_1")?.state).toBe("sent");
    expect(book.unfinishedCount).toBe(0);
  });
});

describe("the history", () => {
  const store = new MemoryStore();
  let failures = 0;
  let book: DeliveryBook;
  let history: DeliveryHistory;
  const ids = (list: readonly Delivery[]) => list.map(({ id }) => id).join(" ");

  beforeEach(async () => {
    await store.save([1, 2, 3, 4, 5, 6].map((i) => deliveryRow(numbered(i))));
    failures = 0;
    book = new DeliveryBook(10);
    history = new DeliveryHistory({ book, store, failed: () => failures++ });
    for (const i of [4, 5, 6]) book.put(numbered(i, { version: 2, channel: i === 5 ? "mail" : "screen" }));
    book.markIncomplete();
  });

  test.for([
    ["the newest", { limit: 2 }, "dlv_6 dlv_5"],
    ["further back than memory", { limit: 5 }, "dlv_6 dlv_5 dlv_4 dlv_3 dlv_2"],
    ["after a place in the list", { limit: 2, before: { time: sampleTime + 4, id: "dlv_4" } }, "dlv_3 dlv_2"],
    ["of a channel", { limit: 9, channel: "mail" }, "dlv_5"],
    ["of an incident", { limit: 9, incident: "inc_0" }, "dlv_6 dlv_4 dlv_2"],
    ["none", { limit: 9, incident: "inc_9" }, ""],
  ] as const)("lists %s", async ([, query, expected]) => {
    expect(ids(await history.list(query))).toBe(expected);
  });

  test("asks the store only for an incident that memory doesn't know", async () => {
    expect(ids(await history.ofIncident("inc_0"))).toBe("dlv_4 dlv_6");
    book.remove("dlv_5");
    expect(ids(await history.ofIncident("inc_1"))).toBe("dlv_1 dlv_3 dlv_5");
  });

  test("tells what memory has when the store is away, and counts it", async () => {
    store.latest = () => Promise.reject(new Error("away"));
    expect(ids(await history.list({ limit: 9 }))).toBe("dlv_6 dlv_5 dlv_4");
    expect(failures).toBe(1);
  });
});
