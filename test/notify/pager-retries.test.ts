import { describe, expect, test } from "vitest";
import type { Delivery, SendResult } from "../../src/notify/notifier.ts";
import { PagerScene, refused, sent, serverError } from "../support/pager-scene.ts";

const minute = 60_000;
const alone = { identity: { channels: ["slack"], fallback: [] } };
const withFallback = { identity: { channels: ["slack"], fallback: ["hook", "screen"] } };

describe("without another channel", () => {
  test("it is tried again, ever more slowly, for about half an hour", async () => {
    const scene = new PagerScene(alone);
    scene.channel("slack").will(serverError);
    await scene.change("opened");
    await scene.clock.advance(120 * minute);
    expect(scene.sends.map((line) => Number(line.split(" ")[0]))).toEqual([
      0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1111, 1411, 1711,
    ]);
    expect(scene.states()).toEqual(["slack trigger failed"]);
    expect(scene.lines()).toEqual([
      "page_failed: Page to slack failed (server_error: HTTP 500); no other channel is left",
    ]);
  });

  test("a channel that asks for patience gets it, within reason", async () => {
    const limited = (afterMs: number): SendResult => ({
      kind: "retry",
      reason: "rate_limited",
      detail: "429",
      afterMs,
    });
    const scene = new PagerScene(alone);
    scene.channel("slack").will(limited(30_000), limited(24 * 60 * minute), sent);
    await scene.change("opened");
    await scene.clock.advance(20 * minute);
    expect(scene.sends.map((line) => line.split(" ")[0])).toEqual(["+0", "+30", "+630"]);
    expect(scene.states()).toEqual(["slack trigger sent"]);
  });

  test("what was refused is not tried again", async () => {
    const scene = new PagerScene(alone);
    scene.channel("slack").will(refused);
    await scene.change("opened");
    await scene.clock.advance(60 * minute);
    expect(scene.sends.length).toBe(1);
    expect(scene.states()).toEqual(["slack trigger failed"]);
  });

  test("no answer from a channel that can't tell repeats apart: once more, and never a third time", async () => {
    const scene = new PagerScene(alone, ["slack"]);
    scene.channel("slack").will("hang");
    await scene.change("opened");
    await scene.clock.advance(60 * minute);
    expect(scene.sends).toEqual(["+0 slack trigger inc_1", "+11 slack trigger inc_1"]);
    expect(scene.states()).toEqual(["slack trigger unknown"]);
    expect(scene.lines()).toEqual(["page_failed: Page to slack may have arrived; it is not sent again"]);
  });
});

describe("with another channel", () => {
  test.for([
    ["refused", [refused], "+0"],
    ["failing three times in a row", [serverError], "+3"],
    ["silent", ["hang" as const], "+15"],
    ["asking for a minute", [{ ...serverError, afterMs: minute } as SendResult], "+0"],
  ] as const)("a channel that is %s hands the page over in time", async ([, script, at]) => {
    const scene = new PagerScene(withFallback);
    scene.channel("slack").will(...script);
    await scene.change("opened");
    await scene.clock.advance(60 * minute);
    expect(scene.sends.filter((line) => !line.includes("slack"))).toEqual([`${at} hook trigger inc_1`]);
    expect(scene.states()).toEqual(["slack trigger handed_over", "hook trigger sent"]);
    expect(scene.lines()[0]).toMatch(/^page_failed: Page to slack failed \(.*\); hook gets it$/);
    expect(scene.troubles[0]?.[0]).toBe("slack");
    expect(scene.troubles[0]?.[1]).toMatch(/^Channel slack is failing: /);
  });

  test("no answer from a channel that can't tell repeats apart is not repeated: the next one gets it", async () => {
    const scene = new PagerScene(withFallback, ["slack"]);
    scene.channel("slack").will("hang");
    await scene.change("opened");
    await scene.clock.advance(minute);
    expect(scene.sends).toEqual(["+0 slack trigger inc_1", "+10 hook trigger inc_1"]);
  });

  test("the old and the new delivery are made durable together", async () => {
    const scene = new PagerScene(withFallback);
    scene.channel("slack").will(refused);
    await scene.change("opened");
    const together = scene.store.saves.map((rows) => rows.map((row) => (row.body as Delivery).state));
    expect(together).toContainEqual(["handed_over", "pending"]);
  });

  test("in order, and each only once", async () => {
    const scene = new PagerScene({ identity: { channels: ["slack", "mail"], fallback: ["mail", "hook", "screen"] } });
    for (const channel of ["slack", "mail", "hook"]) scene.channel(channel).will(refused);
    await scene.change("opened");
    await scene.clock.advance(minute);
    expect(scene.states()).toEqual([
      "slack trigger handed_over",
      "mail trigger handed_over",
      "hook trigger failed",
      "screen trigger sent",
    ]);
  });

  test("the end is told where the page arrived in the end", async () => {
    const scene = new PagerScene(withFallback);
    scene.channel("slack").will(refused);
    await scene.change("opened");
    scene.channel("slack").will(sent);
    await scene.change("resolved");
    expect(scene.sends.at(-1)).toBe("+0 hook resolve inc_1");
    expect(scene.channel("slack").pages.length).toBe(1);
  });

  test("trouble is told once, and ends with the next success", async () => {
    const scene = new PagerScene(withFallback);
    scene.channel("slack").will(refused, refused, sent);
    for (const id of ["inc_1", "inc_2", "inc_3"]) await scene.change("opened", { id });
    expect(scene.troubles.filter(([channel]) => channel === "slack")).toEqual([
      ["slack", "Channel slack is failing: unauthorized (HTTP 401)"],
      ["slack", undefined],
    ]);
  });

  test("a channel that is no longer configured hands over as well", async () => {
    const scene = new PagerScene(withFallback);
    scene.channel("slack").will(serverError);
    await scene.change("opened");
    const old = scene.channel("slack");
    scene.channels.delete("slack");
    await scene.pager.update({ teams: scene.teams, channels: new Map(scene.channels) });
    await scene.clock.advance(minute);
    expect(scene.sends.at(-1)).toBe("+1 hook trigger inc_1");
    expect(old.closed).toBe(true);
  });
});

