import { describe, expect, test } from "vitest";
import type { SendResult } from "../../src/notify/notifier.ts";
import { sampleDetection } from "../support/api-samples.ts";
import { PagerScene, refused, sent, serverError } from "../support/pager-scene.ts";

const identity = { identity: { channels: ["slack", "mail"], fallback: ["hook", "screen"] } };
const minute = 60_000;

describe("pages", () => {
  test("one for each channel of the team, with a line on the timeline", async () => {
    const scene = new PagerScene(identity);
    await scene.change("opened");
    expect(scene.sends).toEqual(["+0 slack trigger inc_1", "+0 mail trigger inc_1"]);
    expect(scene.states()).toEqual(["slack trigger sent", "mail trigger sent"]);
    expect(scene.lines()).toEqual(["paged: Page sent to slack", "paged: Page sent to mail"]);
  });

  test("durable as pending before, and as sending while it is sent", async () => {
    const scene = new PagerScene({ identity: { channels: ["mail"], fallback: [] } });
    await scene.change("opened");
    const states = scene.store.saves.flat().map((row) => row.columns["state"]);
    expect(states).toEqual(["pending", "sending", "sent"]);
  });

  test.for([
    ["an update that needs nobody", "updated", {}, { page: false }],
    ["a quiet incident", "opened", { quiet: "silenced:sil_1" }, {}],
    ["an incident without a team", "opened", { team: undefined }, {}],
  ] as const)("none for %s", async ([, kind, incident, over]) => {
    const scene = new PagerScene(identity);
    await scene.change(kind, incident, over);
    expect(scene.sends).toEqual([]);
  });

  test("a team without channels is told of on the timeline", async () => {
    const scene = new PagerScene(identity);
    await scene.change("opened", { team: "nobody" });
    expect(scene.lines()).toEqual(["page_failed: Nobody was paged: no channel of team nobody can be used for this"]);
  });

  test.for([
    ["the same change again", { severity: "high" }, 0],
    ["a raised severity", { severity: "critical" }, 2],
    ["a new opening", { reopened: 1 }, 2],
  ] as const)("%s makes so many more pages", async ([, incident, more]) => {
    const scene = new PagerScene(identity);
    await scene.change("opened");
    await scene.change("updated", incident);
    expect(scene.sends.length).toBe(2 + more);
  });

  test("a replay after a restart pages nobody twice", async () => {
    const scene = new PagerScene(identity);
    await scene.change("opened");
    await scene.restart();
    await scene.change("opened");
    expect(scene.sends.length).toBe(2);
  });

  test("a change whose delivery can't be made durable is an error, and can be handed over again", async () => {
    const scene = new PagerScene(identity);
    scene.store.failSaves(new Error("the journal is full"));
    await expect(scene.change("opened")).rejects.toThrow("the journal is full");
    scene.store.failSaves(undefined);
    expect(scene.sends).toEqual([]);
    await scene.change("opened");
    expect(scene.sends.length).toBe(2);
  });
});

describe("follow-ups", () => {
  test("go to the channels that have the page, also when the team has others by now", async () => {
    const scene = new PagerScene(identity);
    await scene.change("opened");
    scene.addChannel("pager");
    await scene.pager.update({
      teams: { identity: { channels: ["pager"], fallback: [] } },
      channels: new Map(scene.channels),
    });
    await scene.change("acknowledged", { acknowledgedBy: "alice" });
    await scene.change("resolved", { resolvedBy: "alice" });
    expect(scene.sends.slice(2)).toEqual([
      "+0 slack acknowledge inc_1",
      "+0 mail acknowledge inc_1",
      "+0 slack resolve inc_1",
      "+0 mail resolve inc_1",
    ]);
    expect(scene.lines().at(-1)).toBe("paged: Resolution sent to mail");
  });

  test("name the page they follow, so that they can thread below it", async () => {
    const scene = new PagerScene(identity);
    await scene.change("opened");
    await scene.change("resolved");
    const [page, resolution] = scene.channel("mail").pages;
    expect(resolution?.inReplyTo).toBe(page?.deliveryId);
  });

  test("go also where only another process knew of the page", async () => {
    const scene = new PagerScene(identity);
    await scene.change("opened");
    await scene.restart();
    await scene.change("resolved");
    expect(scene.sends.slice(2).toSorted()).toEqual(["+0 mail resolve inc_1", "+0 slack resolve inc_1"]);
  });

  test("are not sent twice, nor for an incident that was never paged", async () => {
    const scene = new PagerScene(identity);
    await scene.change("resolved", { id: "inc_2" });
    await scene.change("opened");
    await scene.change("resolved");
    await scene.change("resolved");
    expect(scene.sends.length).toBe(4);
  });

  test("a resolution takes a page back that still waits, and says so", async () => {
    const scene = new PagerScene({ identity: { channels: ["slack"], fallback: [] } });
    scene.channel("slack").will(serverError, sent);
    await scene.change("opened");
    await scene.change("resolved");
    await scene.clock.advance(10 * minute);
    expect(scene.sends).toEqual(["+0 slack trigger inc_1"]);
    expect(scene.states()).toEqual(["slack trigger cancelled"]);
    expect(scene.lines()).toEqual(["page_suppressed: Page to slack dropped: it was over before it was sent"]);
  });

  test("a resolution waits for a page in mid-send, and follows it only if it may have arrived", async () => {
    const scene = new PagerScene(identity);
    const mail = Promise.withResolvers<SendResult>();
    scene.channel("slack").will("hang", sent);
    scene.channel("mail").will(mail.promise, sent);
    await scene.change("opened");
    await scene.change("resolved");
    mail.resolve(serverError);
    await scene.clock.advance(minute);
    // Slack never answered and may have it, so it hears of the end; mail refused it, so it does not.
    expect(scene.sends.filter((line) => !line.includes("trigger"))).toEqual(["+10 slack resolve inc_1"]);
    expect(scene.states().slice(0, 2)).toEqual(["slack trigger cancelled", "mail trigger cancelled"]);
    expect(scene.channel("hook").pages).toEqual([]);
  });

  test("an acknowledgement waits behind a page that is tried again", async () => {
    const scene = new PagerScene({ identity: { channels: ["slack"], fallback: [] } });
    scene.channel("slack").will(serverError, sent);
    await scene.change("opened");
    await scene.change("acknowledged");
    await scene.clock.advance(minute);
    expect(scene.sends).toEqual(["+0 slack trigger inc_1", "+1 slack trigger inc_1", "+1 slack acknowledge inc_1"]);
  });

  test("after a reopening the new page has its own end", async () => {
    const scene = new PagerScene({ identity: { channels: ["slack"], fallback: [] } });
    await scene.change("opened");
    await scene.change("resolved");
    await scene.change("reopened", { reopened: 1 });
    await scene.change("resolved", { reopened: 1 });
    expect(scene.sends.map((line) => line.split(" ")[2])).toEqual(["trigger", "resolve", "trigger", "resolve"]);
  });
});

