import { describe, expect, test } from "vitest";
import { Leadership } from "../../src/cluster/leadership.ts";
import { TestClock } from "../support/test-clock.ts";

describe("certainty", () => {
  test("lasts for less than a group waits for the next heartbeat", async () => {
    const { clock, leadership } = leading();
    expect(leadership.isAssured).toBe(true);
    await clock.advance(4_499);
    expect(leadership.isAssured).toBe(true);
    await clock.advance(1);
    expect(leadership.isAssured).toBe(false);
    expect(leadership.leads).toBe(true);
  });

  test("counts from when the heartbeat was sent, not from its answer", async () => {
    const { clock, leadership } = leading();
    const sentAt = clock.monotonic();
    await clock.advance(20_000);
    leadership.heard("edge", sentAt);
    expect(leadership.isAssured).toBe(false);
    leadership.heard("edge", clock.monotonic());
    expect(leadership.isAssured).toBe(true);
  });

  test("needs every source that has partitions", async () => {
    const { clock, leadership } = leading("edge", "shop");
    await clock.advance(5_000);
    leadership.heard("edge", clock.monotonic());
    expect(leadership.isAssured).toBe(false);
    leadership.heard("shop", clock.monotonic());
    expect(leadership.isAssured).toBe(true);
  });

  test("is not there while it is warm, whatever the groups answer", () => {
    const clock = new TestClock();
    const leadership = new Leadership({ clock, instance: "a" });
    leadership.joined("edge", []);
    leadership.heard("edge", clock.monotonic());
    expect([leadership.leads, leadership.isAssured]).toEqual([false, false]);
  });
});

describe("an act", () => {
  test("waits while it is not certain, and goes on with the next heartbeat", async () => {
    const { clock, leadership } = leading();
    await clock.advance(10_000);
    const state: { may?: boolean } = {};
    void leadership.assured().then((may) => (state.may = may));
    await clock.advance(1);
    expect(state.may).toBeUndefined();
    leadership.heard("edge", clock.monotonic());
    await clock.advance(1);
    expect(state.may).toBe(true);
  });

  test("is not done when another leads by then", async () => {
    const { clock, leadership } = leading();
    await clock.advance(10_000);
    const may = leadership.assured();
    leadership.joined("edge", []);
    expect(await may).toBe(false);
    expect(await leadership.assured()).toBe(false);
  });
});

describe("the lead is lost", () => {
  test("when a group gives its partitions to another, for good", async () => {
    const { leadership } = leading();
    leadership.joined("edge", []);
    leadership.joined("edge", [0, 1]);
    leadership.begin();
    expect(await leadership.lost).toBe("the group of edge gave its partitions to another instance");
    expect([leadership.leads, leadership.signal.aborted]).toEqual([false, true]);
  });

  test("when a group has gone on without it: whoever waits to be certain waits no more", async () => {
    const { clock, leadership } = leading();
    await clock.advance(12_000);
    const waiting = leadership.assured();
    leadership.expelled("edge");
    expect(await waiting).toBe(false);
    expect(leadership.leads).toBe(false);
  });

  test("not when a group had none to give before it led", () => {
    const leadership = new Leadership({ clock: new TestClock(), instance: "a" });
    leadership.joined("edge", []);
    expect(leadership.signal.aborted).toBe(false);
  });

  test("not when a group gives them to it again", async () => {
    const { leadership, clock } = leading();
    leadership.joined("edge", [0, 1]);
    await clock.advance(1);
    expect([leadership.leads, leadership.isAssured]).toEqual([true, true]);
  });
});

// helpers

function leading(...sources: string[]) {
  const clock = new TestClock();
  const leadership = new Leadership({ clock, instance: "a" });
  for (const source of sources.length > 0 ? sources : ["edge"]) leadership.joined(source, [0, 1]);
  leadership.begin();
  return { clock, leadership };
}