test("a notifier that throws loses no page", async () => {
  const scene = new PagerScene(withFallback, ["slack"]);
  scene.channel("slack").send = () => Promise.reject(new Error("a bug"));
  await scene.change("opened");
  expect(scene.sends).toEqual(["+0 hook trigger inc_1"]);
  expect(await scene.metrics.registry.metrics()).toContain('gatewatch_notify_errors_total{step="notifier_threw"} 1');
});

test("a notifier that does not heed its deadline is left behind", async () => {
  const scene = new PagerScene(alone);
  scene.channel("slack").will("never", sent);
  await scene.change("opened");
  await scene.clock.advance(minute);
  expect(scene.sends.map((line) => line.split(" ")[0])).toEqual(["+0", "+12"]);
});

test("an attempt that can't be made durable is not made, and made later", async () => {
  const scene = new PagerScene(alone);
  scene.channel("slack").will(serverError, sent);
  await scene.change("opened");
  scene.store.failSaves(new Error("the journal is full"));
  await scene.clock.advance(3_000);
  expect(scene.sends.length).toBe(1);
  scene.store.failSaves(undefined);
  await scene.clock.advance(minute);
  expect(scene.sends.length).toBe(2);
  expect(scene.states()).toEqual(["slack trigger sent"]);
});

test("one at a time on a channel, and no faster than it takes", async () => {
  const scene = new PagerScene({ identity: { channels: ["slack"], fallback: [] } });
  const slack = scene.addChannel("slack", { minIntervalMs: 1_000 });
  await scene.restart();
  for (const id of ["inc_1", "inc_2", "inc_3"]) await scene.change("opened", { id });
  await scene.clock.advance(minute);
  expect(scene.sends.map((line) => line.split(" ")[0])).toEqual(["+0", "+1", "+2"]);
  expect(slack.mostUnderWay).toBeLessThanOrEqual(1);
});

test("one hanging channel holds up no other", async () => {
  const scene = new PagerScene({ identity: { channels: ["slack", "mail"], fallback: [] } });
  scene.channel("slack").will("hang");
  for (const id of ["inc_1", "inc_2"]) await scene.change("opened", { id });
  expect(scene.channel("mail").pages.length).toBe(2);
  expect(scene.channel("slack").mostUnderWay).toBe(1);
});

describe("stopping", () => {
  test("lets a send under way finish, and leaves the rest pending", async () => {
    const scene = new PagerScene(alone);
    scene.channel("slack").will("hang");
    await scene.change("opened");
    await scene.change("opened", { id: "inc_2" });
    const stopped = scene.pager.stop(5_000);
    await scene.clock.advance(6_000);
    await stopped;
    expect(scene.states()).toEqual(["slack trigger sending", "slack trigger pending"]);
    await scene.clock.advance(minute);
    expect(scene.sends.length).toBe(1);
    expect(scene.channel("slack").closed).toBe(true);
  });

  test("is not held up by a notifier that never returns", async () => {
    const scene = new PagerScene(alone);
    scene.channel("slack").will("never");
    await scene.change("opened");
    const stopped = scene.pager.stop(5_000);
    await scene.clock.advance(6_000);
    await expect(stopped).resolves.toBeUndefined();
  });

  test("the next start takes over what was left", async () => {
    const scene = new PagerScene(alone);
    scene.channel("slack").will("hang");
    await scene.change("opened");
    await scene.change("opened", { id: "inc_2" });
    const stopped = scene.pager.stop(5_000);
    await scene.clock.advance(6_000);
    await stopped;
    await scene.restart();
    expect(scene.states()).toEqual(["slack trigger sent", "slack trigger sent"]);
  });
});