test("what was reopened and not paged has no second end", async () => {
  const scene = new PagerScene({ identity: { channels: ["slack"], fallback: [] } });
  await scene.change("opened");
  await scene.change("resolved");
  await scene.change("reopened", { reopened: 1, quiet: "silenced:sil_1" });
  await scene.change("resolved", { reopened: 1 });
  expect(scene.sends.length).toBe(2);
});

describe("incidents about a failing channel", () => {
  const about = (channel: string) => ({
    detection: sampleDetection({ origin: "service", key: { channel } }),
  });

  test("leave that channel out", async () => {
    const scene = new PagerScene(identity);
    await scene.change("opened", {}, about("slack"));
    expect(scene.sends).toEqual(["+0 mail trigger inc_1"]);
  });

  test("use a fallback when it is the team's only one", async () => {
    const scene = new PagerScene({ identity: { channels: ["slack"], fallback: ["hook"] } });
    await scene.change("opened", {}, about("slack"));
    expect(scene.sends).toEqual(["+0 hook trigger inc_1"]);
  });

  test("page nobody when all channels are down, and don't loop", async () => {
    const scene = new PagerScene({ identity: { channels: ["slack"], fallback: [] } });
    scene.channel("slack").will(refused);
    await scene.change("opened");
    expect(scene.troubles).toEqual([["slack", "Channel slack is failing: unauthorized (HTTP 401)"]]);
    await scene.change("opened", { id: "inc_2" }, about("slack"));
    await scene.clock.advance(60 * minute);
    expect(scene.sends.length).toBe(1);
    expect(scene.troubles.length).toBe(1);
  });
});

describe("the timeline", () => {
  test("is not waited for: whoever hands a change over may hold what it needs", async () => {
    const scene = new PagerScene(identity);
    scene.write = () => new Promise(() => {});
    await scene.change("opened", { team: "nobody" });
    await scene.change("opened", { id: "inc_2" });
    expect(scene.sends.length).toBe(2);
    const stopped = scene.pager.stop(1_000);
    await scene.clock.advance(3_000);
    await expect(stopped).resolves.toBeUndefined();
  });

  test("that fails costs no page, and is counted", async () => {
    const scene = new PagerScene(identity);
    scene.write = () => Promise.reject(new Error("away"));
    await scene.change("opened");
    expect(scene.states()).toEqual(["slack trigger sent", "mail trigger sent"]);
    expect(await scene.metrics.registry.metrics()).toContain('gatewatch_notify_errors_total{step="timeline"} 2');
  });
});

test("metrics tell how deliveries ended, by channel", async () => {
  const scene = new PagerScene(identity);
  scene.channel("mail").will(refused);
  await scene.change("opened");
  const text = await scene.metrics.registry.metrics();
  expect(text).toContain('gatewatch_notify_deliveries_total{channel="slack",result="sent"} 1');
  expect(text).toContain('gatewatch_notify_deliveries_total{channel="mail",result="handed_over"} 1');
  expect(text).toContain('gatewatch_notify_attempt_failures_total{channel="mail",reason="unauthorized"} 1');
  expect(text).toContain("gatewatch_notify_pending 0");
});
